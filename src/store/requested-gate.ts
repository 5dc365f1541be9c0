import type { AskedGate } from '../domain/runner-step.ts';
import type { RequestedGate } from '../domain/snapshot.ts';
import { storableText } from '../domain/storable-text.ts';
import type { Db, Tx } from './database.ts';
import { json } from './values.ts';

interface GatePlace {
  readonly repository_id: number;
  readonly pull: number;
  readonly dir: string;
  readonly workspace: string;
}

/** The newest plan of a dirspace asks for these gates, and for no others. */
export async function replaceGates(
  tx: Tx,
  place: GatePlace,
  asked: { readonly headSha: string; readonly planId: string; readonly gates: readonly AskedGate[] },
): Promise<void> {
  await tx
    .deleteFrom('requested_gate')
    .where('repository_id', '=', place.repository_id)
    .where('pull', '=', place.pull)
    .where('dir', '=', place.dir)
    .where('workspace', '=', place.workspace)
    .execute();
  if (asked.gates.length === 0) {
    return;
  }
  await tx
    .insertInto('requested_gate')
    .values(
      asked.gates.map(({ policy, ...gate }, position) => ({
        ...place,
        position,
        head_sha: asked.headSha,
        plan_id: asked.planId,
        policy: policy === undefined ? null : storableText(policy),
        gate: json(gate),
      })),
    )
    .execute();
}

/** What the newest plans of a pull request ask for, whatever their head. */
export async function readGates(
  db: Db | Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<readonly RequestedGate[]> {
  const rows = await db
    .selectFrom('requested_gate')
    .selectAll()
    .where('repository_id', '=', pull.repositoryId)
    .where('pull', '=', pull.number)
    .orderBy('dir')
    .orderBy('workspace')
    .orderBy('position')
    .execute();
  return rows.map((row) => ({
    dir: row.dir,
    workspace: row.workspace,
    headSha: row.head_sha,
    planId: row.plan_id,
    gate: row.gate,
    policy: row.policy,
  }));
}

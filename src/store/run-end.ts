import { sql } from 'kysely';
import type { ReasonCode } from '../domain/reason.ts';
import type { RunState } from '../domain/run.ts';
import type { Tx } from './database.ts';
import { erasePlans } from './plan-erasure.ts';
import { json, now } from './values.ts';

/** An apply began after somebody decided to end it as one that had not: nobody may call it over now. */
export class BegunMeanwhile extends Error {
  readonly run: string;
  constructor(run: string) {
    super('the apply began meanwhile');
    this.run = run;
  }
}

/** Ends of an apply that say that nothing was changed. */
const HARMLESS: ReadonlySet<RunState> = new Set(['cancelled', 'superseded', 'refused', 'vanished']);

/**
 * End a run: its dirspaces are free for others, and plans that it did not send will not come. An apply that ends `unknown` leaves
 * that word on each of its dirspaces it gave no outcome for. A run that has ended stays as it is. Throws `BegunMeanwhile`.
 */
export async function endRun(tx: Tx, id: string, state: RunState, reason: ReasonCode | null): Promise<boolean> {
  const ended = await tx
    .updateTable('run')
    .set({ state, end_reason: reason, ended_at: now() })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .returning(['kind', 'repository_id', 'pull', 'head_sha', 'base_sha', 'begun_at'])
    .executeTakeFirst();
  if (ended === undefined) {
    return false;
  }
  if (ended.kind === 'apply' && ended.begun_at !== null && HARMLESS.has(state)) {
    throw new BegunMeanwhile(id);
  }
  const targets = await tx
    .updateTable('run_target')
    .set({ active: false })
    .where('run_id', '=', id)
    .returning(['position', 'dir', 'workspace', 'plan_id'])
    .execute();
  if (ended.kind === 'plan') {
    const missing = await tx
      .selectFrom('plan')
      .select('id')
      .where('run_id', '=', id)
      .where('state', '=', 'expected')
      .execute();
    await erasePlans(
      tx,
      missing.map((plan) => plan.id),
      reason,
    );
  }
  if (state === 'unknown') {
    const told = await tx.selectFrom('dirspace_result').select('position').where('run_id', '=', id).execute();
    const silent = targets.filter(({ position }) => !told.some((one) => one.position === position));
    for (const target of silent) {
      await supersedeNewest(tx, { ...ended, ...target });
      await tx
        .insertInto('dirspace_result')
        .values({
          run_id: id,
          position: target.position,
          repository_id: ended.repository_id,
          pull: ended.pull,
          kind: ended.kind,
          dir: target.dir,
          workspace: target.workspace,
          state: 'unknown',
          head_sha: ended.head_sha,
          base_sha: ended.base_sha,
          plan_id: target.plan_id,
          addresses: json([]),
          diagnostics: json([]),
          newest: true,
          superseded: false,
        })
        .execute();
    }
  }
  return true;
}

/** Nothing more is newest for this dirspace of this pull request; a new row comes next. */
export async function supersedeNewest(
  tx: Tx,
  place: { readonly repository_id: number; readonly pull: number; readonly dir: string; readonly workspace: string },
): Promise<void> {
  await sql`
    update dirspace_result set newest = false
    where repository_id = ${place.repository_id} and pull = ${place.pull} and dir = ${place.dir}
      and workspace = ${place.workspace} and newest`.execute(tx);
}

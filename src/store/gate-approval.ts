import type { Actor } from '../domain/event.ts';
import type { Instant } from '../domain/instant.ts';
import type { GateApproval } from '../domain/snapshot.ts';
import { storableText } from '../domain/storable-text.ts';
import type { Db, Tx } from './database.ts';
import { instant } from './values.ts';

export interface NewGateApproval {
  readonly pull: number;
  readonly headSha: string;
  readonly tokens: readonly string[];
  readonly by: Pick<Actor, 'id' | 'login'>;
  readonly at: Instant;
}

/** Remember who approved which gates of which head. The first time counts. */
export async function approveGates(tx: Tx, approval: NewGateApproval, repositoryId: number): Promise<void> {
  for (const token of approval.tokens) {
    await tx
      .insertInto('gate_approval')
      .values({
        repository_id: repositoryId,
        pull: approval.pull,
        head_sha: approval.headSha,
        token: storableText(token),
        by_id: approval.by.id,
        by_login: approval.by.login,
        approved_at: instant(approval.at),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Every approval of a gate on this pull request. */
export async function readGateApprovals(
  db: Db | Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<readonly GateApproval[]> {
  const rows = await db
    .selectFrom('gate_approval')
    .selectAll()
    .where('repository_id', '=', pull.repositoryId)
    .where('pull', '=', pull.number)
    .orderBy('approved_at')
    .orderBy('token')
    .execute();
  return rows.map((row) => ({
    token: row.token,
    headSha: row.head_sha,
    by: { id: row.by_id, login: row.by_login },
    at: row.approved_at,
  }));
}

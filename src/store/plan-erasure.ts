import { sql } from 'kysely';
import type { ReasonCode } from '../domain/reason.ts';
import type { Db, Tx } from './database.ts';
import { now } from './values.ts';

/** Erase plans: bytes and keys are deleted, the record keeps digest and times. One that is erased already stays as it is. Returns how many were erased. */
export async function erasePlans(tx: Tx, ids: readonly string[], reason: ReasonCode | null): Promise<number> {
  if (ids.length === 0) {
    return 0;
  }
  const sorted = [...ids].sort();
  // The key first: without it the bytes are noise, should anything stop us.
  await tx.deleteFrom('plan_key').where('plan_id', 'in', sorted).execute();
  await tx.deleteFrom('plan_chunk').where('plan_id', 'in', sorted).execute();
  const erased = await tx
    .updateTable('plan')
    .set({
      state: 'erased',
      erased_because: reason,
      erased_at: now(),
      facts: null,
      upload: null,
      digest: sql<string | null>`coalesce(digest, facts ->> 'digest')`,
    })
    .where('id', 'in', sorted)
    .where('state', '<>', 'erased')
    .executeTakeFirst();
  return Number(erased.numUpdatedRows);
}

export interface ExpiredPlan {
  readonly planId: string;
  readonly installationId: number;
  readonly repositoryId: number;
  readonly pull: number;
}

/** Erase the plans whose time is over, at most `limit`, and say which; the database's clock decides. `andThen` runs in the same transaction. */
export async function expirePlans(
  db: Db,
  limit = 100,
  andThen?: (tx: Tx, expired: readonly ExpiredPlan[]) => Promise<void>,
): Promise<readonly ExpiredPlan[]> {
  return db.transaction().execute(async (tx) => {
    const due = await sql<{ id: string; installation_id: number; repository_id: number; pull: number }>`
      select id, installation_id, repository_id, pull from plan
      where state <> 'erased' and expires_at <= clock_timestamp()
      order by id limit ${limit} for update skip locked`.execute(tx);
    await erasePlans(
      tx,
      due.rows.map(({ id }) => id),
      'plan-expired',
    );
    const expired = due.rows.map((row) => ({
      planId: row.id,
      installationId: row.installation_id,
      repositoryId: row.repository_id,
      pull: row.pull,
    }));
    await andThen?.(tx, expired);
    return expired;
  });
}

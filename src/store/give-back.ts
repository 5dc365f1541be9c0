import { sql } from 'kysely';
import type { Db } from './database.ts';
import { nowPlus } from './values.ts';

/** GitHub does not list at once what was written a moment ago, and what was under way is looked up before it is sent again. */
const WRITES_WAIT_MS = 5_000;

/**
 * Give back every lease. Only for a process that has the database to itself and has not begun to work: whoever held them was
 * killed, and nobody need wait until they end.
 */
export async function giveBackLeases(db: Db): Promise<void> {
  await sql`update subject set lease_token = null, due_at = clock_timestamp() where lease_token is not null`.execute(
    db,
  );
  await sql`
    update outbox_lane set lease_until = ${nowPlus(WRITES_WAIT_MS)} where lease_token is not null`.execute(db);
  await sql`update delivery_look set lease_token = null, lease_until = null`.execute(db);
}

import { sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Db } from './database.ts';
import { instant } from './values.ts';

/** Use up a token's id; false when it was used before. `expiresAt`: the token's own end, until which the id is kept. */
export async function useJti(db: Db, jti: string, expiresAt: Instant): Promise<boolean> {
  const used = await db
    .insertInto('oidc_jti')
    .values({ jti, expires_at: instant(expiresAt) })
    .onConflict((conflict) => conflict.column('jti').doNothing())
    .returning('jti')
    .executeTakeFirst();
  return used !== undefined;
}

/** Forget the ids of tokens that have expired anyway. A minute more than the clocks of two machines may differ. */
export async function forgetJtis(db: Db): Promise<void> {
  await sql`delete from oidc_jti where expires_at < clock_timestamp() - interval '5 minutes'`.execute(db);
}

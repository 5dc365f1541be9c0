import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { refusedByUnique, sqlState } from '../../src/store/database-error.ts';
import { instant, json, now, nowPlus } from '../../src/store/values.ts';
import { describeDatabases, freshDatabase } from '../database.ts';

describeDatabases('values', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  it('are read the same from both databases', async () => {
    const at = Date.UTC(2026, 10, 21, 10, 0, 0, 123);
    const bytes = new Uint8Array([0, 1, 255]);
    const row = await sql<Record<string, unknown>>`
      select ${at}::int8 as whole, count(*) as counted, array[1, 2]::int8[] as many, ${instant(at)} as moment,
        ${json(['a', { b: null }])} as document, ${bytes}::bytea as bytes, ${'text'}::text as text, true as yes,
        null::int8 as nothing, 1.5::float8 as float`.execute(database.db);
    expect(row.rows[0]).toEqual({
      whole: at,
      counted: 1,
      many: [1, 2],
      moment: at,
      document: ['a', { b: null }],
      bytes,
      text: 'text',
      yes: true,
      nothing: null,
      float: 1.5,
    });
    expect(row.rows[0]?.bytes).toBeInstanceOf(Uint8Array);
  });

  it('refuse an integer that a number cannot hold', async () => {
    await expect(sql`select 9007199254740993::int8 as big`.execute(database.db)).rejects.toThrow(/2\^53/);
  });

  it('tell the time by the database’s clock', async () => {
    const row = await sql<{ later: number; sooner: number }>`
      select ${nowPlus(1_000)} as later, ${now()} as sooner`.execute(database.db);
    const { later, sooner } = row.rows[0] ?? { later: 0, sooner: 0 };
    expect(later - sooner).toBeGreaterThan(900);
    expect(later - sooner).toBeLessThanOrEqual(1_000);
  });

  it('name the index that refused a row', async () => {
    const insert = () => database.db.insertInto('oidc_jti').values({ jti: 'twice', expires_at: now() }).execute();
    await insert();
    const error: unknown = await insert().catch((problem: unknown) => problem);
    expect(refusedByUnique(error)).toBe('oidc_jti_pkey');
    expect(sqlState(error)).toBe('23505');
  });

  it('roll a transaction back, and leave the connection usable', async () => {
    const write = database.db.transaction().execute(async (tx) => {
      await tx.insertInto('oidc_jti').values({ jti: 'rolled back', expires_at: now() }).execute();
      throw new Error('changed my mind');
    });
    await expect(write).rejects.toThrow('changed my mind');
    const swallowed = database.db.transaction().execute(async (tx) => {
      await tx.insertInto('oidc_jti').values({ jti: 'swallowed', expires_at: now() }).execute();
      await sql`select 1 / 0`.execute(tx).catch(() => undefined);
    });
    await expect(swallowed, 'a commit that the database turns into a rollback is an error').rejects.toThrow();
    const rows = await database.db
      .selectFrom('oidc_jti')
      .select('jti')
      .where('jti', 'in', ['rolled back', 'swallowed'])
      .execute();
    expect(rows).toEqual([]);
  });
});

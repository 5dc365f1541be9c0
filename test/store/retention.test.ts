import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { forgetOld } from '../../src/store/retention.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { decide, decision, freshRepository, newRun } from './store-world.ts';

const DAY = 86_400_000;
const KEEP = { deliveriesMs: 7 * DAY, tracesMs: 7 * DAY, modelsMs: 7 * DAY };

describeDatabases('retention', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  it('forgets what is finished and old, and nothing that is young, waiting or audited', async () => {
    const repository = await freshRepository(database.db);
    const run = newRun('apply', 1, ['prod']);
    await decide(
      database.db,
      repository,
      1,
      decision([
        { do: 'start-run', run },
        { do: 'dispatch', run: run.id },
        { do: 'reply', pull: 1, key: 'a', body: 'a', refusedLogin: 'eve' },
        { do: 'audit', action: 'apply', actor: 'ann', detail: {} },
      ]),
    );
    expect(await forgetOld(database.db, KEEP)).toBe(0);
    const old = sql`clock_timestamp() - interval '8 days'`;
    await sql`update inbox_event set finished_at = ${old}`.execute(database.db);
    await sql`update decision set decided_at = ${old}`.execute(database.db);
    await sql`update refusal set refused_at = ${old}`.execute(database.db);
    await sql`update outbox set created_at = ${old}`.execute(database.db);
    expect(await forgetOld(database.db, KEEP)).toBe(3);
    const left = await sql<{ outbox: number; audit: number; run: number }>`
      select (select count(*) from outbox) as outbox, (select count(*) from audit) as audit,
        (select count(*) from run) as run`.execute(database.db);
    expect(left.rows[0]).toEqual({ outbox: 2, audit: 1, run: 1 });
  });
});

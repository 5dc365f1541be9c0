import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { finishEvents, leaseSubject } from '../../src/store/inbox-lease.ts';
import { openPostgres } from '../../src/store/open-postgres.ts';
import { dropDatabase, freshDatabaseUrl, hasPostgres } from '../database.ts';
import { deliver, freshRepository, LEASE, pullEvent } from './store-world.ts';

describe.skipIf(!hasPostgres)('two processes on one PostgreSQL', () => {
  async function twoOf(test: (one: Database, two: Database) => Promise<void>) {
    const databaseUrl = await freshDatabaseUrl();
    const [one, two] = await Promise.all([openPostgres({ databaseUrl }), openPostgres({ databaseUrl })]);
    try {
      await test(one, two);
    } finally {
      await Promise.all([one.close(), two.close()]);
      await dropDatabase(databaseUrl);
    }
  }

  it('wake each other, also after the listening connection was lost', async () => {
    await twoOf(async (one, two) => {
      const first = Promise.withResolvers<void>();
      const end = two.listen('inbox', first.resolve);
      one.notify('inbox');
      await first.promise;
      end();
      const back = Promise.withResolvers<void>();
      two.listen('outbox', back.resolve);
      // It listens: its last statement was a listen.
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'`.execute(one.db);
      await back.promise;
      const second = Promise.withResolvers<void>();
      two.listen('inbox', second.resolve);
      one.notify('inbox');
      await second.promise;
    });
  });

  it('handle each event once, and those of a subject in order', async () => {
    await twoOf(async (one, two) => {
      const repository = await freshRepository(one.db);
      const pulls = [1, 2, 3, 4, 5];
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(pulls.map((pull) => deliver(one.db, pullEvent(repository, pull), `${pull} ${round}`)));
      }
      const handled: string[] = [];
      const work = async ({ db }: Database) => {
        for (let lease = await leaseSubject(db, LEASE); lease; lease = await leaseSubject(db, LEASE)) {
          const held = lease;
          handled.push(...held.events.map(({ key }) => key));
          expect(await db.transaction().execute((tx) => finishEvents(tx, held))).toBe(true);
        }
      };
      await Promise.all([work(one), work(two), work(one), work(two)]);
      // A worker that found nothing due while others held the rest is gone; what is left is taken here.
      await work(one);
      expect(handled).toHaveLength(50);
      for (const pull of pulls) {
        const own = handled.filter((key) => key.startsWith(`${pull} `));
        expect(own).toEqual(Array.from({ length: 10 }, (_, round) => `${pull} ${round}`));
      }
    });
  });

  it('refuse a server that cannot be reached, in time and with a reason', async () => {
    await expect(openPostgres({ databaseUrl: 'postgresql://nobody@127.0.0.1:1/none' })).rejects.toThrow(
      /cannot be reached \(ECONNREFUSED\): see DATABASE_URL/,
    );
  });
});

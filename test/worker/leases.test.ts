import { once } from 'node:events';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { GitHubApp } from '../../src/github/app-client.ts';
import { createLog } from '../../src/log.ts';
import type { Database } from '../../src/store/database.ts';
import { giveBackLeases } from '../../src/store/give-back.ts';
import { leaseSubject } from '../../src/store/inbox-lease.ts';
import { openPostgres } from '../../src/store/open-postgres.ts';
import { leaseOutbox } from '../../src/store/outbox.ts';
import { deliverNextEffect } from '../../src/worker/deliver-effect.ts';
import { handleNextSubject } from '../../src/worker/handle-subject.ts';
import { type Held, whileHeld } from '../../src/worker/while-held.ts';
import type { WorkerDeps } from '../../src/worker/worker-deps.ts';
import { dropDatabase, freshDatabase, freshDatabaseUrl, hasPostgres } from '../database.ts';
import { AUTHOR, startStage } from '../end-to-end/stage.ts';
import { decide, decision, deliver, freshRepository, LEASE, pullEvent } from '../store/store-world.ts';

const log = createLog('silent');
let database: Database;
beforeAll(async () => {
  database = await freshDatabase('embedded');
});
afterAll(() => database.close());

/** What the worker needs where GitHub does not answer before `until` is fulfilled, and then says that it is down. */
function depsWhere(until: () => Promise<unknown>): WorkerDeps {
  const app: GitHubApp = Object.create({
    installationClient: async () => {
      await until();
      throw new Failure('github-unreachable', 'GitHub is down');
    },
  });
  const lease = { forMs: 3_600_000, renewEveryMs: 1 };
  return Object.create({ database, app, log, lease, hurry: new AbortController().signal });
}

/** Fulfilled when the lease has been moved on `times` times. */
async function renewed(end: () => Promise<number | null | undefined>, times = 3): Promise<void> {
  const seen = new Set<number | null | undefined>();
  while (seen.size <= times) {
    seen.add(await end());
  }
}

describe('a lease', () => {
  it('of an event is renewed for as long as the event is worked on, and nobody else takes it', async () => {
    const { db } = database;
    const repository = await freshRepository(db);
    await deliver(db, pullEvent(repository));
    const installation = repository.installationId;
    const line = () =>
      db
        .selectFrom('subject')
        .select(['due_at', 'lease_token'])
        .where('installation_id', '=', installation)
        .executeTakeFirstOrThrow();
    let taken: unknown;
    const deps = depsWhere(async () => {
      await renewed(async () => (await line()).due_at);
      taken = await leaseSubject(db, LEASE);
    });
    expect(await handleNextSubject(deps)).toBe(true);
    expect(taken).toBeUndefined();
    expect((await line()).lease_token, 'it is given back').toBeNull();
    await db.deleteFrom('inbox_event').execute();
    await db.deleteFrom('subject').execute();
  });

  it('of a write is renewed for as long as GitHub takes', async () => {
    const { db } = database;
    const repository = await freshRepository(db);
    await decide(db, repository, 1, decision([{ do: 'react', commentId: 1, content: 'eyes' }]));
    const lane = () =>
      db
        .selectFrom('outbox_lane')
        .select(['lease_until', 'lease_token'])
        .where('installation_id', '=', repository.installationId)
        .executeTakeFirstOrThrow();
    let taken: unknown;
    const deps = depsWhere(async () => {
      await renewed(async () => (await lane()).lease_until);
      taken = await leaseOutbox(db, LEASE);
    });
    expect(await deliverNextEffect(deps)).toBe(true);
    expect(taken).toBeUndefined();
    expect(await lane()).toEqual({ lease_until: null, lease_token: null });
    await db.deleteFrom('outbox').execute();
  });

  const held = (change: Partial<Held>): Held => ({
    times: { forMs: 3_600_000, renewEveryMs: 1 },
    since: performance.now(),
    renew: () => Promise.resolve(true),
    log,
    what: 'a test',
    ...change,
  });

  it('that another has by now stops the work', async () => {
    const work = (lost: AbortSignal) => once(lost, 'abort');
    await whileHeld(held({ renew: () => Promise.resolve(false) }), work);
  });

  it('that cannot be renewed stops the work before it ends', async () => {
    const times = { forMs: 5_001, renewEveryMs: 1 };
    const renew = () => Promise.reject(new Error('the database is away'));
    await whileHeld(held({ times, renew }), (lost) => once(lost, 'abort'));
  });

  it('that was once not renewed and then was goes on', async () => {
    let tries = 0;
    const enough = Promise.withResolvers<void>();
    const renew = () => {
      tries += 1;
      if (tries === 4) {
        enough.resolve();
      }
      return tries === 2 ? Promise.reject(new Error('the database is away')) : Promise.resolve(true);
    };
    const aborted = await whileHeld(held({ renew }), async (lost) => {
      await enough.promise;
      return lost.aborted;
    });
    expect(aborted).toBe(false);
  });

  it('of a process that was killed is given back by the one that has the database to itself', async () => {
    const { db } = database;
    const repository = await freshRepository(db);
    await decide(db, repository, 1, decision([{ do: 'react', commentId: 1, content: 'eyes' }]));
    await deliver(db, pullEvent(repository));
    const [line, lane] = [await leaseSubject(db, LEASE), await leaseOutbox(db, LEASE)];
    expect([line, lane]).not.toContain(undefined);
    await giveBackLeases(db);
    expect(await leaseSubject(db, LEASE)).toMatchObject({ subject: line?.subject });
    // What was being written may be on its way: that waits some seconds, and not for the whole lease.
    expect(await leaseOutbox(db, LEASE)).toBeUndefined();
    const soon = sql<boolean>`lease_until < clock_timestamp() + interval '20 seconds'`.as('soon');
    expect(await db.selectFrom('outbox_lane').select(soon).where('lease_until', 'is not', null).execute()).toEqual([
      { soon: true },
    ]);
  });
});

describe.skipIf(!hasPostgres)('a service that is asked to end', () => {
  it('gives back what it has in hand, also when GitHub does not answer', async () => {
    const databaseUrl = await freshDatabaseUrl();
    const stage = await startStage({
      world: { runner: { kind: 'manual' } },
      environment: { DATABASE_URL: databaseUrl },
      finishWithinMs: 0,
    });
    const { world, repository } = stage;
    world.faults.onCall('/graphql', { kind: 'hang' });
    await world.openPullRequest(repository, {
      author: AUTHOR,
      files: { 'app/main.tf': stage.rootModule('app', 'two') },
    });
    await world.waitFor(() => world.faults.struck.length > 0, 'the call');
    await stage.service.close();
    const after = await openPostgres({ databaseUrl });
    const lines = await after.db.selectFrom('subject').select('lease_token').execute();
    expect(lines.filter(({ lease_token }) => lease_token !== null)).toEqual([]);
    expect(
      await after.db.selectFrom('inbox_event').select(['state', 'attempts']).where('state', '=', 'pending').execute(),
    ).toEqual([{ state: 'pending', attempts: 0 }]);
    await after.close();
    await stage.close();
    await dropDatabase(databaseUrl);
  });
});

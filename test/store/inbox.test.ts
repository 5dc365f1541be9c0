import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pullSubject, subjectOf } from '../../src/domain/event.ts';
import type { Database } from '../../src/store/database.ts';
import { dueTimers, recordDelivery, retryDeadEvent } from '../../src/store/inbox.ts';
import {
  extendLease,
  failEvent,
  finishEvents,
  leaseSubject,
  postponeSubject,
  type SubjectLease,
} from '../../src/store/inbox-lease.ts';
import { instant, json } from '../../src/store/values.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { deliver, freshRepository, LEASE, mustLease, pullEvent } from './store-world.ts';

describeDatabases('the inbox', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  const finish = (lease: SubjectLease) => database.db.transaction().execute((tx) => finishEvents(tx, lease));
  const sequence = (lease: SubjectLease) => lease.events.map(({ seq }) => seq);
  /** The clock cannot be turned: what is due later is made due now. */
  const makeDue = (name: string) =>
    sql`update subject set due_at = clock_timestamp() where name = ${name}`.execute(database.db);

  it('hands out the events of a subject strictly in the order in which they came', async () => {
    const repository = await freshRepository(database.db);
    for (const key of ['one', 'two', 'three']) {
      await deliver(database.db, pullEvent(repository), `order ${key}`);
    }
    for (const key of ['order one', 'order two', 'order three']) {
      const lease = await mustLease(database.db);
      expect(lease.events.map((event) => event.key)).toEqual([key]);
      expect(await finish(lease)).toBe(true);
    }
    expect(await leaseSubject(database.db, LEASE)).toBeUndefined();
  });

  it('lets consecutive events share a lease when they may, and stops at the first that may not', async () => {
    const repository = await freshRepository(database.db);
    await deliver(database.db, pullEvent(repository, 1, 'synchronize'));
    await deliver(database.db, pullEvent(repository, 1, 'synchronize'));
    await deliver(database.db, pullEvent(repository, 1, 'opened'));
    const coalesces = (a: { kind: string }, b: { kind: string }) => JSON.stringify(a) === JSON.stringify(b);
    const lease = await mustLease(database.db, { ...LEASE, coalesces } as typeof LEASE);
    expect(sequence(lease)).toEqual([1, 2]);
    await finish(lease);
    const rest = await mustLease(database.db);
    expect(sequence(rest)).toEqual([3]);
    await finish(rest);
  });

  it('gives many workers many subjects, and each event to one of them', async () => {
    const repository = await freshRepository(database.db);
    const pulls = Array.from({ length: 20 }, (_, index) => index + 1);
    await Promise.all(
      pulls.flatMap((pull) => [
        deliver(database.db, pullEvent(repository, pull), `many ${pull} a`),
        deliver(database.db, pullEvent(repository, pull), `many ${pull} b`),
      ]),
    );
    const handled: string[] = [];
    const worker = async () => {
      for (let lease = await leaseSubject(database.db, LEASE); lease; lease = await leaseSubject(database.db, LEASE)) {
        handled.push(...lease.events.map(({ key }) => key));
        expect(await finish(lease)).toBe(true);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    expect(handled).toHaveLength(40);
    expect(new Set(handled).size).toBe(40);
  });

  it('keeps a leased subject to its worker, and takes it over when the lease has run out', async () => {
    const repository = await freshRepository(database.db);
    await deliver(database.db, pullEvent(repository));
    const first = await mustLease(database.db);
    await deliver(database.db, pullEvent(repository));
    expect(await leaseSubject(database.db, LEASE)).toBeUndefined();
    await makeDue(first.subject);
    const second = await mustLease(database.db);
    expect(second.events[0]).toMatchObject({ id: first.events[0].id, attempts: 2 });
    expect(await extendLease(database.db, first, 60_000)).toBe(false);
    expect(await finish(first), 'a stale lease must not finish anything').toBe(false);
    expect(await failEvent(database.db, first, { error: 'x', maxAttempts: 3 })).toBe('lost');
    expect(await finish(second)).toBe(true);
    const third = await mustLease(database.db);
    expect(sequence(third)).toEqual([2]);
    await finish(third);
  });

  it('records a delivery once: done it does nothing, pending it continues, dead it is tried again', async () => {
    const repository = await freshRepository(database.db);
    const event = pullEvent(repository);
    expect(await deliver(database.db, event, 'guid')).toBe('new');
    expect(await deliver(database.db, event, 'guid')).toBe('again-pending');
    await finish(await mustLease(database.db));
    expect(await deliver(database.db, event, 'guid')).toBe('again-done');
    expect(await leaseSubject(database.db, LEASE)).toBeUndefined();

    await deliver(database.db, event, 'guid that fails');
    const lease = await mustLease(database.db);
    expect(await failEvent(database.db, lease, { error: 'no', maxAttempts: 1 })).toBe('dead');
    expect(await deliver(database.db, event, 'guid that fails')).toBe('again-pending');
    const again = await mustLease(database.db);
    expect(again.events[0]).toMatchObject({ key: 'guid that fails', attempts: 1 });
    await finish(again);
  });

  it('keeps what is ignored, with its reason, outside of every line', async () => {
    const delivery = {
      dedupeKey: 'chatter',
      name: 'star',
      installationId: 1,
      subject: null,
      event: null,
      ignoredReason: 'unknown-event',
    };
    expect(await recordDelivery(database.db, delivery)).toBe('new');
    expect(await recordDelivery(database.db, delivery)).toBe('again-done');
    expect(await leaseSubject(database.db, LEASE)).toBeUndefined();
  });

  it('keeps a failing head at the head, waits before it, gives it up after the last attempt, and then goes on', async () => {
    const repository = await freshRepository(database.db);
    await deliver(database.db, pullEvent(repository), 'poison');
    await deliver(database.db, pullEvent(repository), 'next');
    const first = await mustLease(database.db);
    expect(await failEvent(database.db, first, { error: 'one', maxAttempts: 2 })).toBe('retry');
    expect(await leaseSubject(database.db, LEASE), 'it waits').toBeUndefined();
    await makeDue(first.subject);
    const second = await mustLease(database.db);
    expect(second.events[0]).toMatchObject({ key: 'poison', attempts: 2 });
    expect(await failEvent(database.db, second, { error: 'two', maxAttempts: 2 })).toBe('dead');
    const third = await mustLease(database.db);
    expect(third.events[0].key).toBe('next');
    await finish(third);
    expect(await retryDeadEvent(database.db, second.events[0].id)).toBe(true);
    expect(await retryDeadEvent(database.db, second.events[0].id)).toBe(false);
    const fourth = await mustLease(database.db);
    expect(fourth.events[0].key).toBe('poison');
    await finish(fourth);
  });

  it('keeps an event through an outage, however often it is tried, and gives it up when it is older than that', async () => {
    const repository = await freshRepository(database.db);
    await deliver(database.db, pullEvent(repository), 'outage');
    const failing = { error: 'GitHub answered 503', maxAttempts: 3, patientMs: 3_600_000, longestMs: 60_000 };
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      const lease = await mustLease(database.db);
      expect(lease.events[0].attempts).toBe(Math.min(attempt, 3));
      expect(await failEvent(database.db, lease, failing)).toBe('retry');
      await makeDue(lease.subject);
    }
    await sql`update inbox_event set received_at = received_at - interval '2 hours' where key = 'outage'`.execute(
      database.db,
    );
    expect(await failEvent(database.db, await mustLease(database.db), failing)).toBe('dead');
  });

  it('does not count an attempt that was put off', async () => {
    const repository = await freshRepository(database.db);
    await deliver(database.db, pullEvent(repository));
    const lease = await mustLease(database.db);
    await postponeSubject(database.db, lease, 60_000);
    expect(await leaseSubject(database.db, LEASE)).toBeUndefined();
    await makeDue(lease.subject);
    const again = await mustLease(database.db);
    expect(again.events[0].attempts).toBe(1);
    await finish(again);
  });

  it('loses no event that comes while its subject is being finished', async () => {
    const repository = await freshRepository(database.db);
    await deliver(database.db, pullEvent(repository));
    for (let round = 0; round < 20; round += 1) {
      const lease = await mustLease(database.db);
      await Promise.all([finish(lease), deliver(database.db, pullEvent(repository))]);
    }
    await finish(await mustLease(database.db));
    expect(await leaseSubject(database.db, LEASE)).toBeUndefined();
  });

  it('moves a due timer into the line once, whoever moves it, and leaves the others', async () => {
    const repository = await freshRepository(database.db);
    const event = { kind: 'reconsider' as const, repository, pull: 1, because: 'plan-expired' as const };
    const timer = { installation_id: repository.installationId, event: json(event) };
    await database.db
      .insertInto('timer')
      .values([
        { ...timer, key: 'due', due_at: instant(1_000) },
        { ...timer, key: 'later', due_at: instant(Date.now() + 3_600_000) },
      ])
      .execute();
    const moved = await Promise.all([dueTimers(database.db, subjectOf), dueTimers(database.db, subjectOf)]);
    expect(moved.flat().map(({ key }) => key)).toEqual(['due']);
    const lease = await mustLease(database.db);
    expect(lease.events.map((found) => found.event)).toEqual([event]);
    await finish(lease);
    await database.db.deleteFrom('timer').execute();
  });

  it('stores whatever strangers write, and gives it back unharmed or with a mark where the database cannot hold it', async () => {
    const repository = await freshRepository(database.db);
    const body = 'nul \u0000, half a pair \ud800, \\u0000, emoji 🙂, "quotes" \\ $1';
    const event = {
      kind: 'comment' as const,
      repository,
      pull: 1,
      commentId: 1,
      body,
      author: { id: 1, login: 'eve', bot: false },
      createdAt: 1,
    };
    await deliver(database.db, event, 'key with \u0000');
    const lease = await mustLease(database.db);
    expect(lease.subject).toBe(pullSubject(repository.repositoryId, 1));
    expect(lease.events[0].event).toEqual({
      ...event,
      body: 'nul \uFFFD, half a pair \uFFFD, \\u0000, emoji 🙂, "quotes" \\ $1',
    });
    await finish(lease);
  });

  it('wakes whoever listens', async () => {
    const woken = Promise.withResolvers<void>();
    const end = database.listen('inbox', woken.resolve);
    database.notify('inbox');
    await woken.promise;
    end();
  });
});

import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RepositoryRef } from '../../src/domain/event.ts';
import type { Database } from '../../src/store/database.ts';
import type { EffectIntent } from '../../src/store/effect-intent.ts';
import {
  addEffect,
  deadOutbox,
  finishOutbox,
  leaseOutbox,
  type OutboxLease,
  retryOutbox,
} from '../../src/store/outbox.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { BASE, freshRepository, LEASE, SHA } from './store-world.ts';

describeDatabases('the outbox', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  const wish = (repository: RepositoryRef, ...intents: readonly EffectIntent[]) =>
    database.db.transaction().execute(async (tx) => {
      for (const intent of intents) {
        await addEffect(tx, intent, { ...repository, decisionId: null });
      }
    });
  const publish = (change: Partial<Extract<EffectIntent, { do: 'publish' }>> = {}): EffectIntent => ({
    do: 'publish',
    pull: 1,
    headSha: SHA,
    ...change,
  });
  const reply = (key: string, pull = 1): EffectIntent => ({ do: 'reply', pull, key, body: key });
  const mustLease = async (): Promise<OutboxLease> => {
    const lease = await leaseOutbox(database.db, LEASE);
    if (lease === undefined) {
      throw new Error('nothing to send');
    }
    return lease;
  };
  const nothing = async () => expect(await leaseOutbox(database.db, LEASE)).toBeUndefined();
  const makeDue = async () => {
    await sql`update outbox set due_at = clock_timestamp()`.execute(database.db);
    await sql`update outbox_lane set paused_until = null`.execute(database.db);
  };

  it('keeps one row per wish, and the newest counts', async () => {
    const repository = await freshRepository(database.db);
    await wish(repository, publish({ newComment: true }));
    await wish(repository, publish());
    const lease = await mustLease();
    expect(lease.item.intent, 'a new comment that was wished is still wished').toEqual(publish({ newComment: true }));
    expect(await finishOutbox(database.db, lease)).toBe(true);
    await nothing();
    await wish(repository, publish());
    expect((await mustLease()).item.intent).toEqual(publish());
    await database.db.deleteFrom('outbox').execute();
  });

  it('sends a newer wish after the one that is just being sent, and not its new comment twice', async () => {
    const repository = await freshRepository(database.db);
    await wish(repository, publish({ newComment: true }));
    const first = await mustLease();
    await wish(repository, publish());
    await finishOutbox(database.db, first);
    const second = await mustLease();
    expect(second.item).toMatchObject({ id: first.item.id, intent: publish(), uncertain: false });
    expect(second.item.intent).not.toHaveProperty('newComment');
    await finishOutbox(database.db, second);
    await nothing();
  });

  it('sends the steps of a target in order, each once, and lets other targets pass', async () => {
    const repository = await freshRepository(database.db);
    await wish(repository, reply('a'), reply('b'), reply('a'), reply('c', 2));
    const first = await mustLease();
    expect(first.item.intent).toEqual(reply('a'));
    await retryOutbox(database.db, first, { error: 'later', afterMs: 60_000, uncertain: false });
    const other = await mustLease();
    expect(other.item.intent, 'b waits for a; c does not').toEqual(reply('c', 2));
    await finishOutbox(database.db, other);
    await nothing();
    await makeDue();
    const again = await mustLease();
    expect(again.item).toMatchObject({ intent: reply('a'), attempts: 2, uncertain: false });
    await deadOutbox(database.db, again, 'gone');
    const next = await mustLease();
    expect(next.item.intent).toEqual(reply('b'));
    await finishOutbox(database.db, next);
    await nothing();
  });

  it('has one writer per installation, and many installations at once', async () => {
    const [one, two] = [await freshRepository(database.db), await freshRepository(database.db)];
    await wish(one, reply('a', 1), reply('b', 2));
    await wish(two, reply('a', 1));
    const leases = await Promise.all([1, 2, 3].map(() => leaseOutbox(database.db, LEASE)));
    const installations = leases.flatMap((lease) => (lease === undefined ? [] : [lease.installationId]));
    expect(installations.sort()).toEqual([one.installationId, two.installationId].sort());
    await database.db.deleteFrom('outbox').execute();
    await sql`update outbox_lane set lease_until = null`.execute(database.db);
  });

  it('says that a send is uncertain when a process was lost with it, or when its answer was', async () => {
    const repository = await freshRepository(database.db);
    await wish(repository, { do: 'dispatch', run: 'r1' });
    const lost = await mustLease();
    await sql`update outbox_lane set lease_until = clock_timestamp()`.execute(database.db);
    const again = await mustLease();
    expect(again.item).toMatchObject({ uncertain: true, attempts: 2 });
    expect(await finishOutbox(database.db, lost), 'the lost one may not settle it').toBe(false);
    await retryOutbox(database.db, again, { error: 'timeout', afterMs: 0, uncertain: true });
    const third = await mustLease();
    expect(third.item).toMatchObject({ uncertain: true, attempts: 3 });
    await finishOutbox(database.db, third);
  });

  it('is quiet for an installation as long as GitHub asks', async () => {
    const repository = await freshRepository(database.db);
    await wish(repository, reply('a'), reply('b', 2));
    const lease = await mustLease();
    await retryOutbox(database.db, lease, { error: 'limited', afterMs: 0, uncertain: false, pauseMs: 60_000 });
    await nothing();
    await makeDue();
    expect((await mustLease()).installationId).toBe(repository.installationId);
    await database.db.deleteFrom('outbox').execute();
  });

  it('puts a check on each commit, since checks belong to commits', async () => {
    const repository = await freshRepository(database.db);
    await wish(repository, publish({ headSha: SHA }), publish({ headSha: BASE }), publish({ headSha: SHA }));
    const first = await mustLease();
    await finishOutbox(database.db, first);
    const second = await mustLease();
    await finishOutbox(database.db, second);
    expect([first, second].map(({ item }) => item.intent)).toEqual([
      publish({ headSha: SHA }),
      publish({ headSha: BASE }),
    ]);
    await nothing();
  });
});

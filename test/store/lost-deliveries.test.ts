import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { endDeliveryLook, saveDeliveryLook, takeDeliveryLook } from '../../src/store/delivery-look.ts';
import {
  askedForDelivery,
  dueLostDeliveries,
  noteLostDeliveries,
  settleLostDeliveries,
} from '../../src/store/lost-deliveries.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { deliver, freshRepository, pullEvent } from './store-world.ts';

const DAY = 86_400_000;
const LOOK = { leaseMs: 60_000, firstBackMs: 900_000, keptMs: 3 * DAY, atOnce: false };

describeDatabases('lost deliveries', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await sql`delete from delivery_look`.execute(database.db);
    await sql`delete from lost_delivery`.execute(database.db);
  });

  const sent = (guid: string, id = '1', ageMs = 0, installationId: number | null = null) => ({
    guid,
    id,
    deliveredAt: Date.now() - ageMs,
    installationId,
  });
  const due = async () => (await dueLostDeliveries(database.db, 10)).map(({ guid }) => guid);

  it('are looked for by one process at a time, when it is due or at once', async () => {
    const all = await Promise.all([1, 2, 3].map(() => takeDeliveryLook(database.db, LOOK)));
    const [look, ...others] = all.filter((one) => one !== undefined);
    expect(others).toEqual([]);
    expect(look?.rest).toBeNull();
    expect(Math.abs((look?.seenUntil ?? 0) - (Date.now() - 900_000))).toBeLessThan(60_000);
    expect(await takeDeliveryLook(database.db, { ...LOOK, atOnce: true }), 'somebody looks').toBeUndefined();
    await endDeliveryLook(database.db, look?.token ?? '', 60_000);
    expect(await takeDeliveryLook(database.db, LOOK), 'not due yet').toBeUndefined();
    expect(await takeDeliveryLook(database.db, { ...LOOK, atOnce: true })).toBeDefined();
  });

  it('are looked for from where the last look ended, by who still has the lease', async () => {
    const first = await takeDeliveryLook(database.db, { ...LOOK, leaseMs: -1 });
    const second = await takeDeliveryLook(database.db, { ...LOOK, leaseMs: -1 });
    const at = Date.now() - 5_000;
    await saveDeliveryLook(database.db, second?.token ?? '', {
      seenUntil: at,
      rest: { cursor: 'v1_5', walkFrom: at + 1_000 },
    });
    await saveDeliveryLook(database.db, first?.token ?? '', { seenUntil: 0, rest: null });
    const third = await takeDeliveryLook(database.db, { ...LOOK, leaseMs: -1 });
    expect(third).toMatchObject({ seenUntil: at, rest: { cursor: 'v1_5', walkFrom: at + 1_000 } });
    await saveDeliveryLook(database.db, third?.token ?? '', { seenUntil: Date.now() - 9 * DAY, rest: null });
    const late = await takeDeliveryLook(database.db, LOOK);
    expect(Math.abs((late?.seenUntil ?? 0) - (Date.now() - 3 * DAY)), 'GitHub has no more').toBeLessThan(60_000);
  });

  it('are those that were sent and not recorded, whatever GitHub says of the answer', async () => {
    const repository = await freshRepository(database.db);
    await deliver(database.db, pullEvent(repository), 'recorded');
    await sql`insert into uninstall_receipt (installation_id, removed) values (77, '{}')`.execute(database.db);
    const list = [sent('again', '3', 1_000), sent('again', '2', 2_000), sent('recorded'), sent('removed', '4', 0, 77)];
    expect(await noteLostDeliveries(database.db, list)).toBe(1);
    expect(await noteLostDeliveries(database.db, list), 'once').toBe(0);
    expect(await dueLostDeliveries(database.db, 10)).toEqual([{ guid: 'again', deliveryId: '2', asked: 0 }]);
    expect(await noteLostDeliveries(database.db, [])).toBe(0);
  });

  it('are asked for in the order in which they were sent, and again only after a pause that grows', async () => {
    await noteLostDeliveries(database.db, [sent('second', '9', 1_000), sent('first', '1', 5_000)]);
    const all = await dueLostDeliveries(database.db, 10);
    expect(all.map(({ guid }) => guid)).toEqual(['first', 'second']);
    expect(await dueLostDeliveries(database.db, 1)).toHaveLength(1);
    for (const one of all) {
      await askedForDelivery(database.db, one);
    }
    expect(await due()).toEqual([]);
    await sql`update lost_delivery set due_at = due_at - interval '2 minutes'`.execute(database.db);
    const again = await dueLostDeliveries(database.db, 10);
    expect(again.map(({ asked }) => asked)).toEqual([1, 1]);
    for (const one of again) {
      await askedForDelivery(database.db, one);
    }
    await sql`update lost_delivery set due_at = due_at - interval '3 minutes'`.execute(database.db);
    expect(await due()).toEqual([]);
  });

  it('are lost no more when they come, and given up when GitHub has forgotten them', async () => {
    const repository = await freshRepository(database.db);
    await noteLostDeliveries(database.db, [sent('late'), sent('never', '2', 4 * DAY), sent('waiting', '3')]);
    await deliver(database.db, pullEvent(repository), 'late');
    expect(await settleLostDeliveries(database.db, 3 * DAY)).toEqual({ arrived: ['late'], givenUp: ['never'] });
    expect(await due()).toEqual(['waiting']);
  });
});

import { sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Db } from './database.ts';
import { instant, now, nowPlus } from './values.ts';

/** A delivery of which GitHub says that it was sent. */
interface Sent {
  readonly id: string;
  readonly guid: string;
  readonly deliveredAt: Instant;
  readonly installationId: number | null;
}

/** A delivery that never arrived. */
export interface LostDelivery {
  readonly guid: string;
  /** GitHub's number of an attempt at it. */
  readonly deliveryId: string;
  /** How often it was asked for. */
  readonly asked: number;
}

/** After it was asked for in vain, it is asked for again so much later, and twice as much each time. */
const ASK_AGAIN_MS = 120_000;
const ASK_AGAIN_AT_MOST_MS = 6 * 3_600_000;

/**
 * Write down what GitHub sent and we do not have. What was recorded is not lost, whatever became of it; nor is what belongs to
 * an installation that was removed, whose deliveries were removed with it. Returns how many are newly known to be lost.
 */
export async function noteLostDeliveries(db: Db, sent: readonly Sent[]): Promise<number> {
  if (sent.length === 0) {
    return 0;
  }
  const known = await db
    .selectFrom('inbox_event')
    .select('key')
    .where(
      'key',
      'in',
      sent.map(({ guid }) => guid),
    )
    .execute();
  const installations = sent.flatMap(({ installationId }) => installationId ?? []);
  const removed =
    installations.length === 0
      ? []
      : await db
          .selectFrom('uninstall_receipt')
          .select('installation_id')
          .where('installation_id', 'in', installations)
          .execute();
  const keys = new Set(known.map(({ key }) => key));
  const gone = new Set<number | null>(removed.map(({ installation_id }) => installation_id));
  // Oldest last in GitHub's list: of several attempts the first one says since when it is missing.
  const lost = new Map(
    sent
      .filter(({ guid, installationId }) => !keys.has(guid) && !gone.has(installationId))
      .map((one) => [one.guid, one]),
  );
  if (lost.size === 0) {
    return 0;
  }
  const rows = [...lost.values()].map(({ guid, id, deliveredAt }) => ({
    guid,
    delivery_id: id,
    delivered_at: instant(deliveredAt),
    due_at: now(),
  }));
  const noted = await db
    .insertInto('lost_delivery')
    .values(rows)
    .onConflict((conflict) => conflict.column('guid').doNothing())
    .returning('guid')
    .execute();
  return noted.length;
}

/** When GitHub sent a delivery first, if that is known to have been lost. */
export async function lostSince(db: Db, guid: string): Promise<Instant | undefined> {
  const row = await db.selectFrom('lost_delivery').select('delivered_at').where('guid', '=', guid).executeTakeFirst();
  return row?.delivered_at;
}

/** Forget those that came, and those too old for GitHub to send again. Says which GUIDs came late and which will never. */
export async function settleLostDeliveries(
  db: Db,
  keptMs: number,
): Promise<{ readonly arrived: readonly string[]; readonly givenUp: readonly string[] }> {
  const arrived = await db
    .deleteFrom('lost_delivery')
    .where(({ exists, selectFrom }) =>
      exists(selectFrom('inbox_event').select('id').whereRef('inbox_event.key', '=', 'lost_delivery.guid')),
    )
    .returning('guid')
    .execute();
  const old = await db
    .deleteFrom('lost_delivery')
    .where('delivered_at', '<', sql<Instant>`${nowPlus(-keptMs)}`)
    .returning('guid')
    .execute();
  return { arrived: arrived.map(({ guid }) => guid), givenUp: old.map(({ guid }) => guid) };
}

/** Those to ask for now, in the order in which they were sent, at most `limit`. */
export async function dueLostDeliveries(db: Db, limit: number): Promise<readonly LostDelivery[]> {
  const due = await db
    .selectFrom('lost_delivery')
    .select(['guid', 'delivery_id', 'asked'])
    .where('due_at', '<=', sql<Instant>`clock_timestamp()`)
    .orderBy('delivered_at')
    .orderBy('delivery_id')
    .limit(limit)
    .execute();
  return due.map(({ guid, delivery_id, asked }) => ({ guid, deliveryId: delivery_id, asked }));
}

/** It was asked for; if it does not come, it is asked for again later. */
export async function askedForDelivery(db: Db, { guid, asked }: LostDelivery): Promise<void> {
  const waitMs = Math.min(ASK_AGAIN_MS * 2 ** asked, ASK_AGAIN_AT_MOST_MS);
  await db
    .updateTable('lost_delivery')
    .set({ asked: asked + 1, due_at: nowPlus(waitMs) })
    .where('guid', '=', guid)
    .execute();
}

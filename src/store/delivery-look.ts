import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Db } from './database.ts';
import { instant, instantOrNull, nowPlus } from './values.ts';

/** Deliveries are one list for the whole App, so there is one row. */
const NAME = 'webhook';

/** How far the deliveries were compared. */
interface LookState {
  /** Everything that was delivered before it was compared. */
  readonly seenUntil: Instant;
  /** Set when the last look did not get through: where it goes on, and what it began with. */
  readonly rest: { readonly cursor: string; readonly walkFrom: Instant } | null;
}

/** The right to compare GitHub's deliveries with ours, for as long as the lease lasts. */
export interface DeliveryLook extends LookState {
  readonly token: string;
}

export interface LookOptions {
  readonly leaseMs: number;
  /** How far back the very first look goes. */
  readonly firstBackMs: number;
  /** GitHub has nothing older than this. */
  readonly keptMs: number;
  /** Also when it is not due yet; never while another process looks. */
  readonly atOnce: boolean;
}

/** Take the next look if it is due. Undefined: it is not, or another process is at it. */
export async function takeDeliveryLook(db: Db, options: LookOptions): Promise<DeliveryLook | undefined> {
  const token = randomUUID();
  const row = await db
    .insertInto('delivery_look')
    .values({
      name: NAME,
      seen_until: nowPlus(-options.firstBackMs),
      due_at: nowPlus(0),
      lease_token: token,
      lease_until: nowPlus(options.leaseMs),
    })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ lease_token: token, lease_until: nowPlus(options.leaseMs) })
        .where(sql<boolean>`(delivery_look.due_at <= clock_timestamp() or ${options.atOnce})
          and (delivery_look.lease_until is null or delivery_look.lease_until <= clock_timestamp())`),
    )
    .returning([
      sql<Instant>`greatest(seen_until, ${nowPlus(-options.keptMs)})`.as('seen_until'),
      'cursor',
      'walk_from',
    ])
    .executeTakeFirst();
  return row === undefined
    ? undefined
    : {
        token,
        seenUntil: row.seen_until,
        rest: row.cursor === null || row.walk_from === null ? null : { cursor: row.cursor, walkFrom: row.walk_from },
      };
}

/** Look for longer. False: another process has the look by now. */
export async function extendDeliveryLook(db: Db, token: string, leaseMs: number): Promise<boolean> {
  const extended = await db
    .updateTable('delivery_look')
    .set({ lease_until: nowPlus(leaseMs) })
    .where('name', '=', NAME)
    .where('lease_token', '=', token)
    .executeTakeFirst();
  return extended.numUpdatedRows === 1n;
}

/** Keep how far the deliveries were compared, as long as the lease is still ours. */
export async function saveDeliveryLook(db: Db, token: string, state: LookState): Promise<void> {
  await db
    .updateTable('delivery_look')
    .set({
      seen_until: instant(state.seenUntil),
      cursor: state.rest?.cursor ?? null,
      walk_from: instantOrNull(state.rest?.walkFrom ?? null),
    })
    .where('name', '=', NAME)
    .where('lease_token', '=', token)
    .execute();
}

/** The look is over; the next one is due in `dueInMs` milliseconds. */
export async function endDeliveryLook(db: Db, token: string, dueInMs: number): Promise<void> {
  await db
    .updateTable('delivery_look')
    .set({ due_at: nowPlus(dueInMs), lease_token: null, lease_until: null })
    .where('name', '=', NAME)
    .where('lease_token', '=', token)
    .execute();
}

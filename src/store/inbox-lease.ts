import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Event } from '../domain/event.ts';
import type { Instant } from '../domain/instant.ts';
import type { Db, Tx } from './database.ts';
import { now, nowPlus, storableText } from './values.ts';

/** Events handled together at most. */
const BATCH = 50;

interface InboxEvent {
  readonly id: number;
  readonly seq: number;
  readonly key: string;
  readonly name: string;
  readonly event: Event;
  /** Which attempt this is, from 1. Counted when it is taken, so that an event that kills the process is counted too. */
  readonly attempts: number;
  readonly receivedAt: Instant;
}

/** A line that this process alone may work on until the lease ends. */
export interface SubjectLease {
  readonly subject: string;
  readonly installationId: number;
  readonly token: string;
  /** The head of the line, and those right behind it that may share its snapshot. */
  readonly events: readonly [InboxEvent, ...InboxEvent[]];
}

export interface LeaseOptions {
  readonly leaseMs: number;
  /** May the later event be handled together with the earlier one? Absent: never. */
  readonly coalesces?: (earlier: Event, later: Event) => boolean;
}

/** Take the line that has waited longest, or nothing. Lines that others have are passed over; a lease that ran out is taken over. */
export async function leaseSubject(db: Db, options: LeaseOptions): Promise<SubjectLease | undefined> {
  for (;;) {
    const token = randomUUID();
    const taken = await sql<{ name: string; installation_id: number }>`
      update subject set lease_token = ${token}, due_at = ${nowPlus(options.leaseMs)}
      where name = (
        select name from subject where due_at <= clock_timestamp() order by due_at limit 1 for update skip locked
      )
      returning name, installation_id`.execute(db);
    const line = taken.rows[0];
    if (line === undefined) {
      return undefined;
    }
    const [head, ...rest] = await takeEvents(db, line.name, options);
    if (head !== undefined) {
      return { subject: line.name, installationId: line.installation_id, token, events: [head, ...rest] };
    }
    await db.transaction().execute(async (tx) => {
      await tx.selectFrom('subject').select('name').where('name', '=', line.name).forUpdate().execute();
      await freeSubject(tx, line.name, token);
    });
  }
}

/** Have the line for longer. False: it is another's by now. */
export async function extendLease(db: Db, lease: SubjectLease, leaseMs: number): Promise<boolean> {
  const extended = await db
    .updateTable('subject')
    .set({ due_at: nowPlus(leaseMs) })
    .where('name', '=', lease.subject)
    .where('lease_token', '=', lease.token)
    .executeTakeFirst();
  return extended.numUpdatedRows === 1n;
}

/** Is the line still ours? Locks its row: from here to the end of the transaction nobody takes it over. */
export async function holdsLease(tx: Tx, lease: SubjectLease): Promise<boolean> {
  const held = await tx
    .selectFrom('subject')
    .select('name')
    .where('name', '=', lease.subject)
    .where('lease_token', '=', lease.token)
    .forUpdate()
    .executeTakeFirst();
  return held !== undefined;
}

/** Done with the events, and with the line. False: the lease was lost, and nothing may be committed. */
export async function finishEvents(tx: Tx, lease: SubjectLease): Promise<boolean> {
  if (!(await holdsLease(tx, lease))) {
    return false;
  }
  await tx
    .updateTable('inbox_event')
    .set({ state: 'done', finished_at: now() })
    .where(
      'id',
      'in',
      lease.events.map(({ id }) => id),
    )
    .execute();
  await freeSubject(tx, lease.subject, lease.token);
  return true;
}

export interface FailOptions {
  /** For people; never a secret. */
  readonly error: string;
  /** After this many attempts the event is given up. 0: at once. */
  readonly maxAttempts: number;
  /** Wait after the first attempt; it doubles each time, up to `longestMs` (ten minutes), and half of it is random. */
  readonly baseMs?: number;
  readonly longestMs?: number;
  /** What stands in the way will pass by itself: an event that came in less than this ago is kept, however often it was tried. */
  readonly patientMs?: number;
  /** Wait at least this long, as when GitHub says so. */
  readonly atLeastMs?: number;
  /** What follows when the event is given up, in the same transaction. */
  readonly whenDead?: (tx: Tx) => Promise<void>;
}

/** The head could not be handled. It keeps its place and is tried again later; after the last attempt it is `dead` and frees its line. `lost`: the line is another's. */
export async function failEvent(db: Db, lease: SubjectLease, options: FailOptions): Promise<'retry' | 'dead' | 'lost'> {
  const [head] = lease.events;
  return db.transaction().execute(async (tx) => {
    if (!(await holdsLease(tx, lease))) {
      return 'lost';
    }
    const kept = await isYounger(tx, head.id, options.patientMs ?? 0);
    const dead = head.attempts >= options.maxAttempts && !kept;
    await tx
      .updateTable('inbox_event')
      .set({
        last_error: storableText(options.error).slice(0, 2_000),
        // One is left: more than the last would be taken for attempts that ended without a word.
        ...(kept ? { attempts: Math.min(head.attempts, Math.max(options.maxAttempts - 1, 0)) } : {}),
        ...(dead ? { state: 'dead' as const, finished_at: now(), reason: 'gave-up' } : {}),
      })
      .where('id', '=', head.id)
      .execute();
    if (dead) {
      await options.whenDead?.(tx);
      await freeSubject(tx, lease.subject, lease.token);
      return 'dead';
    }
    const wait = Math.min((options.baseMs ?? 1_000) * 2 ** (head.attempts - 1), options.longestMs ?? 600_000);
    const jittered = Math.max(wait / 2 + Math.random() * (wait / 2), options.atLeastMs ?? 0);
    await tx
      .updateTable('subject')
      .set({ lease_token: null, due_at: nowPlus(jittered) })
      .where('name', '=', lease.subject)
      .execute();
    return 'retry';
  });
}

/** Give the line back untouched, to be taken again after `afterMs`: the world was not ready, and nobody failed. */
export async function postponeSubject(db: Db, lease: SubjectLease, afterMs: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (await holdsLease(tx, lease)) {
      await tx
        .updateTable('inbox_event')
        .set({ attempts: sql<number>`greatest(attempts - 1, 0)` })
        .where('id', '=', lease.events[0].id)
        .execute();
      await tx
        .updateTable('subject')
        .set({ lease_token: null, due_at: nowPlus(afterMs) })
        .where('name', '=', lease.subject)
        .execute();
    }
  });
}

async function isYounger(tx: Tx, event: number, ms: number): Promise<boolean> {
  const row = await tx
    .selectFrom('inbox_event')
    .select('id')
    .where('id', '=', event)
    .where(sql<boolean>`received_at > ${nowPlus(-ms)}`)
    .executeTakeFirst();
  return row !== undefined;
}

async function takeEvents(db: Db, subject: string, options: LeaseOptions): Promise<readonly InboxEvent[]> {
  const rows = await db
    .selectFrom('inbox_event')
    .select(['id', 'seq', 'key', 'name', 'event', 'attempts', 'received_at'])
    .where('subject', '=', subject)
    .where('state', '=', 'pending')
    .orderBy('seq')
    .limit(options.coalesces === undefined ? 1 : BATCH)
    .execute();
  const events: InboxEvent[] = [];
  for (const row of rows) {
    const last = events.at(-1);
    if (row.event === null || (last !== undefined && options.coalesces?.(last.event, row.event) !== true)) {
      break;
    }
    events.push({
      id: row.id,
      seq: row.seq ?? 0,
      key: row.key,
      name: row.name,
      event: row.event,
      attempts: row.attempts + 1,
      receivedAt: row.received_at,
    });
  }
  const head = events[0];
  if (head !== undefined) {
    await db.updateTable('inbox_event').set({ attempts: head.attempts }).where('id', '=', head.id).execute();
  }
  return events;
}

/** The line must be locked already: this statement then sees whatever came into it before the lock. */
async function freeSubject(tx: Tx, subject: string, token: string): Promise<void> {
  await sql`
    update subject set lease_token = null, due_at = case
      when exists (select from inbox_event where subject = ${subject} and state = 'pending') then clock_timestamp()
    end
    where name = ${subject} and lease_token = ${token}`.execute(tx);
}

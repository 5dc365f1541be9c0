import { sql } from 'kysely';
import type { Event } from '../domain/event.ts';
import type { Instant } from '../domain/instant.ts';
import { storableText } from '../domain/storable-text.ts';
import type { Db, Tx } from './database.ts';
import { json, now } from './values.ts';

export interface Delivery {
  /** GitHub's GUID of the delivery, or another name of this one happening: it is recorded once. */
  readonly dedupeKey: string;
  /** What kind of delivery, e.g. `pull_request.opened`. */
  readonly name: string;
  readonly installationId: number;
  /** The line it waits in; null for what is ignored. */
  readonly subject: string | null;
  readonly event: Event | null;
  /** Why nothing will be done, for what is ignored. */
  readonly ignoredReason?: string;
}

export interface NewEvent {
  readonly key: string;
  readonly name: string;
  readonly installationId: number;
  readonly subject: string;
  readonly event: Event;
}

/**
 * Keep what came in. `new`: recorded now. `again-done`: it was here and is finished. `again-pending`: it was here and is not,
 * so that it continues; one that was given up is tried again.
 */
export async function recordDelivery(db: Db, delivery: Delivery): Promise<'new' | 'again-done' | 'again-pending'> {
  const { subject, event } = delivery;
  const recorded =
    subject === null || event === null
      ? await recordIgnored(db, delivery)
      : await insertEvent(db, {
          key: delivery.dedupeKey,
          name: delivery.name,
          installationId: delivery.installationId,
          subject,
          event,
        });
  if (recorded) {
    return 'new';
  }
  const before = await db
    .selectFrom('inbox_event')
    .select(['id', 'state'])
    .where('key', '=', storableText(delivery.dedupeKey))
    .executeTakeFirst();
  if (before?.state === 'dead') {
    await retryDeadEvent(db, before.id);
    return 'again-pending';
  }
  return before?.state === 'pending' ? 'again-pending' : 'again-done';
}

/** Put an event in its line, once per key, in the caller's transaction. False: the key was there. Lock the subjects first when there are several: `lockSubjects`. */
export async function enqueueEvent(tx: Tx, event: NewEvent): Promise<boolean> {
  return insertEvent(tx, event);
}

/** Lock the lines named, and make those that are new, in one order for everybody, so that two transactions cannot wait for each other. */
export async function lockSubjects(
  tx: Tx,
  subjects: readonly { readonly name: string; readonly installationId: number }[],
): Promise<void> {
  const byName = new Map(subjects.map((subject) => [subject.name, subject]));
  const sorted = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const subject of sorted) {
    await tx
      .insertInto('subject')
      .values({ name: subject.name, installation_id: subject.installationId, next_seq: 1 })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    await tx.selectFrom('subject').select('name').where('name', '=', subject.name).forUpdate().execute();
  }
}

/** Try an event again that was given up. It goes to the end of its line. False: it is not a dead one. */
export async function retryDeadEvent(db: Db, id: number): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const dead = await tx
      .selectFrom('inbox_event')
      .select(['subject', 'installation_id'])
      .where('id', '=', id)
      .where('state', '=', 'dead')
      .executeTakeFirst();
    if (dead === undefined || dead.subject === null) {
      return false;
    }
    await lockSubjects(tx, [{ name: dead.subject, installationId: dead.installation_id }]);
    const taken = await tx
      .updateTable('subject')
      .set({ next_seq: sql<number>`next_seq + 1`, due_at: sql`coalesce(due_at, clock_timestamp())` })
      .where('name', '=', dead.subject)
      .returning('next_seq')
      .executeTakeFirstOrThrow();
    const changed = await tx
      .updateTable('inbox_event')
      .set({ state: 'pending', attempts: 0, seq: taken.next_seq - 1, finished_at: null, reason: null })
      .where('id', '=', id)
      .where('state', '=', 'dead')
      .executeTakeFirst();
    return changed.numUpdatedRows === 1n;
  });
}

export interface TimerMoved {
  readonly key: string;
  readonly dueAt: Instant;
}

/** Move the timers that are due into the inbox, at most `limit`; each enters once, whoever moves it. */
export async function dueTimers(
  db: Db,
  subjectOf: (event: Event) => string,
  limit = 100,
): Promise<readonly TimerMoved[]> {
  return db.transaction().execute(async (tx) => {
    const due = await tx
      .selectFrom('timer')
      .selectAll()
      .where('due_at', '<=', sql<Instant>`clock_timestamp()`)
      .orderBy('due_at')
      .orderBy('key')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute();
    const events = due.map((timer) => ({
      key: `timer ${timer.key} ${timer.due_at}`,
      name: 'timer',
      installationId: timer.installation_id,
      subject: subjectOf(timer.event),
      event: timer.event,
    }));
    await lockSubjects(
      tx,
      events.map(({ subject, installationId }) => ({ name: subject, installationId })),
    );
    for (const event of events) {
      await enqueueEvent(tx, event);
    }
    if (due.length > 0) {
      await tx
        .deleteFrom('timer')
        .where(
          'key',
          'in',
          due.map(({ key }) => key),
        )
        .execute();
    }
    return due.map((timer) => ({ key: timer.key, dueAt: timer.due_at }));
  });
}

/** One statement: the number in the line and the row itself, so that two deliveries of a subject are in one order for good. */
async function insertEvent(db: Db | Tx, event: NewEvent): Promise<boolean> {
  const inserted = await sql<{ id: number }>`/* prepared: insert-event */
    with line as (
      insert into subject (name, installation_id, next_seq, due_at)
      values (${event.subject}, ${event.installationId}, 2, clock_timestamp())
      on conflict (name) do update
        set next_seq = subject.next_seq + 1, due_at = coalesce(subject.due_at, clock_timestamp())
      returning next_seq - 1 as seq
    )
    insert into inbox_event (key, installation_id, subject, seq, name, event, state, received_at)
    select ${storableText(event.key)}, ${event.installationId}, ${event.subject}, line.seq, ${storableText(event.name)},
      ${json(event.event)}, 'pending', clock_timestamp()
    from line
    on conflict (key) do nothing
    returning id`.execute(db);
  return inserted.rows.length === 1;
}

async function recordIgnored(db: Db, delivery: Delivery): Promise<boolean> {
  const inserted = await db
    .insertInto('inbox_event')
    .values({
      key: storableText(delivery.dedupeKey),
      installation_id: delivery.installationId,
      name: storableText(delivery.name),
      state: 'ignored',
      reason: delivery.ignoredReason ?? null,
      finished_at: now(),
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

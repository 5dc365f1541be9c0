import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Db, Tx } from './database.ts';
import { type EffectIntent, placeOf } from './effect-intent.ts';
import { json, now, nowPlus, storableText } from './values.ts';

interface OutboxItem {
  readonly id: number;
  readonly repositoryId: number;
  readonly intent: EffectIntent;
  /** Give it back with the outcome: a newer wish may have come meanwhile. */
  readonly version: number;
  /** Which attempt this is, from 1. */
  readonly attempts: number;
  /** An earlier attempt may have reached GitHub without our hearing of it: look before doing it again. */
  readonly uncertain: boolean;
  /** When the effect was decided: what it does on GitHub cannot be older. */
  readonly createdAt: Instant;
}

/** The right to write to GitHub for one installation, with the one thing to write. */
export interface OutboxLease {
  readonly installationId: number;
  readonly token: string;
  readonly item: OutboxItem;
}

/** Write down an effect, in the transaction of what it follows from. */
export async function addEffect(
  tx: Tx,
  intent: EffectIntent,
  from: { readonly installationId: number; readonly repositoryId: number; readonly decisionId: number | null },
): Promise<void> {
  const place = placeOf(intent, from.repositoryId);
  await tx
    .insertInto('outbox_lane')
    .values({ installation_id: from.installationId })
    .onConflict((conflict) => conflict.column('installation_id').doNothing())
    .execute();
  const row = {
    installation_id: from.installationId,
    repository_id: from.repositoryId,
    target: storableText(place.target),
    shape: place.shape,
    key: storableText(place.key ?? `${place.target} ${randomUUID()}`),
    intent: json(intent),
    state: 'pending' as const,
    decision_id: from.decisionId,
    due_at: now(),
    created_at: now(),
  };
  const insert = tx.insertInto('outbox').values(row);
  if (place.shape === 'step') {
    await insert.onConflict((conflict) => conflict.column('key').doNothing()).execute();
    return;
  }
  await insert
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({
        // A new comment that was wished and not yet made is still wished.
        intent: sql`excluded.intent || case
          when outbox.state in ('pending', 'sending') and outbox.intent ->> 'newComment' = 'true'
          then '{"newComment": true}'::jsonb else '{}'::jsonb end`,
        version: sql<number>`outbox.version + 1`,
        decision_id: from.decisionId,
        state: sql<'pending'>`case when outbox.state = 'sending' then 'sending' else 'pending' end`,
        due_at: sql`case when outbox.state in ('pending', 'sending') then outbox.due_at else clock_timestamp() end`,
        attempts: sql<number>`case when outbox.state in ('pending', 'sending') then outbox.attempts else 0 end`,
        finished_at: null,
      }),
    )
    .execute();
}

/** Take what has waited longest, of an installation that nobody is writing for. It is marked as being sent. */
export async function leaseOutbox(db: Db, options: { readonly leaseMs: number }): Promise<OutboxLease | undefined> {
  return db.transaction().execute(async (tx) => {
    // A step waits for the steps of its target before it; what a lost process was sending comes first.
    const lane = await sql<{ installation_id: number }>`
      select lane.installation_id from outbox_lane lane
      where (lane.lease_until is null or lane.lease_until <= clock_timestamp())
        and (lane.paused_until is null or lane.paused_until <= clock_timestamp())
        and exists (
          select from outbox where outbox.installation_id = lane.installation_id
            and state in ('pending', 'sending') and due_at <= clock_timestamp() and ${isFirstOfTarget}
        )
      order by lane.lease_until nulls first limit 1
      for update of lane skip locked`.execute(tx);
    const installationId = lane.rows[0]?.installation_id;
    if (installationId === undefined) {
      return undefined;
    }
    const row = await sql<{ id: number; state: string }>`
      select id, state from outbox where installation_id = ${installationId}
        and state in ('pending', 'sending') and due_at <= clock_timestamp() and ${isFirstOfTarget}
      order by (state = 'sending') desc, due_at, id limit 1 for update`.execute(tx);
    const found = row.rows[0];
    if (found === undefined) {
      return undefined;
    }
    const token = randomUUID();
    await tx
      .updateTable('outbox_lane')
      .set({ lease_token: token, lease_until: nowPlus(options.leaseMs) })
      .where('installation_id', '=', installationId)
      .execute();
    const item = await tx
      .updateTable('outbox')
      .set({ state: 'sending', attempts: sql<number>`attempts + 1` })
      .where('id', '=', found.id)
      .returning(['id', 'repository_id', 'intent', 'version', 'attempts', 'last_error', 'created_at'])
      .executeTakeFirstOrThrow();
    return {
      installationId,
      token,
      item: {
        id: item.id,
        repositoryId: item.repository_id,
        intent: item.intent,
        version: item.version,
        attempts: item.attempts,
        createdAt: item.created_at,
        uncertain: found.state === 'sending' || (item.attempts > 1 && item.last_error?.startsWith(UNCERTAIN) === true),
      },
    };
  });
}

/** Have the right to write for longer. False: it is another's by now. */
export async function extendOutbox(db: Db, lease: OutboxLease, leaseMs: number): Promise<boolean> {
  const extended = await db
    .updateTable('outbox_lane')
    .set({ lease_until: nowPlus(leaseMs) })
    .where('installation_id', '=', lease.installationId)
    .where('lease_token', '=', lease.token)
    .executeTakeFirst();
  return extended.numUpdatedRows === 1n;
}

/** It is done. Should a newer wish have come while it was sent, that one is sent next. False: the lease was lost. */
export async function finishOutbox(db: Db, lease: OutboxLease): Promise<boolean> {
  return settle(db, lease, async (tx) => {
    await sql`
      update outbox set
        state = case when version = ${lease.item.version} then 'done' else 'pending' end,
        attempts = 0,
        last_error = null,
        intent = case when version = ${lease.item.version} then intent else intent - 'newComment' end,
        due_at = clock_timestamp(),
        finished_at = case when version = ${lease.item.version} then clock_timestamp() end
      where id = ${lease.item.id}`.execute(tx);
  });
}

export interface OutboxRetry {
  readonly error: string;
  readonly afterMs: number;
  /** It may have reached GitHub. */
  readonly uncertain: boolean;
  /** Nothing is written for this installation until then: GitHub asked for quiet. */
  readonly pauseMs?: number;
}

/** It did not work this time. Later steps of the same target wait for it. False: the lease was lost. */
export async function retryOutbox(db: Db, lease: OutboxLease, retry: OutboxRetry): Promise<boolean> {
  return settle(db, lease, async (tx) => {
    await tx
      .updateTable('outbox')
      .set({
        state: 'pending',
        due_at: nowPlus(retry.afterMs),
        last_error: `${retry.uncertain ? UNCERTAIN : ''}${storableText(retry.error).slice(0, 2_000)}`,
      })
      .where('id', '=', lease.item.id)
      .execute();
    if (retry.pauseMs !== undefined) {
      await tx
        .updateTable('outbox_lane')
        .set({ paused_until: nowPlus(retry.pauseMs) })
        .where('installation_id', '=', lease.installationId)
        .execute();
    }
  });
}

/** Trying again cannot help. A newer wish for the same target is sent nevertheless. `then` runs in the same transaction, e.g. to enqueue what follows. */
export async function deadOutbox(
  db: Db,
  lease: OutboxLease,
  reason: string,
  then?: (tx: Tx) => Promise<void>,
): Promise<boolean> {
  return settle(db, lease, async (tx) => {
    await sql`
      update outbox set
        state = case when version = ${lease.item.version} then 'dead' else 'pending' end,
        last_error = ${storableText(reason).slice(0, 2_000)},
        finished_at = case when version = ${lease.item.version} then clock_timestamp() end
      where id = ${lease.item.id}`.execute(tx);
    await then?.(tx);
  });
}

const UNCERTAIN = 'uncertain: ';

const isFirstOfTarget = sql`(outbox.shape = 'state' or not exists (
  select from outbox earlier where earlier.installation_id = outbox.installation_id
    and earlier.target = outbox.target and earlier.shape = 'step'
    and earlier.state in ('pending', 'sending') and earlier.id < outbox.id
))`;

async function settle(db: Db, lease: OutboxLease, change: (tx: Tx) => Promise<void>): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const freed = await tx
      .updateTable('outbox_lane')
      .set({ lease_token: null, lease_until: null })
      .where('installation_id', '=', lease.installationId)
      .where('lease_token', '=', lease.token)
      .executeTakeFirst();
    if (freed.numUpdatedRows !== 1n) {
      return false;
    }
    await change(tx);
    return true;
  });
}

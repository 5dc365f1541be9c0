import { createHash, randomUUID } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import type { StoredPlan } from '../domain/run.ts';
import type { Db, Tx } from './database.ts';
import type { Schema } from './tables.ts';
import { now } from './values.ts';

/** Bytes per row. */
const CHUNK = 256 * 1024;

export type PlanUpload =
  | { readonly stored: true; readonly bytes: number; readonly sha256: string }
  /** `not-expected`: no such plan of this run, or the run has reported or ended. */
  | { readonly stored: false; readonly why: 'too-large' | 'not-expected' };

/**
 * Keep the sealed bytes of a plan as they arrive; never more than one row's worth is in memory. The plan is there whole, or not at
 * all: an upload that breaks leaves what was there before. `maxBytes` counts the sealed bytes.
 */
export async function storePlan(
  db: Db,
  place: { readonly planId: string; readonly runId: string; readonly maxBytes: number },
  source: AsyncIterable<Uint8Array>,
): Promise<PlanUpload> {
  if (!(await isExpected(db, place))) {
    return { stored: false, why: 'not-expected' };
  }
  const upload = randomUUID();
  const hash = createHash('sha256');
  let total = 0;
  let seq = 0;
  let settled = false;
  try {
    for await (const chunk of inChunks(source)) {
      total += chunk.byteLength;
      if (total > place.maxBytes) {
        return { stored: false, why: 'too-large' };
      }
      hash.update(chunk);
      await db.insertInto('plan_chunk').values({ plan_id: place.planId, upload, seq, bytes: chunk }).execute();
      seq += 1;
    }
    const sha256 = hash.digest('hex');
    settled = await settleUpload(db, place, { upload, total, sha256 });
    return settled ? { stored: true, bytes: total, sha256 } : { stored: false, why: 'not-expected' };
  } finally {
    if (!settled) {
      await db.deleteFrom('plan_chunk').where('plan_id', '=', place.planId).where('upload', '=', upload).execute();
    }
  }
}

/** The sealed bytes, row by row. Ends early, with an error, when the plan is erased meanwhile. */
export async function* readPlanChunks(db: Db, planId: string): AsyncGenerator<Uint8Array> {
  const plan = await db
    .selectFrom('plan')
    .select(['upload', 'stored_bytes'])
    .where('id', '=', planId)
    .where('state', '=', 'stored')
    .executeTakeFirst();
  let left = plan?.stored_bytes ?? 0;
  for (let seq = 0; left > 0; seq += 1) {
    const row = await db
      .selectFrom('plan_chunk')
      .select('bytes')
      .where('plan_id', '=', planId)
      .where('upload', '=', plan?.upload ?? '')
      .where('seq', '=', seq)
      .executeTakeFirst();
    if (row === undefined) {
      throw new Error('the plan was erased while it was read');
    }
    left -= row.bytes.byteLength;
    yield row.bytes;
  }
}

/** How many sealed bytes this run may fetch of this plan: it is an apply run of it, has its manifest, and the plan is there. Undefined: it may not. */
export async function fetchablePlan(
  db: Db,
  runId: string,
  planId: string,
): Promise<{ readonly bytes: number; readonly sha256: string } | undefined> {
  const row = await db
    .selectFrom('run_target')
    .innerJoin('run', 'run.id', 'run_target.run_id')
    .innerJoin('plan', 'plan.id', 'run_target.plan_id')
    .select(['plan.stored_bytes', 'plan.stored_sha256'])
    .where('run_target.run_id', '=', runId)
    .where('run_target.plan_id', '=', planId)
    .where('run.kind', '=', 'apply')
    .where('run.state', '=', 'running')
    .where('run.manifest', '=', 'released')
    .where('run.begun_at', 'is', null)
    .where('plan.state', '=', 'stored')
    .executeTakeFirst();
  return row === undefined ? undefined : { bytes: row.stored_bytes ?? 0, sha256: row.stored_sha256 ?? '' };
}

/** Keep the wrapped data key of a plan; the first one stays. Returns the one that is kept, or undefined when the plan is erased. */
export async function savePlanKey(db: Db, planId: string, wrapped: string): Promise<string | undefined> {
  return db.transaction().execute(async (tx) => {
    const plan = await tx.selectFrom('plan').select('state').where('id', '=', planId).forUpdate().executeTakeFirst();
    if (plan === undefined || plan.state === 'erased') {
      return undefined;
    }
    await tx
      .insertInto('plan_key')
      .values({ plan_id: planId, wrapped })
      .onConflict((conflict) => conflict.column('plan_id').doNothing())
      .execute();
    return readPlanKey(tx, planId);
  });
}

/** The wrapped data key of a plan; undefined once it is destroyed. */
export async function readPlanKey(db: Db | Tx, planId: string): Promise<string | undefined> {
  const row = await db.selectFrom('plan_key').select('wrapped').where('plan_id', '=', planId).executeTakeFirst();
  return row?.wrapped;
}

/** The plans were shown on the pull request just now; the first time counts. Returns those for which this was the first time. */
export async function markPublished(db: Db | Tx, planIds: readonly string[]): Promise<readonly string[]> {
  if (planIds.length === 0) {
    return [];
  }
  const shown = await db
    .updateTable('plan')
    .set({ published_at: now() })
    .where('id', 'in', [...planIds])
    .where('published_at', 'is', null)
    .where('state', '<>', 'expected')
    .returning('id')
    .execute();
  return shown.map(({ id }) => id).sort();
}

/** The plans with these ids, in no order. */
export async function readPlans(db: Db | Tx, ids: readonly string[]): Promise<readonly StoredPlan[]> {
  if (ids.length === 0) {
    return [];
  }
  const rows = await db
    .selectFrom('plan')
    .selectAll()
    .where('id', 'in', [...ids])
    .execute();
  return rows.map(planOf);
}

/** Plans of a pull request that are there or expected, and the tombstones its newest results point to. */
export async function readPlansOfPull(
  db: Db | Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<readonly StoredPlan[]> {
  const rows = await sql<Selectable<Schema['plan']>>`
    select plan.* from plan where repository_id = ${pull.repositoryId} and pull = ${pull.number} and (
      state <> 'erased' or id in (
        select plan_id from dirspace_result
        where repository_id = ${pull.repositoryId} and pull = ${pull.number} and newest and plan_id is not null
      )
    ) order by created_at, id`.execute(db);
  return rows.rows.map(planOf);
}

function planOf(row: Selectable<Schema['plan']>): StoredPlan {
  return {
    id: row.id,
    runId: row.run_id,
    dir: row.dir,
    workspace: row.workspace,
    pull: row.pull,
    state: row.state,
    erasedBecause: row.erased_because,
    createdAt: row.created_at,
    publishedAt: row.published_at,
    expiresAt: row.expires_at,
    facts: row.facts,
  };
}

async function isExpected(
  db: Db | Tx,
  place: { readonly planId: string; readonly runId: string },
  lock = false,
): Promise<boolean> {
  const run = db
    .selectFrom('run')
    .select('id')
    .where('id', '=', place.runId)
    .where('kind', '=', 'plan')
    .where('state', '=', 'running')
    .where('reported_at', 'is', null);
  const plan = db
    .selectFrom('plan')
    .select('id')
    .where('id', '=', place.planId)
    .where('run_id', '=', place.runId)
    .where('state', '<>', 'erased');
  return (
    (await (lock ? run.forUpdate() : run).executeTakeFirst()) !== undefined &&
    (await (lock ? plan.forUpdate() : plan).executeTakeFirst()) !== undefined
  );
}

async function settleUpload(
  db: Db,
  place: { readonly planId: string; readonly runId: string },
  done: { readonly upload: string; readonly total: number; readonly sha256: string },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    if (!(await isExpected(tx, place, true))) {
      return false;
    }
    await tx.deleteFrom('plan_chunk').where('plan_id', '=', place.planId).where('upload', '<>', done.upload).execute();
    await tx
      .updateTable('plan')
      .set({
        state: 'stored',
        upload: done.upload,
        stored_bytes: done.total,
        stored_sha256: done.sha256,
        stored_at: now(),
      })
      .where('id', '=', place.planId)
      .execute();
    return true;
  });
}

/** The same bytes in pieces of one size, however they came. */
async function* inChunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let buffer = new Uint8Array(CHUNK);
  let used = 0;
  for await (const piece of source) {
    for (let from = 0; from < piece.byteLength; ) {
      const part = piece.subarray(from, from + CHUNK - used);
      buffer.set(part, used);
      used += part.byteLength;
      from += part.byteLength;
      if (used === CHUNK) {
        yield buffer;
        buffer = new Uint8Array(CHUNK);
        used = 0;
      }
    }
  }
  if (used > 0) {
    yield buffer.subarray(0, used);
  }
}

import { sql } from 'kysely';
import type { Db } from './database.ts';

/** How long things are kept, in milliseconds. Audit lines are kept until the App is uninstalled. */
export interface Retention {
  /** Deliveries, events and effects that are finished. A redelivery after this time is a new delivery. */
  readonly deliveriesMs: number;
  /** Decisions with their traces. */
  readonly tracesMs: number;
  /** Plan models and apply outcomes of pull requests that are closed, and those that newer ones replaced. */
  readonly modelsMs: number;
}

/** Forget what is older than it may be, at most `limit` rows of a kind. Returns how many rows went, so that the caller can go on while there are more. */
export async function forgetOld(db: Db, keep: Retention, limit = 1_000): Promise<number> {
  const before = (ms: number) => sql`clock_timestamp() - ${ms}::float8 * interval '1 millisecond'`;
  const counts = [
    await affected(
      db,
      sql`delete from inbox_event where id in (
        select id from inbox_event where finished_at < ${before(keep.deliveriesMs)} and state <> 'dead' limit ${limit})`,
    ),
    await affected(
      db,
      sql`delete from outbox where id in (
        select id from outbox where finished_at < ${before(keep.deliveriesMs)} and state in ('done', 'dead') limit ${limit})`,
    ),
    await affected(
      db,
      sql`delete from refusal where ctid = any(array(
        select ctid from refusal where refused_at < ${before(keep.deliveriesMs)} limit ${limit}))`,
    ),
    await affected(
      db,
      sql`delete from decision where id in (
        select id from decision where decided_at < ${before(keep.tracesMs)} limit ${limit})`,
    ),
    await affected(
      db,
      sql`update dirspace_result set model = null, outcome = null, steps = null, diagnostics = '[]'::jsonb where id in (
        select result.id from dirspace_result result
        left join pull_request pull on pull.repository_id = result.repository_id and pull.number = result.pull
        where result.ended_at < ${before(keep.modelsMs)} and (result.model is not null or result.outcome is not null or result.steps is not null)
          and (not result.newest or pull.state is distinct from 'open') limit ${limit})`,
    ),
    await affected(
      db,
      sql`update run_report set details = null where run_id in (
        select run_id from run_report where received_at < ${before(keep.modelsMs)} and details is not null limit ${limit})`,
    ),
  ];
  return counts.reduce((sum, count) => sum + count, 0);
}

async function affected(db: Db, statement: ReturnType<typeof sql>): Promise<number> {
  const result = await statement.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}

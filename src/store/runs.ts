import { type Selectable, sql } from 'kysely';
import type { Run, RunTarget } from '../domain/run.ts';
import type { TargetSettings } from '../domain/snapshot.ts';
import type { Db, Tx } from './database.ts';
import type { Schema } from './tables.ts';
import { now } from './values.ts';

/** A run with what its manifest is made of. */
export interface RunRecord {
  readonly run: Run;
  readonly installationId: number;
  readonly settings: readonly TargetSettings[];
  readonly parallel: number;
  readonly configDigest: string;
  readonly manifest: 'withheld' | 'released' | 'refused';
  /** For a refused manifest: why, for the runner's log. */
  readonly manifestReason: Run['endReason'];
  readonly manifestText: string | null;
  readonly cancel: boolean;
  readonly reported: boolean;
}

/** The run, or undefined when there is none of this id. */
export async function readRun(db: Db | Tx, id: string): Promise<RunRecord | undefined> {
  const row = await db.selectFrom('run').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : (await withTargets(db, [row]))[0];
}

/** The run whose token has this hash, whatever state it is in. */
export async function runByToken(db: Db, tokenHash: string): Promise<RunRecord | undefined> {
  const row = await db.selectFrom('run').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst();
  return row === undefined ? undefined : (await withTargets(db, [row]))[0];
}

/** Runs of a pull request, newest first: every active one, and the newest `ended` of the others. */
export async function readRunsOfPull(
  db: Db | Tx,
  pull: { readonly repositoryId: number; readonly number: number },
  ended: number,
): Promise<readonly RunRecord[]> {
  const rows = await sql<Selectable<Schema['run']>>`
    (select * from run where repository_id = ${pull.repositoryId} and pull = ${pull.number} and ended_at is null)
    union all
    (select * from run where repository_id = ${pull.repositoryId} and pull = ${pull.number} and ended_at is not null
      order by created_at desc limit ${ended})
    order by created_at desc, id`.execute(db);
  return withTargets(db, rows.rows);
}

/** GitHub took the dispatch. `githubRunId`: when it said which run that became. */
export async function markDispatched(db: Db, id: string, githubRunId: number | null): Promise<boolean> {
  const changed = await db
    .updateTable('run')
    .set({
      state: sql<'dispatched'>`case when state = 'queued' then 'dispatched' else state end`,
      dispatched_at: sql`coalesce(dispatched_at, clock_timestamp())`,
      github_run_id: sql<number>`coalesce(github_run_id, ${githubRunId})`,
    })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return changed.numUpdatedRows === 1n;
}

/** The runner lives. Undefined: the run has ended, and the runner shall stop. */
export async function heartbeat(db: Db, id: string): Promise<{ readonly cancel: boolean } | undefined> {
  return db
    .updateTable('run')
    .set({ heartbeat_at: now() })
    .where('id', '=', id)
    .where('state', 'in', ['claimed', 'running'])
    .returning('cancel')
    .executeTakeFirst();
}

export interface SilentRun {
  readonly id: string;
  readonly installationId: number;
  readonly repositoryId: number;
  readonly pull: number;
  readonly state: Run['state'];
}

/** Runs that nobody claimed within `claimMs` of their start, or whose runner has not been heard of for `heartbeatMs`. */
export async function silentRuns(
  db: Db,
  limits: { readonly claimMs: number; readonly heartbeatMs: number },
): Promise<readonly SilentRun[]> {
  const rows = await sql<{
    id: string;
    installation_id: number;
    repository_id: number;
    pull: number;
    state: Run['state'];
  }>`
    select id, installation_id, repository_id, pull, state from run
    where ended_at is null and (
      (claimed_at is null and coalesce(dispatched_at, created_at) < clock_timestamp() - ${limits.claimMs}::float8 * interval '1 millisecond')
      or heartbeat_at < clock_timestamp() - ${limits.heartbeatMs}::float8 * interval '1 millisecond'
    ) order by created_at limit 100`.execute(db);
  return rows.rows.map((row) => ({
    id: row.id,
    installationId: row.installation_id,
    repositoryId: row.repository_id,
    pull: row.pull,
    state: row.state,
  }));
}

async function withTargets(db: Db | Tx, rows: readonly Selectable<Schema['run']>[]): Promise<readonly RunRecord[]> {
  if (rows.length === 0) {
    return [];
  }
  const targets = await db
    .selectFrom('run_target')
    .select(['run_id', 'position', 'dir', 'workspace', 'plan_id', 'settings'])
    .where(
      'run_id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('position')
    .execute();
  const byRun = Map.groupBy(targets, (target) => target.run_id);
  return rows.map((row) => {
    const own = byRun.get(row.id) ?? [];
    return {
      run: runOf(
        row,
        own.map((target) => ({
          index: target.position,
          dir: target.dir,
          workspace: target.workspace,
          planId: target.plan_id,
        })),
      ),
      installationId: row.installation_id,
      settings: own.flatMap((target) => (target.settings === null ? [] : [target.settings])),
      parallel: row.parallel,
      configDigest: row.config_digest,
      manifest: row.manifest,
      manifestReason: row.manifest_reason,
      manifestText: row.manifest_text,
      cancel: row.cancel,
      reported: row.reported_at !== null,
    };
  });
}

function runOf(row: Selectable<Schema['run']>, targets: readonly RunTarget[]): Run {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    repositoryId: row.repository_id,
    pull: row.pull,
    headSha: row.head_sha,
    baseSha: row.base_sha,
    baseRef: row.base_ref,
    environment: row.environment,
    runsOn: row.runs_on,
    targets,
    flags: row.flags,
    requestedBy: { id: row.requested_by_id, login: row.requested_by_login },
    requestedAt: row.requested_at,
    autoapprove: row.autoapprove,
    force: row.force,
    createdAt: row.created_at,
    dispatchedAt: row.dispatched_at,
    claimedAt: row.claimed_at,
    heartbeatAt: row.heartbeat_at,
    endedAt: row.ended_at,
    githubRunId: row.github_run_id,
    githubStatus: row.github_status,
    begun: row.begun_at !== null,
    endReason: row.end_reason,
    discovers: row.discovery_order,
  };
}

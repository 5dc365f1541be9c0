import { sql } from 'kysely';
import { type Event, installationOf } from '../domain/event.ts';
import type { Instant } from '../domain/instant.ts';
import type { MergeGroup } from '../domain/merge-group.ts';
import type { OurFacts, OurPull } from '../domain/snapshot.ts';
import type { Db, Tx } from './database.ts';
import { readGateApprovals } from './gate-approval.ts';
import { readInstallation } from './installations.ts';
import { areAppliesPaused } from './kill-switch.ts';
import { readLastApplies } from './last-applies.ts';
import { readLocks } from './locks.ts';
import { readPlansOfPull } from './plans.ts';
import { readGates } from './requested-gate.ts';
import { readNewestResults, readOtherResults } from './results.ts';
import { readDiscovery, readNewestDiscovery, readReport } from './run-report.ts';
import { readRun, readRunsOfPull } from './runs.ts';
import { readShownPlans } from './shown-plans.ts';

export interface FactLimits {
  /** Ended runs of the pull request that are read beside the active ones. */
  readonly endedRuns: number;
}

/** What we know ourselves that a decision about the event may look at, as of one moment. `now`: the database's clock at that moment. */
export async function readOurFacts(
  db: Db,
  event: Event,
  limits: FactLimits = { endedRuns: 20 },
): Promise<{ readonly now: Instant; readonly ours: OurFacts }> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      const clock = await sql<{ now: Instant }>`select clock_timestamp() as now`.execute(tx);
      return { now: clock.rows[0]?.now ?? 0, ours: await readFacts(tx, event, limits) };
    });
}

async function readFacts(tx: Tx, event: Event, limits: FactLimits): Promise<OurFacts> {
  const repositoryId = 'repository' in event ? event.repository.repositoryId : null;
  const record = 'run' in event ? await readRun(tx, event.run) : undefined;
  // A run's name comes from GitHub: one of another repository is no run of this event.
  const run = record?.run.repositoryId === repositoryId ? record?.run : undefined;
  const number = 'pull' in event ? event.pull : run?.pull;
  const pull = repositoryId === null || number === undefined ? null : { repositoryId, number };
  const runs = pull === null ? [] : (await readRunsOfPull(tx, pull, limits.endedRuns)).map((found) => found.run);
  return {
    installation: await installationFacts(tx, installationOf(event)),
    repositoryPaused: repositoryId !== null && (await isPaused(tx, repositoryId)),
    appliesPaused: pull !== null && (await areAppliesPaused(tx)),
    pull: pull === null ? null : await readPull(tx, pull),
    runs: run === undefined || runs.some(({ id }) => id === run.id) ? runs : [...runs, run],
    results: pull === null ? [] : await readNewestResults(tx, pull),
    plans: pull === null ? [] : await readPlansOfPull(tx, pull),
    shownPlans: pull === null ? [] : await readShownPlans(tx, pull),
    locks: repositoryId === null ? [] : await readLocks(tx, repositoryId),
    others: pull === null ? [] : await readOtherResults(tx, pull),
    moduleIndex: pull === null ? null : await readNewestDiscovery(tx, pull),
    openPulls: repositoryId === null ? [] : await readOpenPulls(tx, repositoryId),
    report: run === undefined ? null : await readReport(tx, run.id),
    discovery: run === undefined ? null : await readDiscovery(tx, run.id),
    recentlyRefused: pull === null ? [] : await readRefused(tx, pull),
    busy: pull === null ? [] : await readBusy(tx, pull),
    lastApplies: pull === null ? [] : await readLastApplies(tx, pull.repositoryId),
    gates: pull === null ? [] : await readGates(tx, pull),
    gateApprovals: pull === null ? [] : await readGateApprovals(tx, pull),
    ...(event.kind === 'merge-group' ? { mergeGroups: await readMergeGroups(tx, event.repository.repositoryId) } : {}),
  };
}

async function installationFacts(tx: Tx, id: number): Promise<OurFacts['installation']> {
  const found = await readInstallation(tx, id);
  return typeof found === 'string'
    ? { id, state: 'deleted', paused: false }
    : { id, state: found.state, paused: found.paused };
}

async function isPaused(tx: Tx, repositoryId: number): Promise<boolean> {
  const row = await tx.selectFrom('repository').select('paused').where('id', '=', repositoryId).executeTakeFirst();
  return row?.paused === true;
}

async function readPull(
  tx: Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<OurPull | null> {
  const row = await tx
    .selectFrom('pull_request')
    .select(['number', 'head_sha', 'base_ref', 'state', 'first_applied_at', 'unlocked_at', 'by_itself', 'merge_group'])
    .where('repository_id', '=', pull.repositoryId)
    .where('number', '=', pull.number)
    .executeTakeFirst();
  return row === undefined
    ? null
    : {
        number: row.number,
        headSha: row.head_sha,
        baseRef: row.base_ref,
        state: row.state,
        firstAppliedAt: row.first_applied_at,
        unlockedAt: row.unlocked_at,
        byItself: row.by_itself,
        mergeGroup: row.merge_group,
      };
}

async function readOpenPulls(tx: Tx, repositoryId: number): Promise<OurFacts['openPulls']> {
  const rows = await tx
    .selectFrom('pull_request')
    .select(['number', 'base_ref', 'head_sha'])
    .where('repository_id', '=', repositoryId)
    .where('state', '=', sql.lit('open'))
    .orderBy('number')
    .execute();
  return rows.map((row) => ({ number: row.number, baseRef: row.base_ref, headSha: row.head_sha }));
}

/** Groups stand on one another, so one may have to know of the others. */
async function readMergeGroups(tx: Tx, repositoryId: number): Promise<readonly MergeGroup[]> {
  const rows = await tx
    .selectFrom('pull_request')
    .select('merge_group')
    .where('repository_id', '=', repositoryId)
    .where('merge_group', 'is not', null)
    .orderBy('number')
    .execute();
  return rows.flatMap(({ merge_group }) => (merge_group === null ? [] : [merge_group]));
}

async function readRefused(
  tx: Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('refusal')
    .select('login')
    .where('repository_id', '=', pull.repositoryId)
    .where('pull', '=', pull.number)
    .where('refused_at', '>', sql<Instant>`clock_timestamp() - interval '1 hour'`)
    .execute();
  return rows.map(({ login }) => login);
}

async function readBusy(
  tx: Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<NonNullable<OurFacts['busy']>> {
  const rows = await tx
    .selectFrom('run_target')
    .select(['dir', 'workspace', 'pull', 'run_id', 'kind'])
    .where('repository_id', '=', pull.repositoryId)
    .where('pull', '<>', pull.number)
    .where('active', '=', sql.lit(true))
    .orderBy('run_id')
    .orderBy('position')
    .execute();
  return rows.map(({ run_id, ...row }) => ({ ...row, run: run_id }));
}

import type { RunKind } from '../domain/run.ts';
import type { Discovery, ReportedOutcome, RunReport } from '../domain/snapshot.ts';
import type { Db, Tx } from './database.ts';
import type { OutcomeDetails } from './outcome-details.ts';
import { enqueueOfRun } from './run-claim.ts';
import { json, now } from './values.ts';

export interface NewReport {
  readonly runId: string;
  readonly treeSha: string | null;
  readonly problem: RunReport['problem'];
  /** `planStored` is filled in here: it is ours to know. */
  readonly outcomes: readonly (Omit<ReportedOutcome, 'planStored'> & { readonly details: OutcomeDetails })[];
}

/**
 * Keep a run's report and put it in line to be decided, in one transaction. `kept`: the run was replaced or cancelled meanwhile, and the late word is
 * history. `again`: the same run reported before. `ended`: it is over otherwise. `foreign`: it names a dirspace that is not its
 * own, or an end that a run of its kind cannot come to: the code that a plan job runs must not be able to say "applied".
 */
export async function saveReport(
  db: Db,
  report: NewReport,
): Promise<'saved' | 'kept' | 'again' | 'ended' | 'foreign' | 'unknown'> {
  return db.transaction().execute(async (tx) => {
    const run = await tx
      .selectFrom('run')
      .select(['state', 'repository_id', 'reported_at', 'kind', 'autoapprove'])
      .where('id', '=', report.runId)
      .forUpdate()
      .executeTakeFirst();
    if (run === undefined) {
      return 'unknown';
    }
    if (run.reported_at !== null) {
      return 'again';
    }
    const late = run.state === 'superseded' || run.state === 'cancelled' || run.state === 'unknown';
    if (!late && run.state !== 'claimed' && run.state !== 'running') {
      return 'ended';
    }
    const targets = await tx
      .selectFrom('run_target')
      .leftJoin('plan', 'plan.id', 'run_target.plan_id')
      .select(['run_target.position', 'plan.state'])
      .where('run_target.run_id', '=', report.runId)
      .execute();
    const stored = new Map(targets.map((target) => [target.position, target.state === 'stored']));
    if (report.outcomes.some(({ index, state }) => !stored.has(index) || !mayEndAs(run, state))) {
      return 'foreign';
    }
    const outcomes = report.outcomes.map(({ index, state, digest, serial, gates, refusedBecause }) => ({
      index,
      state,
      digest,
      serial,
      planStored: run.kind === 'plan' && stored.get(index) === true,
      // An apply would ask too late.
      ...(run.kind === 'plan' && gates !== undefined && gates.length > 0 ? { gates } : {}),
      ...(run.kind === 'apply' && state === 'not-attempted' && refusedBecause !== undefined ? { refusedBecause } : {}),
    }));
    await tx
      .insertInto('run_report')
      .values({
        run_id: report.runId,
        repository_id: run.repository_id,
        tree_sha: report.treeSha,
        problem: report.problem === null ? null : json(report.problem),
        outcomes: json(outcomes),
        details: json(Object.fromEntries(report.outcomes.map(({ index, details }) => [String(index), details]))),
      })
      .execute();
    await tx.updateTable('run').set({ reported_at: now() }).where('id', '=', report.runId).execute();
    await enqueueOfRun(tx, report.runId, 'run-reported');
    return late ? 'kept' : 'saved';
  });
}

/** Only an `apply-autoapprove` plans and applies in one run. */
function mayEndAs(
  run: { readonly kind: RunKind; readonly autoapprove: boolean },
  state: ReportedOutcome['state'],
): boolean {
  switch (state) {
    case 'planned':
      return run.kind === 'plan';
    case 'plan-failed':
    case 'no-changes':
      return run.kind === 'plan' || run.autoapprove;
    case 'applied':
    case 'apply-failed':
    case 'unknown':
      return run.kind === 'apply';
    case 'not-attempted':
      return true;
  }
}

/** Keep what the runner found before its manifest, and put it in line to be decided. `refused`: the run does not wait for it. */
export async function saveDiscovery(
  db: Db,
  { runId, treeSha, ...found }: Omit<Discovery, 'headSha' | 'baseSha'>,
): Promise<'saved' | 'again' | 'refused'> {
  return db.transaction().execute(async (tx) => {
    const run = await tx
      .selectFrom('run')
      .select(['repository_id', 'state', 'discovery_order', 'manifest'])
      .where('id', '=', runId)
      .forUpdate()
      .executeTakeFirst();
    if (run === undefined || run.state !== 'claimed' || run.discovery_order === null || run.manifest !== 'withheld') {
      return 'refused';
    }
    const inserted = await tx
      .insertInto('discovery')
      .values({
        run_id: runId,
        repository_id: run.repository_id,
        tree_sha: treeSha,
        found: json(found),
      })
      .onConflict((conflict) => conflict.column('run_id').doNothing())
      .returning('run_id')
      .executeTakeFirst();
    if (inserted === undefined) {
      return 'again';
    }
    await enqueueOfRun(tx, runId, 'discovered');
    return 'saved';
  });
}

/** The report of a run without its heavy parts. */
export async function readReport(db: Db | Tx, runId: string): Promise<RunReport | null> {
  const row = await db
    .selectFrom('run_report')
    .select(['run_id', 'tree_sha', 'problem', 'outcomes'])
    .where('run_id', '=', runId)
    .executeTakeFirst();
  return row === undefined
    ? null
    : { runId: row.run_id, treeSha: row.tree_sha, problem: row.problem, outcomes: row.outcomes };
}

/** What a run found before its manifest. */
export async function readDiscovery(db: Db | Tx, runId: string): Promise<Discovery | null> {
  const row = await discoveries(db).where('discovery.run_id', '=', runId).executeTakeFirst();
  return row === undefined ? null : discoveryOf(row);
}

/** The newest discovery of a pull request. One of another pull request never counts: what its job says could hide roots here. */
export async function readNewestDiscovery(
  db: Db | Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<Discovery | null> {
  const row = await discoveries(db)
    .where('discovery.repository_id', '=', pull.repositoryId)
    .where('run.pull', '=', pull.number)
    .orderBy('discovery.received_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : discoveryOf(row);
}

function discoveries(db: Db | Tx) {
  return db
    .selectFrom('discovery')
    .innerJoin('run', 'run.id', 'discovery.run_id')
    .select(['discovery.run_id', 'discovery.tree_sha', 'discovery.found', 'run.head_sha', 'run.base_sha']);
}

interface DiscoveryRow {
  readonly run_id: string;
  readonly tree_sha: string;
  readonly found: Pick<Discovery, 'index' | 'config' | 'tree'>;
  readonly head_sha: string;
  readonly base_sha: string;
}

function discoveryOf(row: DiscoveryRow): Discovery {
  return {
    runId: row.run_id,
    headSha: row.head_sha,
    baseSha: row.base_sha,
    treeSha: row.tree_sha,
    ...row.found,
  };
}

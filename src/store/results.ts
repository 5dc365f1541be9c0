import { type Selectable, sql } from 'kysely';
import type { DirspaceResult } from '../domain/run.ts';
import type { Db, Tx } from './database.ts';
import { replaceGates } from './requested-gate.ts';
import { supersedeNewest } from './run-end.ts';
import { readRun } from './runs.ts';
import type { Schema } from './tables.ts';
import { json } from './values.ts';

/**
 * Copy the stored report of a run into one result per dirspace, once per run. `superseded`: kept as history, and not the newest
 * word. A run that was given up as `unknown` and reports after all takes that word back where nothing newer was said since.
 */
export async function recordReport(tx: Tx, runId: string, superseded: boolean): Promise<boolean> {
  const record = await readRun(tx, runId);
  const report = await tx.selectFrom('run_report').selectAll().where('run_id', '=', runId).executeTakeFirst();
  // The details go when they are copied.
  if (record === undefined || report === undefined || report.details === null) {
    return false;
  }
  const { run } = record;
  const said = report.outcomes.map(({ index }) => index);
  const given =
    said.length === 0
      ? []
      : await tx
          .deleteFrom('dirspace_result')
          .where('run_id', '=', runId)
          .where('position', 'in', said)
          .returning(['position', 'newest'])
          .execute();
  const givenUp = new Map(given.map(({ position, newest }) => [position, newest]));
  for (const outcome of report.outcomes) {
    const target = run.targets.find(({ index }) => index === outcome.index);
    if (target === undefined) {
      continue;
    }
    const details = report.details?.[String(outcome.index)];
    const plan = run.kind === 'apply' ? await planResult(tx, target.planId) : undefined;
    const place = { repository_id: run.repositoryId, pull: run.pull, dir: target.dir, workspace: target.workspace };
    const newest = !superseded && (givenUp.get(target.index) ?? true);
    if (newest) {
      await supersedeNewest(tx, place);
    }
    await tx
      .insertInto('dirspace_result')
      .values({
        ...place,
        run_id: runId,
        position: target.index,
        kind: run.kind,
        state: outcome.state,
        head_sha: run.headSha,
        base_sha: run.baseSha,
        digest: outcome.digest ?? plan?.digest ?? null,
        plan_id: target.planId,
        addresses: json(details?.addresses.length ? details.addresses : (plan?.addresses ?? [])),
        counts: orNull(details?.counts ?? plan?.counts),
        risk_points: details?.riskPoints ?? plan?.risk_points ?? null,
        serial: outcome.serial,
        model: orNull(details?.model),
        outcome: orNull(details?.apply),
        diagnostics: json(details?.diagnostics ?? []),
        failed_at: details?.failedAt ?? null,
        engine: orNull(details?.engine),
        duration_ms: details?.durationMs ?? null,
        newest,
        superseded: !newest,
        steps: orNull(details?.steps),
      })
      .execute();
    if (run.kind === 'plan' && newest) {
      await replaceGates(tx, place, { headSha: run.headSha, planId: target.planId, gates: outcome.gates ?? [] });
    }
    if (run.kind === 'plan' && details?.facts) {
      // What we told the run is ours to know: a job that says it planned on another base would have its apply made on that one.
      const told = { headSha: run.headSha, baseSha: run.baseSha, flags: run.flags, configDigest: record.configDigest };
      await tx
        .updateTable('plan')
        .set({ facts: json({ ...details.facts, ...told }), digest: details.facts.digest })
        .where('id', '=', target.planId)
        .where('state', '<>', 'erased')
        .execute();
    }
  }
  // The results have them now.
  await tx.updateTable('run_report').set({ details: null }).where('run_id', '=', runId).execute();
  return true;
}

/** The newest result per dirspace of a pull request. */
export async function readNewestResults(
  db: Db | Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<readonly DirspaceResult[]> {
  const rows = await db
    .selectFrom('dirspace_result')
    .select(LIGHT)
    .where('repository_id', '=', pull.repositoryId)
    .where('pull', '=', pull.number)
    .where('newest', '=', sql.lit(true))
    .orderBy('dir')
    .orderBy('workspace')
    .execute();
  return rows.map(resultOf);
}

/** The newest results of the other open pull requests of the repository. */
export async function readOtherResults(
  db: Db | Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<readonly (DirspaceResult & { readonly pull: number })[]> {
  const rows = await db
    .selectFrom('dirspace_result')
    .innerJoin('pull_request', (join) =>
      join
        .onRef('pull_request.repository_id', '=', 'dirspace_result.repository_id')
        .onRef('pull_request.number', '=', 'dirspace_result.pull'),
    )
    .select(LIGHT.map((column) => `dirspace_result.${column}` as const))
    .where('dirspace_result.repository_id', '=', pull.repositoryId)
    .where('dirspace_result.pull', '<>', pull.number)
    .where('dirspace_result.newest', '=', sql.lit(true))
    .where('pull_request.state', '=', 'open')
    .orderBy('dirspace_result.id')
    .execute();
  return rows.map((row) => ({ ...resultOf(row), pull: row.pull }));
}

const LIGHT = [
  'run_id',
  'pull',
  'kind',
  'dir',
  'workspace',
  'state',
  'head_sha',
  'base_sha',
  'digest',
  'plan_id',
  'addresses',
  'counts',
  'risk_points',
  'ended_at',
] as const;

function resultOf(row: Pick<Selectable<Schema['dirspace_result']>, (typeof LIGHT)[number]>): DirspaceResult {
  return {
    dir: row.dir,
    workspace: row.workspace,
    runId: row.run_id,
    kind: row.kind,
    state: row.state,
    headSha: row.head_sha,
    baseSha: row.base_sha,
    digest: row.digest,
    planId: row.plan_id,
    addresses: row.addresses,
    counts: row.counts,
    riskPoints: row.risk_points,
    endedAt: row.ended_at,
  };
}

async function planResult(tx: Tx, planId: string) {
  return tx
    .selectFrom('dirspace_result')
    .select(['digest', 'addresses', 'counts', 'risk_points'])
    .where('plan_id', '=', planId)
    .where('kind', '=', 'plan')
    .executeTakeFirst();
}

function orNull<T>(value: T | null | undefined) {
  return value === null || value === undefined ? null : json(value);
}

import { isHolding, rankedHolders } from '../decision/locks.ts';
import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type {
  DirspaceState,
  DirspaceView,
  HeldView,
  NoteView,
  OverlapView,
  PullView,
  RunView,
} from '../domain/pull-view.ts';
import { REASONS } from '../domain/reason.ts';
import { isActive, type Run, type StoredPlan } from '../domain/run.ts';
import type { PullRows, ResultRow } from '../store/pull-rows.ts';
import type { RunRecord } from '../store/runs.ts';
import { stepsView } from './steps-view.ts';

/** What people read of one pull request, from its rows as of one moment. */
export function pullViewOf(rows: PullRows, urls: { readonly web: string; readonly server: string }): PullView {
  const { pull, repository } = rows;
  const active = rows.runs.filter(({ run }) => isActive(run.state));
  const plans = new Map(rows.plans.map((plan) => [plan.id, plan]));
  const results = new Map(rows.results.map((row) => [dirspaceKey(row), row]));
  const inChange = pull.change?.dirspaces ?? [];
  const layerOf = new Map(inChange.map((part) => [dirspaceKey(part), part.layer + 1]));
  const everywhere = new Map<string, Dirspace>();
  for (const { dir, workspace } of [...inChange, ...rows.results]) {
    everywhere.set(dirspaceKey({ dir, workspace }), { dir, workspace });
  }
  const layers = pull.change?.layers.length ?? 0;
  const runUrl = (run: RunRecord | undefined): string | undefined =>
    run?.run.githubRunId == null
      ? undefined
      : `${urls.web}/${repository.owner}/${repository.name}/actions/runs/${run.run.githubRunId}`;

  const dirspaces = [...everywhere].map(([key, dirspace]): DirspaceView => {
    const result = results.get(key);
    const working = active.find(({ run }) => run.targets.some((target) => dirspaceKey(target) === key));
    const model = modelOf(rows, result);
    const standing = standingOf(rows, { result, working, plan: plans.get(result?.plan_id ?? '') });
    const layer = layerOf.get(key);
    const reviewed = reviewedOf(rows, key, result);
    const url = runUrl(working ?? rows.runs.find(({ run }) => run.id === result?.run_id));
    return {
      dirspace,
      ...standing,
      ...(standing.state === 'waiting' && isAfterMerge(pull.change, layer) ? AFTER_MERGE : {}),
      ...(layers > 1 && layer !== undefined ? { layer } : {}),
      ...(result?.counts ? { counts: { ...result.counts, read: 0 } } : {}),
      ...(model === null ? {} : { model }),
      ...(result === undefined || result.diagnostics.length === 0 ? {} : { diagnostics: result.diagnostics }),
      ...(result?.outcome ? { apply: result.outcome } : {}),
      ...(result?.failed_at ? { failedAt: result.failed_at } : {}),
      ...(result?.engine ? { engine: result.engine } : {}),
      ...(result?.duration_ms == null ? {} : { durationMs: result.duration_ms }),
      ...(url === undefined ? {} : { runUrl: url }),
      ...(reviewed === undefined ? {} : { reviewed }),
      ...stepsView(rows, dirspace, result),
    };
  });

  return {
    pull: pull.number,
    headSha: pull.head_sha,
    revision: pull.comment_revision + 1,
    dirspaces,
    ...(layers > 1 ? { layers } : {}),
    runs: active.map((record) => runView(record, runUrl(record))),
    notices: pull.notices,
    notes: [
      ...exceptionsOf(rows),
      ...active.flatMap(({ run }) => (run.githubStatus === 'waiting' ? [waitsForReviewer(run)] : [])),
    ],
    defaultBranch: repository.default_branch ?? 'main',
    serverUrl: urls.server,
    held: heldOf(rows, [...everywhere.values()]),
    overlaps: overlapsOf(rows),
    unmatched: (pull.change?.unmatched ?? []).map(({ path, reason }) => ({ path, reason })),
    merged: pull.state === 'merged',
    closed: pull.state === 'closed',
  };
}

const AFTER_MERGE = { afterMerge: true, why: 'Planned after the merge, when what it depends on is applied.' } as const;

/** `layer` counts from 1. */
function isAfterMerge(change: PullRows['pull']['change'], layer: number | undefined): boolean {
  return layer !== undefined && layer > (change?.plannedAfterMerge ?? Number.POSITIVE_INFINITY);
}

interface Facts {
  readonly result: ResultRow | undefined;
  readonly working: RunRecord | undefined;
  readonly plan: StoredPlan | undefined;
}

function standingOf(
  { pull }: PullRows,
  { result, working, plan }: Facts,
): { readonly state: DirspaceState; readonly why?: string } {
  if (working !== undefined) {
    const running = working.run.state === 'running';
    return { state: working.run.kind === 'apply' ? 'applying' : running ? 'planning' : 'queued' };
  }
  if (result === undefined) {
    return { state: 'waiting', why: 'Not planned yet.' };
  }
  const old = result.head_sha !== pull.head_sha && pull.state === 'open';
  switch (result.state) {
    case 'applied':
      return { state: 'applied' };
    case 'apply-failed':
      return { state: (result.outcome?.done ?? 0) > 0 ? 'partly' : 'apply-failed' };
    case 'unknown':
      return { state: 'unknown', why: REASONS['apply-unknown'] };
    case 'not-attempted':
      return {
        state: 'stale',
        why:
          plan?.state === 'erased' && !old
            ? REASONS[plan.erasedBecause ?? 'plan-expired']
            : 'The apply was not attempted.',
      };
    case 'pending':
      return { state: 'queued' };
    case 'plan-failed':
      return old ? { state: 'stale', why: REASONS['plan-stale-head'] } : { state: 'failed' };
    case 'no-changes':
      return old ? { state: 'stale', why: REASONS['plan-stale-head'] } : { state: 'no-changes' };
    case 'planned':
      if (old) {
        return { state: 'stale', why: REASONS['plan-stale-head'] };
      }
      if (plan?.state === 'erased' && pull.state === 'open') {
        return { state: 'stale', why: REASONS[plan.erasedBecause ?? 'plan-expired'] };
      }
      return { state: 'planned' };
  }
}

/** What an apply applied is the model of its plan; its own row has only the outcome. */
function modelOf(rows: PullRows, result: ResultRow | undefined): ResultRow['model'] {
  if (result === undefined || result.kind === 'plan') {
    return result?.model ?? null;
  }
  return (
    result.model ??
    rows.planned.find((row) => row.plan_id === result.plan_id && dirspaceKey(row) === dirspaceKey(result))?.model ??
    null
  );
}

/** The plan that was approved last, when what stands there now is another one. */
function reviewedOf(rows: PullRows, key: string, result: ResultRow | undefined): DirspaceView['reviewed'] {
  const { reviewed } = rows.pull;
  const before = rows.reviewed.find((row) => dirspaceKey(row) === key);
  return reviewed === null || before?.model == null || before.digest === result?.digest
    ? undefined
    : { by: reviewed.by, sha: before.head_sha, model: before.model };
}

/** Whoever applied past the rules is named, while it runs and as long as what it did is the newest word somewhere. */
function exceptionsOf({ runs, results }: PullRows): readonly NoteView[] {
  const told = new Set(results.flatMap((row) => (row.kind === 'apply' ? [row.run_id] : [])));
  return runs
    .filter(({ run }) => run.kind === 'apply' && (isActive(run.state) || told.has(run.id)))
    .flatMap(({ run }) => {
      const by = `\`${run.requestedBy.login}\``;
      return [
        ...(run.force ? [{ text: `Requirements and gates were skipped: ${by} asked for \`apply-force\`.` }] : []),
        ...(run.autoapprove ? [{ text: `No plan was read before: ${by} asked for \`apply-autoapprove\`.` }] : []),
      ];
    });
}

/** GitHub holds the run back; only a person can let it go. */
function waitsForReviewer({ kind, environment }: Run): NoteView {
  const where = environment === null ? 'its environment' : `the environment ${environment}`;
  return { text: `The ${kind} waits on GitHub until a reviewer of ${where} lets it run.` };
}

function runView({ run }: RunRecord, url: string | undefined): RunView {
  return {
    kind: run.kind,
    state: run.state === 'running' ? 'running' : 'queued',
    by: run.requestedBy.login,
    total: run.targets.length,
    ...(url === undefined ? {} : { url }),
  };
}

/** Dirspaces that another pull request of a better rank holds: those it claimed, and whatever else it touches. */
function heldOf({ pull, locks, overlaps }: PullRows, dirspaces: readonly Dirspace[]): readonly HeldView[] {
  const ranked = rankedHolders(locks);
  const mine = ranked.findIndex((holder) => holder.pull === pull.number);
  const before = mine < 0 ? ranked : ranked.slice(0, mine);
  const perBranch = new Set(
    (pull.change?.dirspaces ?? [])
      .filter(({ lockBranchTarget }) => lockBranchTarget === 'dest_branch')
      .map((part) => dirspaceKey(part)),
  );
  return dirspaces.flatMap((dirspace) => {
    const key = dirspaceKey(dirspace);
    const isThere = ({ dir, workspace }: Dirspace) => dirspaceKey({ dir, workspace }) === key;
    const holder = before.find(
      (one) =>
        (one.baseRef === pull.base_ref || !perBranch.has(key)) &&
        [...locks.filter(isHolding), ...overlaps].some((other) => other.pull === one.pull && isThere(other)),
    );
    if (holder === undefined) {
      return [];
    }
    const line = locks.filter((claim) => !isHolding(claim) && isThere(claim)).sort((a, b) => a.claimedAt - b.claimedAt);
    const place = line.findIndex((claim) => claim.pull === pull.number);
    return [{ dirspace, byPull: holder.pull, ...(place < 0 ? {} : { position: place + 1 }) }];
  });
}

function overlapsOf({ results, overlaps }: PullRows): readonly OverlapView[] {
  const mine = new Map(results.map((row) => [dirspaceKey(row), new Set(row.addresses)]));
  return overlaps
    .filter((theirs) => theirs.state !== 'no-changes')
    .map(({ dir, workspace, pull, addresses, state }) => {
      const same = addresses.filter((address) => mine.get(dirspaceKey({ dir, workspace }))?.has(address));
      return {
        dirspace: { dir, workspace },
        pull,
        ...(same.length > 0 ? { sameAddresses: same } : {}),
        ...(state === 'applied' ? { applied: true } : {}),
      };
    });
}

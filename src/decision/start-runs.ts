import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { RepositoryRef } from '../domain/event.ts';
import { MINUTE } from '../domain/instant.ts';
import type { ReasonCode } from '../domain/reason.ts';
import { type DiscoveryOrder, isActive, type Run, type RunKind } from '../domain/run.ts';
import type { NewRun, TargetSettings } from '../domain/snapshot.ts';
import { type Batch, batchesOf } from './batches.ts';
import { assume, intend, takeId } from './draft.ts';
import { plannedBase } from './module-knowledge.ts';
import type { PullCase } from './pull-case.ts';
import { hooksOf, stepsOf } from './run-steps.ts';
import type { Part, Work } from './work.ts';

/** Who asked for a run, when, and how. */
export interface Request {
  readonly by: { readonly id: number; readonly login: string };
  readonly at: number;
  readonly flags: readonly string[];
  readonly autoapprove?: boolean;
  readonly force?: boolean;
}

/** Engines that the runner of this version can run. */
export function supportedEngine(part: Part): 'terraform' | 'tofu' | null {
  return part.engine.name === 'terraform' || part.engine.name === 'tofu' ? part.engine.name : null;
}

/** The longest time between two looks at a run that does not report. */
export const LOOK_AGAIN_MS = MINUTE;

export interface RunsToStart {
  readonly kind: RunKind;
  readonly parts: readonly Part[];
  readonly request: Request;
  readonly planIdOf?: (part: Part) => string | null;
  /** The base that an apply's plans were made on; without it the base of now. */
  readonly baseSha?: string;
  /** The run looks first, and what is planned is decided after that: there is one such run, whatever the parts are. */
  readonly order?: DiscoveryOrder;
  /** Where that run is when there is no part yet. */
  readonly place?: Pick<Batch, 'environment' | 'runsOn'>;
}

/**
 * Start runs over these dirspaces: one per environment, runner kind and batch. `planIdOf` gives the plan that an apply
 * uses; a plan run makes a new one. Returns how many runs were started.
 */
export function startRuns(it: PullCase, work: Work, what: RunsToStart): number {
  const { draft, now } = it;
  const all = batchesOf(what.parts, what.kind, work.config);
  const batches =
    what.order === undefined ? all : [all[0] ?? { environment: null, runsOn: null, ...what.place, parts: [] }];
  for (const batch of batches) {
    const run = newRun(it, work, batch, what, takeId(draft));
    intend(
      draft,
      { do: 'start-run', run },
      { do: 'dispatch', run: run.id },
      lookAgain(it, run.id, now + LOOK_AGAIN_MS),
    );
  }
  if (what.kind === 'apply') {
    // Two applies on one dirspace must never meet, also where no lock is taken. A plan may be made beside them.
    const dirspaces = what.parts.map(({ dir, workspace }) => ({ dir, workspace }));
    assume(draft, { that: 'no-active-run', kind: 'apply', dirspaces });
  }
  return batches.length;
}

/** A run over the dirspaces of one batch. */
export function newRun(it: PullCase, work: Work, batch: Batch, what: Omit<RunsToStart, 'parts'>, id: string): NewRun {
  const { draft, pull } = it;
  const settings: TargetSettings[] = batch.parts.map((part, index) => ({
    index,
    engine: supportedEngine(part) ?? 'terraform',
    version: 'version' in part.engine ? (part.engine.version ?? null) : null,
    createWorkspace: part.createAndSelectWorkspace,
    ...stepsOf(work.config, part, {
      kind: what.kind,
      autoapprove: what.request.autoapprove === true,
      force: what.request.force === true,
    }),
    ...(index === 0 ? hooksOf(work.config, what.kind) : {}),
  }));
  return {
    id,
    kind: what.kind,
    pull: pull.number,
    headSha: pull.headSha,
    baseSha: what.baseSha ?? plannedBase(pull),
    baseRef: pull.baseRef,
    environment: batch.environment,
    runsOn: batch.runsOn,
    flags: what.request.flags,
    requestedBy: what.request.by,
    requestedAt: what.request.at,
    autoapprove: what.request.autoapprove === true,
    force: what.request.force === true,
    discovers: what.order ?? null,
    targets: batch.parts.map((part, index) => {
      const { dir, workspace } = part;
      return { dir, workspace, index, planId: what.planIdOf?.(part) ?? takeId(draft) };
    }),
    settings,
    parallel: Math.max(1, work.config.parallelRuns),
    configDigest: work.configDigest,
  };
}

/** Look at the run later; every look sets the next one while the run is active. */
export function lookAgain(
  it: { readonly repository: RepositoryRef; readonly pull: { readonly number: number } },
  run: string,
  at: number,
) {
  const event = { kind: 'run-silent', repository: it.repository, pull: it.pull.number, run } as const;
  return { do: 'set-timer', key: `run-silent/${run}`, at, event } as const;
}

/** End active plan runs of this pull request that are replaced: for another head, or on one of these dirspaces. */
export function supersedePlans(it: PullCase, dirspaces: readonly Dirspace[]): readonly Run[] {
  const keys = new Set(dirspaces.map(dirspaceKey));
  const ended = it.ours.runs.filter(
    (run) =>
      run.kind === 'plan' &&
      isActive(run.state) &&
      (run.headSha !== it.pull.headSha || run.targets.some((target) => keys.has(dirspaceKey(target)))),
  );
  for (const run of ended) {
    endRun(it, run, 'superseded', 'run-superseded');
  }
  return ended;
}

/** End a run, stop it on GitHub, forget its timer, and erase what a plan run was to store. */
export function endRun(
  it: Pick<PullCase, 'draft'>,
  run: Run,
  state: 'cancelled' | 'superseded' | 'vanished' | 'unknown' | 'failed' | 'refused',
  reason: ReasonCode,
): void {
  if (it.draft.intents.some((intent) => intent.do === 'end-run' && intent.run === run.id)) {
    return;
  }
  intend(it.draft, { do: 'end-run', run: run.id, state, reason });
  intend(it.draft, { do: 'clear-timer', key: `run-silent/${run.id}` });
  if (state === 'cancelled' || state === 'superseded') {
    intend(it.draft, { do: 'cancel-actions-run', run: run.id });
  }
  const plans = run.targets.map((target) => target.planId);
  if (run.kind === 'plan') {
    intend(it.draft, { do: 'erase-plans', plans, reason });
  } else if (isOutdated(it, run)) {
    // The push or the closing left them because this run had them in its hands.
    intend(it.draft, { do: 'erase-plans', plans, reason });
  }
}

/** Can the plans of this run never be applied any more? */
function isOutdated({ draft }: Pick<PullCase, 'draft'>, run: Run): boolean {
  const { github, ours } = draft.snapshot;
  const pull = github?.pull ?? ours.pull;
  return pull !== undefined && pull !== null && (pull.state === 'closed' || pull.headSha !== run.headSha);
}

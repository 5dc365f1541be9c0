import type { Change } from '../domain/change.ts';
import { dirspaceKey, dirspaceName } from '../domain/dirspace.ts';
import { type Notice, OUTDATED } from '../domain/notice.ts';
import type { BuildOrder, DiscoveryOrder } from '../domain/run.ts';
import { displayOf } from './display.ts';
import { intend, note } from './draft.ts';
import { layersOf } from './layers.ts';
import { ordersTogether, runsThatLook } from './looking-run.ts';
import { mustDiscover } from './module-knowledge.ts';
import { reasonNotice } from './notices.ts';
import { isPlannedAfterMerge } from './planned-later.ts';
import { isFork, type PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';
import { environmentsOf, missingEnvironments } from './run-environments.ts';
import { endRun, type Request, startRuns, supersedePlans, supportedEngine } from './start-runs.ts';
import { stillNeeds } from './still-needs.ts';
import { resultOf, standingOf } from './valid-plans.ts';
import type { Part, Work } from './work.ts';
import { workflowFit } from './workflow-file.ts';

/**
 * Start plan runs for these dirspaces: what runs or is stored for them is replaced. While it is not known who calls whom
 * there is one run, which looks first; then what `order` says is planned. Returns how many runs there are.
 */
export function startPlans(
  it: PullCase,
  work: Work,
  parts: readonly Part[],
  request: Request,
  order: DiscoveryOrder = { automatic: true, query: null },
): number {
  const replaced = mustDiscover(work) ? runsThatLook(it) : [];
  replacePlans(it, parts);
  for (const run of replaced) {
    endRun(it, run, 'superseded', 'run-superseded');
  }
  const what = { kind: 'plan', parts: placedFor(it, work, parts), request } as const;
  if (!mustDiscover(work)) {
    return startRuns(it, work, what);
  }
  const place = { environment: forkEnvironment(it, work), runsOn: null };
  return startRuns(it, work, { ...what, order: { ...ordersTogether(order, replaced), ...buildOrder(work) }, place });
}

function buildOrder({ build }: Work): { readonly build?: BuildOrder } {
  return build === null ? {} : { build };
}

/** End the plan runs that are at work on these dirspaces, and erase the plans that are stored for them. */
export function replacePlans(it: PullCase, parts: readonly Part[]): void {
  supersedePlans(it, parts);
  const keys = new Set(parts.map(dirspaceKey));
  const old = it.ours.plans.filter((plan) => plan.state !== 'erased' && keys.has(dirspaceKey(plan)));
  if (old.length > 0) {
    intend(it.draft, { do: 'erase-plans', plans: old.map((plan) => plan.id), reason: 'plan-superseded' });
  }
}

/** The name of the environment that is for forks; null: this is no fork, or there is none. */
function forkEnvironment(it: PullCase, work: Work): string | null {
  const { forks } = work.config;
  return isFork(it) && it.pull.state !== 'merged' && forks.kind !== 'off' ? forks.environment : null;
}

/** The code of a fork runs in the environment named for forks and nowhere else. */
export function placedFor(it: PullCase, work: Work, parts: readonly Part[]): readonly Part[] {
  const { forks } = work.config;
  if (!isFork(it) || it.pull.state === 'merged' || forks.kind === 'off') {
    return parts;
  }
  return parts.map((part) => ({ ...part, environments: { plan: forks.environment, apply: null }, runsOn: null }));
}

/** Remember what the pull request touches and what people must read, and bring what they see up to date. */
export function publishChange(it: PullCase, work: Work | null, notices: readonly Notice[], newComment = false): void {
  const { number: pull, headSha } = it.pull;
  intend(
    it.draft,
    {
      do: 'save-change',
      pull,
      change: work === null ? null : withPlannedLater(it, work),
      notices: work === null ? notices : [...notices, ...outdatedNotices(it, work)],
      ...(work === null ? {} : { display: displayOf(work), byItself: actsByItself(work) }),
    },
    ...(work === null ? [] : [{ do: 'save-needs', pull, needs: stillNeeds(it, work) } as const]),
    { do: 'publish', pull, headSha, ...(newComment ? { newComment } : {}) },
  );
}

/**
 * A plan that does not count any more is erased, and so seen to be stale. "No changes" has no plan that could be erased: while it
 * is not planned again (`stale_plans: mark`), this says it, and keeps the check from being green.
 */
function outdatedNotices(it: PullCase, work: Work): readonly Notice[] {
  const outdated = work.parts.flatMap((part) => {
    const standing = resultOf(it, part)?.state === 'no-changes' ? standingOf(it, work, part) : null;
    return standing?.state === 'invalid' && OUTDATED.has(standing.reason) ? [{ part, reason: standing.reason }] : [];
  });
  return [...Map.groupBy(outdated, ({ reason }) => reason)].map(([reason, found]) => {
    const names = found.slice(0, MAX_NAMED).map(({ part }) => `\`${dirspaceName(part)}\``);
    const more = found.length > MAX_NAMED ? ` and ${found.length - MAX_NAMED} more` : '';
    return reasonNotice(reason, `${names.join(', ')}${more}`, 'plumbline plan');
  });
}

const MAX_NAMED = 20;

/** The change, with what cannot be planned before the merge: people and checks must not wait for that. */
function withPlannedLater(it: PullCase, work: Work): Change {
  const { change } = work;
  if (change.layers.length < 2 || it.pull.state !== 'open') {
    return change;
  }
  const { working } = layersOf(it, work);
  const later = work.parts.filter((part) => isPlannedAfterMerge(work, part, working)).map(({ layer }) => layer);
  return later.length === 0 ? change : { ...change, plannedAfterMerge: Math.min(...later) };
}

/** May something follow here without anybody asking? */
function actsByItself({ config, parts }: Work): boolean {
  return config.automerge.enabled || parts.some((part) => part.autoapply);
}

/** Bring what people see up to date with our rows; what the pull request touches stays as it was computed last. */
export function publish(it: PullCase, newComment = false): void {
  const { number: pull, headSha } = it.pull;
  intend(it.draft, { do: 'publish', pull, headSha, ...(newComment ? { newComment } : {}) });
}

/** What the set-up lacks before anything can be run: an engine and steps that we have, a workflow file that can be started. */
export function setupRefusals(
  it: PullCase,
  work: Work,
  parts: readonly Part[],
  kind: 'plan' | 'apply',
): readonly SetupRefusal[] {
  const found: SetupRefusal[] = [];
  for (const part of parts) {
    if (supportedEngine(part) === null) {
      found.push({ reason: 'engine-unsupported', detail: part.engine.name, about: [part], lines: [] });
    }
  }
  const unsupported = Map.groupBy(
    parts.flatMap((part) => part.unsupported.map((text) => ({ part, text }))),
    ({ text }) => text,
  );
  for (const [detail, asked] of unsupported) {
    found.push({ reason: 'steps-unsupported', detail, about: asked.map(({ part }) => part), lines: [] });
  }
  const environments = environmentsOf(it, work, parts, kind);
  const needs = { environment: environments.length > 0, runsOn: parts.some((part) => part.runsOn !== null) };
  const fit = workflowFit(it.github.workflowFile, needs);
  if (!fit.fit) {
    found.push({ reason: fit.reason, detail: fit.text, lines: fit.lines });
  } else {
    note(it.draft, 'workflow-file', 'pass', 'workflow-fit');
    found.push(...missingEnvironments(it, environments));
  }
  return found;
}

export interface SetupRefusal extends Refusal {
  /** Lines to add to the workflow file. */
  readonly lines: readonly string[];
  /** Environments to be made. */
  readonly environments?: readonly string[];
}

/** A set-up refusal as something that stays on the pull request until it is mended. */
export function setupNotice(refusal: SetupRefusal): Notice {
  if (refusal.environments !== undefined) {
    return { kind: 'dispatch', problem: { what: 'environment-missing', environments: refusal.environments } };
  }
  const detail = [refusal.detail ?? '', ...refusal.lines].join('\n');
  if (refusal.reason === 'workflow-missing') {
    return { kind: 'dispatch', problem: { what: 'workflow-missing' } };
  }
  if (refusal.reason === 'workflow-unfit') {
    const what = refusal.lines.includes('permissions:') ? 'workflow-permissions' : 'workflow-not-dispatchable';
    return { kind: 'dispatch', problem: { what, detail } };
  }
  return reasonNotice(refusal.reason, refusal.detail ?? '', 'plumbline plan');
}

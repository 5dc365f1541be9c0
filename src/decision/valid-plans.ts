import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { ReasonCode } from '../domain/reason.ts';
import {
  type DirspaceResult,
  isActive,
  type PlanFacts,
  type Run,
  type RunKind,
  type StoredPlan,
} from '../domain/run.ts';
import type { PullCase } from './pull-case.ts';
import type { Part, Work } from './work.ts';

/** Where a dirspace stands: nothing left to do, a plan that may be applied, or why there is none. */
export type Standing =
  | { readonly state: 'done' }
  | { readonly state: 'valid'; readonly plan: StoredPlan; readonly facts: PlanFacts }
  | { readonly state: 'running'; readonly kind: RunKind; readonly run: string; readonly headSha: string }
  | { readonly state: 'invalid'; readonly reason: ReasonCode };

/** The newest word on a dirspace of this pull request. */
export function resultOf({ ours }: PullCase, dirspace: Dirspace): DirspaceResult | null {
  const key = dirspaceKey(dirspace);
  return ours.results.find((result) => dirspaceKey(result) === key) ?? null;
}

/** The run of this pull request that is at work on a dirspace, also one that this decision starts. */
export function activeRunOn(
  { ours, draft }: PullCase,
  dirspace: Dirspace,
): Pick<Run, 'id' | 'kind' | 'headSha'> | null {
  const key = dirspaceKey(dirspace);
  const on = (run: { readonly targets: readonly Dirspace[] }) => run.targets.some((one) => dirspaceKey(one) === key);
  const started = draft.intents.flatMap((intent) => (intent.do === 'start-run' ? [intent.run] : []));
  const ended = new Set(draft.intents.flatMap((intent) => (intent.do === 'end-run' ? [intent.run] : [])));
  return started.find(on) ?? ours.runs.find((run) => isActive(run.state) && !ended.has(run.id) && on(run)) ?? null;
}

/**
 * Where a dirspace of the change stands. A plan is valid while it is what the merge would apply: made for this head, on
 * the tree that would be (or was) merged, under the same executing configuration, with nothing applied there since.
 */
export function standingOf(it: PullCase, work: Work, part: Part): Standing {
  const run = activeRunOn(it, part);
  if (run !== null) {
    return { state: 'running', kind: run.kind, run: run.id, headSha: run.headSha };
  }
  const result = resultOf(it, part);
  if (result === null) {
    return invalid('plan-missing');
  }
  if (result.headSha !== it.pull.headSha) {
    return invalid(result.state === 'unknown' ? 'apply-unknown' : 'plan-stale-head');
  }
  switch (result.state) {
    case 'applied':
      return { state: 'done' };
    case 'unknown':
      return invalid('apply-unknown');
    case 'plan-failed':
      return invalid('plan-failed');
    case 'apply-failed':
      return invalid('plan-used');
    case 'no-changes': {
      const stale = staleBecause(it, work, part, result);
      return stale === null ? { state: 'done' } : invalid(stale);
    }
    // Pending without a run at work: the run ended without a word, e.g. an apply that was refused at its claim.
    case 'pending':
    case 'planned':
    case 'not-attempted':
      return planStanding(it, work, part, result);
  }
}

function planStanding(it: PullCase, work: Work, part: Part, result: DirspaceResult): Standing {
  const plan = it.ours.plans.find((candidate) => candidate.id === result.planId);
  if (plan === undefined) {
    return invalid('plan-missing');
  }
  if (plan.state === 'erased') {
    return invalid(plan.erasedBecause ?? 'plan-missing');
  }
  if (plan.state === 'expected' || plan.facts === null) {
    return invalid('plan-not-stored');
  }
  if (plan.expiresAt <= it.now) {
    return invalid('plan-expired');
  }
  if (plan.facts.headSha !== it.pull.headSha) {
    return invalid('plan-stale-head');
  }
  if (plan.facts.configDigest !== work.configDigest) {
    return invalid('plan-stale-config');
  }
  const stale = staleBecause(it, work, part, { ...result, baseSha: plan.facts.baseSha });
  return stale === null ? { state: 'valid', plan, facts: plan.facts } : invalid(stale);
}

/** Did the base or the state move under what was planned? Null: no. What cannot be told counts as yes. */
export function staleBecause(it: PullCase, work: Work, part: Part, result: DirspaceResult): ReasonCode | null {
  const { ours, pull } = it;
  const plan = ours.plans.find((candidate) => candidate.id === result.planId);
  const madeAt = plan?.createdAt ?? result.endedAt ?? 0;
  const key = dirspaceKey(part);
  const claimed = ours.locks.some(
    (claim) =>
      claim.pull !== pull.number && dirspaceKey(claim) === key && claim.appliedAt !== null && claim.appliedAt > madeAt,
  );
  const applied = (ours.lastApplies ?? []).some((apply) => dirspaceKey(apply) === key && apply.at > madeAt);
  if (claimed || applied) {
    return 'plan-stale-state';
  }
  const tree = plan?.facts?.treeSha;
  if (pull.state === 'open' && result.baseSha === pull.baseSha) {
    return null;
  }
  if (tree !== undefined && pull.mergeTreeSha !== null && tree === pull.mergeTreeSha) {
    return null;
  }
  if (work.config.baseMoved === 'strict') {
    return 'plan-stale-base';
  }
  const moved = it.github.baseFilesSince?.[result.baseSha];
  if (moved?.known !== true) {
    return 'plan-stale-base';
  }
  return work.touched(moved.value).has(dirspaceKey(part)) ? 'plan-stale-base' : null;
}

const STILL_PLANNED: ReadonlySet<DirspaceResult['state']> = new Set([
  'planned',
  'no-changes',
  'not-attempted',
  'pending',
]);

/** Commits of the base that plans were made on and that are not the base of now: what moved since must be read. */
export function movedBases({ ours, pull }: Pick<PullCase, 'ours' | 'pull'>): readonly string[] {
  // One plan tells of all that were made on its base: the same two commits merge to the same tree.
  const merged = ours.plans.flatMap(({ facts }) =>
    facts !== null && facts.headSha === pull.headSha && facts.treeSha === pull.mergeTreeSha ? [facts.baseSha] : [],
  );
  const bases = ours.results
    .filter((result) => result.headSha === pull.headSha && STILL_PLANNED.has(result.state))
    .map((result) => result.baseSha)
    // GitHub does not keep the base of a merged pull request up to date: only the tree tells.
    .filter((base) => (pull.state === 'merged' ? !merged.includes(base) : base !== pull.baseSha));
  return [...new Set(bases)].slice(0, 5);
}

function invalid(reason: ReasonCode): Standing {
  return { state: 'invalid', reason };
}

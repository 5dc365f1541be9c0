import { dirspaceKey } from '../domain/dirspace.ts';
import { HOUR } from '../domain/instant.ts';
import { OUTDATED } from '../domain/notice.ts';
import type { ReasonCode } from '../domain/reason.ts';
import { isActive } from '../domain/run.ts';
import { branchesMatch } from './branches.ts';
import { intend, note } from './draft.ts';
import { layersOf, type Placed } from './layers.ts';
import { publishChange, setupNotice, setupRefusals, startPlans } from './plan.ts';
import { isFork, isSkipped, type PullCase, pausedBecause } from './pull-case.ts';
import { dropUntouched } from './untouched.ts';
import type { Work } from './work.ts';

/** So often a pull request is planned again by itself within an hour; after that its plans are only marked. */
const MAX_REPLANS_PER_HOUR = 6;

/** Dirspaces whose plan was shown for this head and does not count any more. */
export function staleNow(it: PullCase, work: Work): readonly Placed[] {
  return layersOf(it, work).all.filter(isStale);
}

/** Does its plan not tell the truth any more, though it was made for this head? */
export function isStale({ standing }: Placed): boolean {
  return standing.state === 'invalid' && OUTDATED.has(standing.reason);
}

/** Why a plan is stale, as it stands at the plan that is erased for it. */
export type StaleReason = 'plan-stale-base' | 'plan-stale-state' | 'plan-expired';

/** Whether runs were started; `refused`: the set-up does not let them. */
export type Replanned = 'started' | 'marked' | { readonly refused: ReasonCode };

/**
 * Erase plans that do not tell the truth any more and, unless `stale_plans: mark`, make them again by the same person's leave
 * as before. What people read is brought up to date.
 */
export function replan(it: PullCase, work: Work, stale: readonly Placed[], why: StaleReason): Replanned {
  const { draft, ours, now } = it;
  const keys = new Set(stale.map(({ part }) => dirspaceKey(part)));
  const plans = ours.plans.filter((plan) => plan.state !== 'erased' && keys.has(dirspaceKey(plan)));
  if (plans.length > 0) {
    intend(draft, { do: 'erase-plans', plans: plans.map((plan) => plan.id), reason: why });
  }
  note(draft, 'staleness', 'note', why, stale.map(({ part }) => part.dir).join(', '));
  dropUntouched(it, work);
  const first = layersOf(it, work).working[0]?.part.layer ?? 0;
  const parts = stale.map(({ part }) => part).filter((part) => part.autoplan && part.layer <= first);
  if (!mayReplan(it, work) || parts.length === 0) {
    publishChange(it, work, []);
    return 'marked';
  }
  const setup = setupRefusals(it, work, parts, 'plan');
  if (setup.length > 0) {
    publishChange(it, work, setup.map(setupNotice));
    return { refused: setup[0]?.reason ?? 'workflow-unfit' };
  }
  startPlans(it, work, parts, { by: requester(it), at: now, flags: [] });
  publishChange(it, work, []);
  return 'started';
}

/** May it be planned again without anybody asking? */
export function mayReplan(it: PullCase, { config }: Work): boolean {
  const { ours, now } = it;
  const recent = ours.runs.filter((run) => run.kind === 'plan' && run.createdAt > now - HOUR).length;
  return (
    config.stalePlans === 'replan' &&
    recent < MAX_REPLANS_PER_HOUR &&
    !isSkipped(it) &&
    (it.pull.state === 'merged' || !isFork(it)) &&
    pausedBecause(it, 'plan') === null &&
    isOurBranch(it, config)
  );
}

function isOurBranch({ pull, github }: PullCase, config: Work['config']): boolean {
  const { baseRef: base, headRef: head } = pull;
  return branchesMatch(config, { base, head, defaultBranch: github.repository.defaultBranch });
}

/** Who asked last for this pull request; a re-plan by itself happens in the same name. */
export function requester({ ours, pull }: PullCase): { readonly id: number; readonly login: string } {
  const last = [...ours.runs].sort((a, b) => b.createdAt - a.createdAt)[0];
  const active = ours.runs.find((run) => isActive(run.state));
  return (active ?? last)?.requestedBy ?? { id: pull.author.id, login: pull.author.login };
}

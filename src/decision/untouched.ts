import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import { intend } from './draft.ts';
import { isHolding } from './locks.ts';
import type { PullCase } from './pull-case.ts';
import { wakeFirst } from './waiting-line.ts';
import type { Work } from './work.ts';

/** Plans and places in line of dirspaces that the pull request touches no more are given up, and who waited for them is told. */
export function dropUntouched(it: PullCase, work: Work): void {
  const { draft, ours, pull } = it;
  const keys = new Set(work.parts.map(dirspaceKey));
  const gone = (one: Dirspace) => !keys.has(dirspaceKey(one));
  const plans = ours.plans.filter((plan) => plan.state === 'stored' && gone(plan)).map((plan) => plan.id);
  if (plans.length > 0) {
    intend(draft, { do: 'erase-plans', plans, reason: 'plan-superseded' });
  }
  const places = ours.locks.filter((claim) => claim.pull === pull.number && claim.appliedAt === null && gone(claim));
  if (places.length > 0) {
    const dirspaces = places.map(({ dir, workspace }) => ({ dir, workspace }));
    intend(draft, { do: 'release-locks', pull: pull.number, dirspaces });
  }
  const mine = ours.locks.filter((claim) => claim.pull === pull.number && isHolding(claim));
  if (mine.length > 0) {
    // Whoever holds anything holds all that it touches: what it touches no more is free, unless it was applied.
    const held = new Set(mine.map(dirspaceKey));
    wakeFirst(
      it,
      ours.results.filter((one) => gone(one) && !held.has(dirspaceKey(one))),
    );
  }
}

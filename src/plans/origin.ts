import type { PlanModel, ResourceChange } from '../domain/plan-model.ts';
import { canonicalText } from './plan-digest.ts';
import { EMPTY_PLAN } from './read-plan.ts';

/** Where a difference comes from: this pull request, drift that was there before, or drift that it adds to. */
export type Origin = 'this-change' | 'before' | 'both';

/**
 * For each change of a plan, by address: was the same change already due on the default branch? `baseline` is the newest
 * plan or drift result of the same dirspace there.
 */
export function originsOf(model: PlanModel, baseline: PlanModel): ReadonlyMap<string, Origin> {
  const old = new Map(baseline.changes.map((change) => [change.address, change]));
  const origins = new Map<string, Origin>();
  for (const change of model.changes) {
    if (change.action !== 'read') {
      const earlier = old.get(change.address);
      origins.set(change.address, origin(change, earlier));
    }
  }
  return origins;
}

function origin(change: ResourceChange, earlier: ResourceChange | undefined): Origin {
  if (earlier === undefined || earlier.action === 'read') {
    return 'this-change';
  }
  const text = (one: ResourceChange) => canonicalText({ ...EMPTY_PLAN, changes: [one] });
  return text(change) === text(earlier) ? 'before' : 'both';
}

import type { ApplyCheck } from '../domain/repo-config.ts';
import type { StoredPlan } from '../domain/run.ts';
import { matchTagQuery } from '../matching/tag-query.ts';
import { approvalRefusals } from './approvals.ts';
import { checkRefusals, conflictRefusals } from './mergeability.ts';
import type { PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';
import { resultOf } from './valid-plans.ts';
import type { Part, Work } from './work.ts';

/** The requirements of a dirspace: the first that matches under each set of its tags; null where none does. */
export function requirementsFor(work: Work, part: Part): readonly (ApplyCheck | null)[] {
  const found = part.tagSets.map(
    (tags) =>
      work.config.applyRequirements.checks.find((check) =>
        matchTagQuery(check.tagQuery, { tags, dir: part.dir, workspace: part.workspace }),
      ) ?? null,
  );
  return [...new Set(found)];
}

/**
 * What is missing before this dirspace may be applied; empty: nothing. After the merge only what the merge itself did not
 * settle is asked: approvals, for an administrator can merge without them, and the risk of the plan.
 */
export function requirementRefusals(it: PullCase, work: Work, part: Part, plan: StoredPlan | null): readonly Refusal[] {
  return requirementsFor(work, part).flatMap((check) => checkOne(it, work, part, plan, check));
}

/** A plan without changes has no risk; one whose risk nobody counted may have any. */
function riskRefusals(it: PullCase, part: Part, { maxPoints }: NonNullable<ApplyCheck['risk']>): readonly Refusal[] {
  const about = [part];
  const result = resultOf(it, part);
  const points = result?.state === 'no-changes' ? 0 : (result?.riskPoints ?? null);
  if (points === null) {
    return [{ reason: 'risk-unknown', about }];
  }
  return points > maxPoints
    ? [{ reason: 'risk-too-high', detail: `${points} points, ${maxPoints} allowed.`, about }]
    : [];
}

function checkOne(
  it: PullCase,
  work: Work,
  part: Part,
  plan: StoredPlan | null,
  check: ApplyCheck | null,
): readonly Refusal[] {
  const about = [part];
  if (check === null) {
    return [{ reason: 'no-matching-requirement', about }];
  }
  const found: Refusal[] = [];
  if (check.approved.enabled) {
    found.push(...approvalRefusals(it, part, plan, check.approved, work.config.applyRequirements));
  }
  if (check.risk !== undefined) {
    found.push(...riskRefusals(it, part, check.risk));
  }
  if (it.pull.state === 'merged') {
    return found;
  }
  if (check.applyAfterMerge.enabled) {
    found.push({ reason: 'not-merged-yet', about });
  }
  if (check.requireReadyForReviewPr && it.pull.draft) {
    found.push({ reason: 'not-ready-for-review', about });
  }
  const ofPull = [
    ...(check.mergeConflicts.enabled ? conflictRefusals(it) : []),
    ...(check.statusChecks.enabled ? checkRefusals(it, check.statusChecks) : []),
  ];
  return [...found, ...ofPull.map((refusal) => ({ ...refusal, about }))];
}

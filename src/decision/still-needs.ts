import type { DirspaceNeeds, RequirementView } from '../domain/pull-view.ts';
import { REASONS } from '../domain/reason.ts';
import type { ApplyCheck } from '../domain/repo-config.ts';
import type { StoredPlan } from '../domain/run.ts';
import { requirementsFor } from './apply-requirements.ts';
import { approvalRefusals, matchName, standingApprovals } from './approvals.ts';
import type { PullCase } from './pull-case.ts';
import { standingOf } from './valid-plans.ts';
import type { Part, Work } from './work.ts';

/**
 * What an apply of each dirspace still needs, as far as it can be said from what was read for this event anyway: it is for people,
 * and decides nothing. Checks and conflicts are not in it: nobody tells us when they change.
 */
export function stillNeeds(it: PullCase, work: Work): readonly DirspaceNeeds[] {
  const groups = new Map<string, DirspaceNeeds>();
  for (const part of work.parts) {
    const standing = standingOf(it, work, part);
    if (standing.state === 'done') {
      continue;
    }
    const plan = standing.state === 'valid' ? standing.plan : null;
    const checks = requirementsFor(work, part);
    const needs = checks.flatMap((check) => needsOf(it, work, { part, plan }, check));
    const limits = checks.flatMap((check) => (check?.risk === undefined ? [] : [check.risk.maxPoints]));
    const maxPoints = limits.length === 0 ? null : Math.min(...limits);
    if (needs.length > 0 || maxPoints !== null) {
      const key = JSON.stringify([needs, maxPoints]);
      const { dir, workspace } = part;
      const dirspaces = [...(groups.get(key)?.dirspaces ?? []), { dir, workspace }];
      groups.set(key, { dirspaces, needs, maxPoints });
    }
  }
  return [...groups.values()];
}

interface Planned {
  readonly part: Part;
  readonly plan: StoredPlan | null;
}

function needsOf(it: PullCase, work: Work, planned: Planned, check: ApplyCheck | null): readonly RequirementView[] {
  const { draft, state } = it.pull;
  if (check === null) {
    return [{ name: 'requirements', met: false, text: REASONS['no-matching-requirement'] }];
  }
  const isOpen = state !== 'merged';
  return [
    ...(check.approved.enabled ? [approvalNeed(it, work, planned, check.approved)] : []),
    ...(isOpen && draft && check.requireReadyForReviewPr ? [{ name: 'draft', met: false, text: REASONS.draft }] : []),
    ...(isOpen && check.applyAfterMerge.enabled
      ? [{ name: 'merge', met: false, text: REASONS['not-merged-yet'] }]
      : []),
  ];
}

function approvalNeed(
  it: PullCase,
  work: Work,
  { part, plan }: Planned,
  check: ApplyCheck['approved'],
): RequirementView {
  const name = 'approvals';
  const rules = work.config.applyRequirements;
  const missing = plan === null ? null : approvalRefusals(it, part, plan, check, rules);
  if (missing === null || missing.some(({ reason }) => reason.endsWith('-unknown'))) {
    const mayStand = rules.approvals === 'plan' || rules.staleApprovals === 'keep';
    return { name, met: false, text: `${wanted(check)}.${mayStand ? ' Those given before may still count.' : ''}` };
  }
  if (missing.length > 0) {
    return {
      name,
      met: false,
      text: missing.map(({ reason, detail = '' }) => `${REASONS[reason]} ${detail}`).join(' '),
    };
  }
  const given = standingApprovals(it, plan, rules);
  const by = given.known ? given.reviews.map(({ author }) => `\`${author.login}\``) : [];
  return { name, met: true, text: by.length === 0 ? 'Complete.' : `Approved by ${by.join(', ')}.` };
}

/** How many approvals, and whose. */
function wanted({ allOf, anyOf, anyOfCount, requireCompletedReviews }: ApplyCheck['approved']): string {
  const count = anyOf.length === 0 && allOf.length > 0 ? 0 : anyOfCount;
  const some = `${count} ${count === 1 ? 'approval' : 'approvals'}`;
  const parts = [
    ...(allOf.length === 0 ? [] : [`An approval of ${allOf.map(matchName).join(' and of ')}`]),
    ...(count === 0 ? [] : [anyOf.length === 0 ? some : `${some} of ${anyOf.map(matchName).join(', ')}`]),
    ...(requireCompletedReviews ? ['every review that was asked for'] : []),
  ];
  return parts.join(', and ');
}

import { dirspaceKey } from '../domain/dirspace.ts';
import type { ApplyCheck, RepoConfig } from '../domain/repo-config.ts';
import type { StoredPlan } from '../domain/run.ts';
import type { Review } from '../domain/snapshot.ts';
import { named } from './access.ts';
import { changesContent } from './command-flags.ts';
import type { Answer } from './people.ts';
import type { PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';
import type { Part } from './work.ts';

/** The newest review of each person that says something: comments neither give an approval nor take it back. */
export function latestReviews(reviews: readonly Review[]): readonly Review[] {
  const latest = new Map<number, Review>();
  for (const review of [...reviews].sort((a, b) => a.submittedAt - b.submittedAt || a.id - b.id)) {
    if (review.state === 'APPROVED' || review.state === 'CHANGES_REQUESTED' || review.state === 'DISMISSED') {
      latest.set(review.author.id, review);
    }
  }
  return [...latest.values()];
}

/** Approving reviews that may count: by people with write permission who neither opened the pull request nor pushed last. */
export function countedApprovals(it: PullCase): readonly Review[] {
  const { reviews, lastPusher } = it.github;
  if (reviews?.known !== true) {
    return [];
  }
  const pusher = lastPusher?.known === true ? lastPusher.value : null;
  return latestReviews(reviews.value).filter(
    ({ author, state, canWrite }) =>
      state === 'APPROVED' && canWrite && !author.bot && author.id !== it.pull.author.id && author.id !== pusher?.id,
  );
}

/** Does an approval stand for this plan? For its commit, and given after the plan was shown or for one with the same digest. */
export function covers(
  it: PullCase,
  review: Review,
  plan: Pick<StoredPlan, 'publishedAt' | 'facts' | 'dir' | 'workspace'>,
  rules: Pick<RepoConfig['applyRequirements'], 'approvals' | 'staleApprovals'>,
): boolean {
  const sameHead = review.commitSha === it.pull.headSha;
  const afterPlan = plan.publishedAt !== null && floorSecond(review.submittedAt) >= floorSecond(plan.publishedAt);
  const sameDigest = plan.facts !== null && digestWhen(it, plan, review.submittedAt) === plan.facts.digest;
  if (changesContent(plan.facts?.flags ?? []) && !afterPlan) {
    return false;
  }
  if (rules.approvals === 'plan') {
    return sameDigest || (afterPlan && sameHead);
  }
  return (sameHead || rules.staleApprovals === 'keep') && (afterPlan || sameDigest);
}

/** GitHub's times have whole seconds, ours do not. */
export function floorSecond(at: number): number {
  return Math.floor(at / 1_000);
}

/** The digest of the plan of this dirspace that the pull request showed at a time; null: none that could be approved. */
function digestWhen(
  it: PullCase,
  dirspace: { readonly dir: string; readonly workspace: string },
  at: number,
): string | null {
  const key = dirspaceKey(dirspace);
  const shown = it.ours.shownPlans.findLast(
    (plan) => dirspaceKey(plan) === key && floorSecond(plan.at) <= floorSecond(at),
  );
  return shown?.digest ?? null;
}

/** Is `approved` of an apply requirement met for this dirspace? Every reason why not. */
export function approvalRefusals(
  it: PullCase,
  part: Part,
  plan: StoredPlan | null,
  check: ApplyCheck['approved'],
  rules: RepoConfig['applyRequirements'],
): readonly Refusal[] {
  const { github } = it;
  const about = [part];
  if (github.reviews?.known !== true) {
    return [{ reason: 'approvals-unknown', about }];
  }
  if (github.lastPusher !== undefined && !github.lastPusher.known) {
    return [{ reason: 'last-pusher-unknown', about }];
  }
  const found: Refusal[] = [];
  const against = latestReviews(github.reviews.value).filter(
    (one) => one.state === 'CHANGES_REQUESTED' && one.canWrite,
  );
  for (const review of against) {
    found.push({ reason: 'changes-requested', detail: `By ${review.author.login}.`, about });
  }
  const approvals = countedApprovals(it);
  const standing =
    plan === null
      ? approvals.filter((one) => one.commitSha === it.pull.headSha)
      : approvals.filter((one) => covers(it, one, plan, rules));
  const logins = standing.map((review) => review.author.login);
  const reason = approvals.length > standing.length ? 'approval-stale' : 'approval-missing';
  for (const match of check.allOf) {
    const answers = logins.map((login) => named(it, [match], login, part));
    const problem = unmet(answers, 1);
    if (problem !== null) {
      found.push({
        reason: problem === 'unknown' ? 'access-unknown' : reason,
        detail: `Needed from ${matchName(match)}.`,
        about,
      });
    }
  }
  const anyOf =
    check.anyOf.length === 0
      ? logins.map((): Answer => 'yes')
      : logins.map((login) => named(it, check.anyOf, login, part));
  const wanted = check.anyOf.length === 0 && check.allOf.length > 0 ? 0 : check.anyOfCount;
  const problem = unmet(anyOf, wanted);
  if (problem !== null) {
    const have = anyOf.filter((answer) => answer === 'yes').length;
    const from = check.anyOf.length === 0 ? '' : ` from ${check.anyOf.map(matchName).join(', ')}`;
    found.push({
      reason: problem === 'unknown' ? 'access-unknown' : reason,
      detail: `${have} of ${wanted}${from}.`,
      about,
    });
  }
  if (check.requireCompletedReviews && github.reviewDecision !== 'APPROVED' && github.reviewDecision !== null) {
    found.push({ reason: github.reviewDecision === undefined ? 'approvals-unknown' : 'reviews-incomplete', about });
  }
  return found;
}

/** Are there so many who count? A person counts once, however many entries name them. */
function unmet(answers: readonly Answer[], wanted: number): 'no' | 'unknown' | null {
  const sure = answers.filter((answer) => answer === 'yes').length;
  const possible = sure + answers.filter((answer) => answer === 'unknown').length;
  return sure >= wanted ? null : possible >= wanted ? 'unknown' : 'no';
}

/** An entry of a match list as it is written in the file. */
export function matchName(match: ApplyCheck['approved']['allOf'][number]): string {
  switch (match.kind) {
    case 'anyone':
      return 'anybody with write permission';
    case 'user':
      return `user:${match.login}`;
    case 'team':
      return `team:${match.slug}`;
    case 'role':
      return `role:${match.role}`;
    case 'codeowners':
      return 'codeowners';
  }
}

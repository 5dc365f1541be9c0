import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { Instant } from '../domain/instant.ts';
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

/** Approving reviews, or why it cannot be told whose count. */
export type Approvals =
  | { readonly known: true; readonly reviews: readonly Review[] }
  | { readonly known: false; readonly reason: 'approvals-unknown' | 'last-pusher-unknown' };

/** Approving reviews that may count: by people with write permission who neither opened the pull request nor pushed last. */
export function countedApprovals({ github, pull }: PullCase): Approvals {
  const { reviews, lastPusher } = github;
  if (reviews?.known !== true) {
    return { known: false, reason: 'approvals-unknown' };
  }
  if (lastPusher?.known !== true) {
    return { known: false, reason: 'last-pusher-unknown' };
  }
  const pusher = lastPusher.value?.id;
  const counted = latestReviews(reviews.value).filter(
    ({ author, state, canWrite }) =>
      state === 'APPROVED' && canWrite && !author.bot && author.id !== pull.author.id && author.id !== pusher,
  );
  return { known: true, reviews: counted };
}

/** Those that stand for this plan; without a plan, those of the head. */
export function standingApprovals(
  it: PullCase,
  plan: StoredPlan | null,
  rules: Pick<RepoConfig['applyRequirements'], 'approvals' | 'staleApprovals'>,
): Approvals {
  const counted = countedApprovals(it);
  return counted.known
    ? {
        known: true,
        reviews: counted.reviews.filter((one) =>
          plan === null ? one.commitSha === it.pull.headSha : covers(it, one, plan, rules),
        ),
      }
    : counted;
}

/**
 * Does an approval stand for this plan? Of its commit, and given after the plan was shown or for one with the same digest; with
 * `approvals: plan`, of whatever commit, while the digest stays.
 */
function covers(
  it: PullCase,
  review: Review,
  plan: StoredPlan,
  rules: Pick<RepoConfig['applyRequirements'], 'approvals' | 'staleApprovals'>,
): boolean {
  const said = { at: review.submittedAt, headSha: review.commitSha ?? '' };
  const kept = rules.approvals === 'head' && rules.staleApprovals === 'keep';
  if (said.headSha === it.pull.headSha || kept) {
    return saidOf(it, plan, said);
  }
  return rules.approvals === 'plan' && !mustFollow(plan) && showsSame(it, plan, said);
}

/** When something was said, and of which commit. */
interface Said {
  readonly at: Instant;
  readonly headSha: string;
}

/**
 * Was something said of this plan: after it was shown, or while one with the same content was? A plan with arguments that
 * change its content must have been there.
 */
export function saidOf(it: PullCase, plan: StoredPlan, said: Said): boolean {
  const after = plan.publishedAt !== null && floorSecond(said.at) >= floorSecond(plan.publishedAt);
  return after || (!mustFollow(plan) && showsSame(it, plan, said));
}

function mustFollow({ facts }: StoredPlan): boolean {
  return changesContent(facts?.flags ?? []);
}

function showsSame(it: PullCase, plan: StoredPlan, said: Said): boolean {
  return plan.facts !== null && digestWhen(it, plan, said) === plan.facts.digest;
}

/** GitHub's times have whole seconds, ours do not. */
export function floorSecond(at: Instant): number {
  return Math.floor(at / 1_000);
}

/**
 * The digest of the plan of this dirspace that the pull request showed at a time; null: none that could be approved. Who has an
 * older commit before his eyes saw the plan of that one, whatever was shown meanwhile.
 */
function digestWhen({ ours }: PullCase, dirspace: Dirspace, { at, headSha }: Said): string | null {
  const key = dirspaceKey(dirspace);
  const shown = ours.shownPlans.filter((plan) => dirspaceKey(plan) === key && floorSecond(plan.at) <= floorSecond(at));
  return (shown.findLast((plan) => plan.headSha === headSha) ?? shown.at(-1))?.digest ?? null;
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
  const [counted, standing] = [countedApprovals(it), standingApprovals(it, plan, rules)];
  if (!counted.known || !standing.known || github.reviews?.known !== true) {
    return [{ reason: counted.known ? 'approvals-unknown' : counted.reason, about }];
  }
  const found: Refusal[] = [];
  const against = latestReviews(github.reviews.value).filter(
    (one) => one.state === 'CHANGES_REQUESTED' && one.canWrite,
  );
  for (const review of against) {
    found.push({ reason: 'changes-requested', detail: `By ${review.author.login}.`, about });
  }
  const logins = standing.reviews.map((review) => review.author.login);
  const reason = counted.reviews.length > standing.reviews.length ? 'approval-stale' : 'approval-missing';
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
  const completed = check.requireCompletedReviews ? reviewsCompleted(it) : 'yes';
  if (completed !== 'yes') {
    found.push({ reason: completed === 'no' ? 'reviews-incomplete' : 'approvals-unknown', about });
  }
  return found;
}

/** Does GitHub count the review as complete? Where no branch rule asks for one, when everybody who was asked has answered. */
function reviewsCompleted({ github: { reviewDecision, reviewsRequested } }: PullCase): Answer {
  if (reviewDecision === undefined || (reviewDecision === null && reviewsRequested === undefined)) {
    return 'unknown';
  }
  return reviewDecision === 'APPROVED' || (reviewDecision === null && reviewsRequested === 0) ? 'yes' : 'no';
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

import type { Instant } from '../domain/instant.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { PullFacts, Review } from '../domain/snapshot.ts';
import type { ChecksAnswer } from './check-states.ts';
import { type ActorAnswer, actorFrom, type FileAnswer } from './query-fields.ts';

interface CommitAnswer {
  readonly oid: string;
  readonly tree: { readonly oid: string };
}

/** Files under their aliases, beside the fields of a commit. */
export type FilesAnswer = Readonly<Record<string, FileAnswer | null | undefined>>;

export interface RepositoryAnswer {
  readonly databaseId: number;
  readonly name: string;
  readonly isArchived: boolean;
  readonly owner: { readonly login: string; readonly databaseId?: number | null };
  readonly defaultBranchRef: {
    readonly name: string;
    readonly target: ({ readonly oid?: string } & object) | null;
  } | null;
  readonly pullRequest?: PullAnswer | null;
  /** The commit whose tree was asked for. */
  readonly commitOf?: { readonly tree?: { readonly oid: string } } | null;
}

export interface PullAnswer {
  readonly number: number;
  readonly state: 'OPEN' | 'CLOSED' | 'MERGED';
  readonly isDraft: boolean;
  readonly title: string;
  readonly author: ActorAnswer | null;
  readonly headRefOid: string;
  readonly headRefName: string;
  readonly headRepository: { readonly databaseId: number | null } | null;
  readonly baseRefOid: string;
  readonly baseRefName: string;
  readonly baseRef: { readonly target: { readonly oid: string } | null } | null;
  readonly merged: boolean;
  readonly mergedAt: string | null;
  readonly mergeCommit:
    | (CommitAnswer & { readonly parents?: { readonly nodes: readonly ({ readonly oid: string } | null)[] } })
    | null;
  readonly potentialMergeCommit: CommitAnswer | null;
  readonly changedFiles: number;
  readonly labels: { readonly nodes: readonly ({ readonly name: string } | null)[] } | null;
  readonly files?: {
    readonly nodes: readonly ({ readonly path: string; readonly changeType: string } | null)[];
  } | null;
  readonly mergeable?: 'MERGEABLE' | 'CONFLICTING' | 'UNKNOWN';
  readonly reviewDecision?: 'APPROVED' | 'CHANGES_REQUESTED' | 'REVIEW_REQUIRED' | null;
  readonly reviewRequests?: { readonly totalCount: number } | null;
  readonly latestOpinionatedReviews?: {
    readonly pageInfo: { readonly hasNextPage: boolean };
    readonly nodes: readonly (ReviewAnswer | null)[];
  } | null;
  readonly commits: {
    readonly nodes: readonly ({ readonly commit: HeadAnswer } | null)[];
  };
}

interface HeadAnswer extends CommitAnswer {
  readonly statusCheckRollup?: ChecksAnswer | null;
}

interface ReviewAnswer {
  readonly fullDatabaseId: string | null;
  readonly state: Review['state'];
  readonly submittedAt: string | null;
  readonly authorCanPushToRepository: boolean;
  readonly commit: { readonly oid: string } | null;
  readonly author: ActorAnswer | null;
}

/** The pull request as rules see it. */
export function pullFrom(pull: PullAnswer): PullFacts {
  const merged = pull.merged ? pull.mergeCommit : pull.potentialMergeCommit;
  return {
    number: pull.number,
    state: pull.merged ? 'merged' : pull.state === 'OPEN' ? 'open' : 'closed',
    draft: pull.isDraft,
    title: pull.title,
    author: actorFrom(pull.author),
    headSha: pull.headRefOid,
    headRef: pull.headRefName,
    headRepositoryId: pull.headRepository?.databaseId ?? null,
    // `baseRefOid` is the base as of the last push to the head; the branch itself may have moved on.
    baseSha: (pull.merged ? null : pull.baseRef?.target?.oid) ?? pull.baseRefOid,
    baseRef: pull.baseRefName,
    mergedAt: pull.mergedAt === null ? null : Date.parse(pull.mergedAt),
    mergeCommitSha: pull.mergeCommit?.oid ?? null,
    mergeTreeSha: merged?.tree.oid ?? null,
    labels: (pull.labels?.nodes ?? []).flatMap((label) => (label === null ? [] : [label.name])),
  };
}

/** Reviews, one per person; more than a page of people is unknown rather than some. */
export function reviewsFrom(answer: PullAnswer['latestOpinionatedReviews']): Known<readonly Review[]> {
  if (answer === null || answer === undefined) {
    return unknown('GitHub did not tell the reviews', true);
  }
  if (answer.pageInfo.hasNextPage) {
    return unknown('more than 100 people reviewed this pull request');
  }
  const reviews: Review[] = [];
  for (const review of answer.nodes) {
    const submittedAt: Instant = Date.parse(review?.submittedAt ?? '');
    if (review !== null && !Number.isNaN(submittedAt)) {
      reviews.push({
        id: Number(review.fullDatabaseId ?? 0),
        author: actorFrom(review.author),
        state: review.state,
        commitSha: review.commit?.oid ?? null,
        submittedAt,
        canWrite: review.authorCanPushToRepository,
      });
    }
  }
  return known(reviews);
}

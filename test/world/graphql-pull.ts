import { type ChangedFile, commitFacts } from './git-store.ts';
import { type ConnectionArgs, connection } from './graphql-connection.ts';
import { actorNode, commitNode, objectNode, pullCommits } from './graphql-objects.ts';
import { associationOf } from './issue-json.ts';
import { canPush, latestOpinions, lookAtMergeability } from './mergeability.ts';
import { pullSize } from './pull-json.ts';
import type { WorldParts } from './world-parts.ts';
import {
  accountOf,
  fullName,
  type IssueComment,
  type Pull,
  type Repository,
  type Review,
  repositoryById,
} from './world-state.ts';

/** A repository as the pull-request query reads it. */
export function repositoryNode(parts: WorldParts, repository: Repository) {
  const { state } = parts;
  const isOrganization = accountOf(state, repository.owner).type === 'Organization';
  return {
    __typename: 'Repository',
    id: repository.nodeId,
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: fullName(repository),
    url: `${state.url}/${fullName(repository)}`,
    isPrivate: repository.private,
    isFork: repository.forkOf !== undefined,
    isArchived: repository.archived,
    isInOrganization: isOrganization,
    owner: () => actorNode(parts, repository.owner),
    defaultBranchRef: () => refNode(parts, repository, repository.defaultBranch),
    ref: ({ qualifiedName }: { readonly qualifiedName: string }) =>
      refNode(parts, repository, qualifiedName.replace(/^refs\/heads\//, '')),
    object: ({ expression, oid }: { readonly expression?: string | null; readonly oid?: string | null }) =>
      objectNode(parts, repository, expression ?? oid ?? ''),
    pullRequest: ({ number }: { readonly number: number }) => {
      const pull = repository.pulls.get(number);
      return pull === undefined ? null : pullNode(parts, repository, pull);
    },
    pullRequests: (args: ConnectionArgs & PullFilter) => {
      const found = [...repository.pulls.values()].filter((pull) => matchesFilter(pull, args));
      return connection(
        found.map((pull) => pullNode(parts, repository, pull)),
        args,
      );
    },
  };
}

interface PullFilter {
  readonly states?: readonly string[] | null;
  readonly baseRefName?: string | null;
  readonly headRefName?: string | null;
}

function matchesFilter(pull: Pull, filter: PullFilter): boolean {
  return (
    (filter.states == null || filter.states.includes(pullState(pull))) &&
    (filter.baseRefName == null || filter.baseRefName === pull.base) &&
    (filter.headRefName == null || filter.headRefName === pull.head)
  );
}

function pullState(pull: Pull): string {
  return pull.merged ? 'MERGED' : pull.state.toUpperCase();
}

async function refNode(parts: WorldParts, repository: Repository, branch: string) {
  const facts = await commitFacts(repository.gitDir, `refs/heads/${branch}`);
  return facts === undefined
    ? null
    : {
        __typename: 'Ref',
        id: `REF_${branch}`,
        name: branch,
        prefix: 'refs/heads/',
        target: () => commitNode(parts, repository, facts, undefined),
      };
}

/**
 * A pull request. `baseRefOid` is the base's tip when the head was last pushed, as on GitHub; the tip of now is
 * `baseRef { target { oid } }`.
 */
function pullNode(parts: WorldParts, repository: Repository, pull: Pull) {
  const { state } = parts;
  const headRepository = repositoryById(state, pull.headRepositoryId);
  let look: ReturnType<typeof lookAtMergeability> | undefined;
  // One look per request, however many fields depend on it.
  const view = () => {
    look ??= lookAtMergeability(parts, repository, pull);
    return look;
  };
  let counted: ReturnType<typeof pullSize> | undefined;
  const size = () => {
    counted ??= pullSize(repository, pull);
    return counted;
  };
  return {
    __typename: 'PullRequest',
    id: `PR_${pull.id}`,
    databaseId: pull.id,
    fullDatabaseId: String(pull.id),
    number: pull.number,
    title: pull.title,
    body: pull.body ?? '',
    url: `${state.url}/${fullName(repository)}/pull/${pull.number}`,
    state: pullState(pull),
    closed: pull.state === 'closed',
    isDraft: pull.draft,
    merged: pull.merged,
    mergedAt: pull.mergedAt,
    mergedBy: pull.mergedBy === null ? null : actorNode(parts, pull.mergedBy),
    closedAt: pull.closedAt,
    createdAt: pull.createdAt,
    updatedAt: pull.updatedAt,
    author: () => actorNode(parts, pull.author),
    authorAssociation: associationOf(state, repository, pull.author),
    baseRefName: pull.base,
    baseRefOid: pull.baseSha,
    baseRef: () => refNode(parts, repository, pull.base),
    baseRepository: () => repositoryNode(parts, repository),
    headRefName: pull.head,
    headRefOid: pull.headSha,
    headRef: () => refNode(parts, headRepository, pull.head),
    headRepository: () => repositoryNode(parts, headRepository),
    headRepositoryOwner: () => actorNode(parts, headRepository.owner),
    isCrossRepository: pull.headRepositoryId !== repository.id,
    repository: () => repositoryNode(parts, repository),
    mergeable: async () => {
      const { mergeable } = await view();
      return mergeable === null ? 'UNKNOWN' : mergeable ? 'MERGEABLE' : 'CONFLICTING';
    },
    mergeStateStatus: async () => (await view()).state.toUpperCase(),
    potentialMergeCommit: async () => oidNode(parts, repository, (await view()).mergeCommit),
    mergeCommit: () => oidNode(parts, repository, pull.mergeCommitSha),
    mergeQueueEntry: null,
    isInMergeQueue: false,
    autoMergeRequest: null,
    reviewDecision: () => reviewDecision(repository, pull),
    changedFiles: async () => (await size()).files.length,
    additions: async () => (await size()).additions,
    deletions: async () => (await size()).deletions,
    files: async (args: ConnectionArgs) =>
      connection((await size()).files.slice(0, parts.faults.maxPullFiles).map(fileNode), args),
    labels: (args: ConnectionArgs) =>
      connection(
        [...pull.labels].map((name) => ({ __typename: 'Label', id: `LA_${name}`, name })),
        args,
      ),
    commits: async (args: ConnectionArgs) => connection(await pullCommits(parts, repository, pull), args),
    reviews: (args: ConnectionArgs & { readonly states?: readonly string[] | null; readonly author?: string | null }) =>
      connection(
        pull.reviews
          .filter(
            (one) =>
              (args.states == null || args.states.includes(one.state)) &&
              (args.author == null || args.author === one.author),
          )
          .map((one) => reviewNode(parts, repository, one)),
        args,
      ),
    reviewRequests: (args: ConnectionArgs) =>
      connection(
        [...pull.reviewRequests].map((login) => ({
          __typename: 'ReviewRequest',
          id: `RR_${pull.id}_${login}`,
          requestedReviewer: () => actorNode(parts, login),
        })),
        args,
      ),
    latestOpinionatedReviews: (args: ConnectionArgs & { readonly writersOnly?: boolean | null }) =>
      connection(
        latestOpinions(repository, pull, args.writersOnly === true).map((one) => reviewNode(parts, repository, one)),
        args,
      ),
    comments: (args: ConnectionArgs) =>
      connection(
        [...repository.comments.values()]
          .filter((one) => one.number === pull.number)
          .map((one) => commentNode(parts, repository, one)),
        args,
      ),
  };
}

async function oidNode(parts: WorldParts, repository: Repository, sha: string | null) {
  const facts = sha === null ? undefined : await commitFacts(repository.gitDir, sha);
  return facts === undefined ? null : commitNode(parts, repository, facts, undefined);
}

function fileNode(file: ChangedFile) {
  const type = file.status === 'removed' ? 'DELETED' : file.status.toUpperCase();
  return {
    __typename: 'PullRequestChangedFile',
    path: file.path,
    changeType: type,
    additions: file.additions,
    deletions: file.deletions,
  };
}

function reviewNode(parts: WorldParts, repository: Repository, review: Review) {
  return {
    __typename: 'PullRequestReview',
    id: `PRR_${review.id}`,
    databaseId: review.id,
    fullDatabaseId: String(review.id),
    state: review.state,
    body: review.body,
    submittedAt: review.submittedAt,
    createdAt: review.submittedAt,
    author: () => actorNode(parts, review.author),
    authorAssociation: associationOf(parts.state, repository, review.author),
    authorCanPushToRepository: canPush(repository, review.author),
    commit: () => oidNode(parts, repository, review.commitSha),
  };
}

export function commentNode(parts: WorldParts, repository: Repository, comment: IssueComment) {
  return {
    __typename: 'IssueComment',
    id: `IC_${comment.id}`,
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    body: comment.body,
    createdAt: comment.createdAt,
    updatedAt: comment.updatedAt,
    author: () => actorNode(parts, comment.author),
    authorAssociation: associationOf(parts.state, repository, comment.author),
    viewerDidAuthor: comment.viaApp,
    isMinimized: comment.minimized !== null,
    minimizedReason: comment.minimized?.toLowerCase() ?? null,
    url: `${parts.state.url}/${fullName(repository)}/pull/${comment.number}#issuecomment-${comment.id}`,
  };
}

/** Null where no rule demands a review. */
function reviewDecision(repository: Repository, pull: Pull): string | null {
  const rule = (repository.branchRules.get(pull.base) ?? []).find((one) => one.type === 'pull_request');
  const needed = Number(rule?.parameters?.required_approving_review_count ?? 0);
  if (needed === 0) {
    return null;
  }
  const opinions = latestOpinions(repository, pull, true);
  if (opinions.some((one) => one.state === 'CHANGES_REQUESTED')) {
    return 'CHANGES_REQUESTED';
  }
  return opinions.filter((one) => one.state === 'APPROVED').length >= needed ? 'APPROVED' : 'REVIEW_REQUIRED';
}

import { ApiError } from './api-error.ts';
import { commitTree, fetchFrom, logOf, mergedTree, revParse, tryRevision, updateRef } from './git-store.ts';
import { NOT_COMPUTED, timestamp } from './mergeability.ts';
import { pullJson, reviewJson } from './pull-json.ts';
import { refMoved } from './push-event.ts';
import type { Json } from './request-body.ts';
import { emitRepositoryEvent } from './webhook-event.ts';
import type { WorldParts } from './world-parts.ts';
import { accountOf, type Pull, type Repository, type Review, type ReviewState } from './world-state.ts';

export type MergeMethod = 'merge' | 'squash' | 'rebase';

/** Open a pull request from a branch that exists already; sends `pull_request.opened`. */
export async function openPull(
  parts: WorldParts,
  repository: Repository,
  wanted: {
    readonly title: string;
    readonly body?: string | undefined;
    readonly head: string;
    readonly headRepository?: Repository | undefined;
    readonly base: string;
    readonly author: string;
    readonly draft?: boolean | undefined;
  },
): Promise<Pull> {
  const source = wanted.headRepository ?? repository;
  const headSha = await revParse(source.gitDir, `refs/heads/${wanted.head}`);
  const number = repository.nextNumber++;
  const headRef = `refs/pull/${number}/head`;
  if (source.id === repository.id) {
    await updateRef(repository.gitDir, headRef, headSha);
  } else {
    await fetchFrom(repository.gitDir, source.gitDir, headSha, headRef);
  }
  const at = timestamp(parts);
  const pull: Pull = {
    id: parts.state.nextId('pull'),
    number,
    title: wanted.title,
    body: wanted.body ?? null,
    state: 'open',
    stateReason: null,
    author: wanted.author,
    labels: new Set(),
    assignees: new Set(),
    createdAt: at,
    updatedAt: at,
    closedAt: null,
    draft: wanted.draft ?? false,
    base: wanted.base,
    head: wanted.head,
    headRepositoryId: source.id,
    headSha,
    baseSha: await revParse(repository.gitDir, `refs/heads/${wanted.base}`),
    merged: false,
    mergedAt: null,
    mergedBy: null,
    mergeCommitSha: null,
    mergeability: undefined,
    reviews: [],
    reviewRequests: new Set(),
  };
  repository.pulls.set(number, pull);
  await emitPull(parts, repository, pull, 'opened', wanted.author);
  return pull;
}

export async function emitPull(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  action: string,
  sender: string,
  fields: Json = {},
): Promise<void> {
  emitRepositoryEvent(parts, repository, 'pull_request', action, sender, {
    number: pull.number,
    pull_request: await pullJson(parts.state, repository, pull, NOT_COMPUTED),
    ...fields,
  });
}

/** Merge as a person or the API would; sends `push` for the base and `pull_request.closed`. Answers the merge commit. */
export async function mergePull(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  sender: string,
  method: MergeMethod,
  message?: string,
): Promise<string> {
  const before = await revParse(repository.gitDir, `refs/heads/${pull.base}`);
  const after = await mergeCommits(parts, repository, pull, before, sender, method, message);
  await settleMerged(parts, repository, pull, sender, { before, after });
  return after;
}

/** The base gets this commit, and with it the pull request is merged; a merge queue has made the commit before. */
export async function settleMerged(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  sender: string,
  { before, after }: { readonly before: string; readonly after: string },
): Promise<void> {
  await updateRef(repository.gitDir, `refs/heads/${pull.base}`, after);
  pull.merged = true;
  pull.mergedAt = timestamp(parts);
  pull.mergedBy = sender;
  pull.mergeCommitSha = after;
  await settleClosed(parts, repository, pull, sender);
  await refMoved(parts, repository, { ref: `refs/heads/${pull.base}`, before, after, sender });
}

async function mergeCommits(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  base: string,
  sender: string,
  method: MergeMethod,
  message: string | undefined,
): Promise<string> {
  const { gitDir } = repository;
  const tree = await mergedTree(gitDir, base, pull.headSha);
  if (tree === undefined) {
    throw new ApiError(405, 'Pull Request is not mergeable');
  }
  const author = accountOf(parts.state, sender);
  const at = parts.state.now();
  if (method === 'merge') {
    const text = message ?? `Merge pull request #${pull.number} from ${repository.owner}/${pull.head}\n\n${pull.title}`;
    return commitTree(gitDir, { tree, parents: [base, pull.headSha], message: text, author, at });
  }
  if (method === 'squash') {
    const text = message ?? `${pull.title} (#${pull.number})`;
    return commitTree(gitDir, { tree, parents: [base], message: text, author, at });
  }
  let tip = base;
  for (const commit of (await logOf(gitDir, ['--no-merges', `${base}..${pull.headSha}`])).toReversed()) {
    const parent = commit.parents[0] ?? base;
    // A cherry-pick is a merge whose base is the picked commit's own parent.
    const picked = await mergedTreeFrom(gitDir, parent, tip, commit.sha);
    tip = await commitTree(gitDir, {
      tree: picked,
      parents: [tip],
      message: commit.message,
      author: commit.author,
      at,
    });
  }
  return tip;
}

async function mergedTreeFrom(gitDir: string, base: string, ours: string, theirs: string): Promise<string> {
  // git 2.39 has no --merge-base: give both sides an artificial common parent instead.
  const author = { name: 'GitHub', email: 'noreply@github.com' };
  const at = new Date(0);
  const treeOf = async (commit: string) => (await logOf(gitDir, ['-1', commit]))[0]?.tree ?? '';
  const make = async (commit: string, parents: readonly string[]) =>
    commitTree(gitDir, { tree: await treeOf(commit), parents, message: 'rebase', author, at });
  const root = await make(base, []);
  const tree = await mergedTree(gitDir, await make(ours, [root]), await make(theirs, [root]));
  if (tree === undefined) {
    throw new ApiError(405, "This branch can't be rebased");
  }
  return tree;
}

async function settleClosed(parts: WorldParts, repository: Repository, pull: Pull, sender: string): Promise<void> {
  pull.state = 'closed';
  pull.closedAt = timestamp(parts);
  pull.updatedAt = pull.closedAt;
  await emitPull(parts, repository, pull, 'closed', sender);
}

export async function closePull(parts: WorldParts, repository: Repository, pull: Pull, sender: string): Promise<void> {
  await settleClosed(parts, repository, pull, sender);
}

export async function reopenPull(parts: WorldParts, repository: Repository, pull: Pull, sender: string): Promise<void> {
  pull.state = 'open';
  pull.closedAt = null;
  pull.updatedAt = timestamp(parts);
  await emitPull(parts, repository, pull, 'reopened', sender);
}

/** Point a pull request at another base; sends `pull_request.edited` with the old one in `changes`. */
export async function editBase(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  base: string,
  sender: string,
): Promise<void> {
  const from = { ref: pull.base, sha: pull.baseSha };
  pull.base = base;
  pull.baseSha = (await tryRevision(repository.gitDir, base)) ?? pull.baseSha;
  pull.updatedAt = timestamp(parts);
  await emitPull(parts, repository, pull, 'edited', sender, {
    changes: { base: { ref: { from: from.ref }, sha: { from: from.sha } } },
  });
}

export async function setDraft(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  draft: boolean,
  sender: string,
): Promise<void> {
  pull.draft = draft;
  pull.updatedAt = timestamp(parts);
  await emitPull(parts, repository, pull, draft ? 'converted_to_draft' : 'ready_for_review', sender);
}

/** Submit a review of the current head; sends `pull_request_review.submitted`. */
export async function submitReview(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  author: string,
  state: ReviewState,
  body = '',
): Promise<Review> {
  const review: Review = {
    id: parts.state.nextId('review'),
    author,
    state,
    body,
    commitSha: pull.headSha,
    submittedAt: timestamp(parts),
  };
  pull.reviews.push(review);
  pull.reviewRequests.delete(author);
  await emitReview(parts, repository, pull, review, 'submitted', author);
  return review;
}

export async function dismissReview(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  review: Review,
  sender: string,
): Promise<void> {
  review.state = 'DISMISSED';
  await emitReview(parts, repository, pull, review, 'dismissed', sender);
}

async function emitReview(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  review: Review,
  action: string,
  sender: string,
): Promise<void> {
  // The webhook writes the state in lower case and leaves the size of the pull request out.
  const { merged, mergeable, rebaseable, mergeable_state, merged_by, ...rest } = await pullJson(
    parts.state,
    repository,
    pull,
    NOT_COMPUTED,
  );
  const { comments, review_comments, maintainer_can_modify, commits, additions, deletions, changed_files, ...short } =
    rest;
  emitRepositoryEvent(parts, repository, 'pull_request_review', action, sender, {
    review: { ...reviewJson(parts.state, repository, pull, review), state: review.state.toLowerCase() },
    pull_request: short,
  });
}

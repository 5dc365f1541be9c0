import type { components } from '@octokit/openapi-types';
import { accountJson, apiUrl } from './account-json.ts';
import { changedFiles, countCommits, mergeBase } from './git-store.ts';
import { associationOf, labelsOf } from './issue-json.ts';
import { repositoryJson } from './repository-json.ts';
import { fullName, type Pull, type Repository, type Review, repositoryById, type WorldState } from './world-state.ts';

type Schemas = components['schemas'];

/** Size of a pull request, as git counts it. */
export async function pullSize(repository: Repository, pull: Pull) {
  const from = (await mergeBase(repository.gitDir, pull.baseSha, pull.headSha)) ?? pull.baseSha;
  const files = await changedFiles(repository.gitDir, from, pull.headSha);
  return {
    files,
    commits: await countCommits(repository.gitDir, `${from}..${pull.headSha}`),
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
  };
}

export interface MergeView {
  readonly mergeable: boolean | null;
  readonly state: string;
  readonly mergeCommit: string | null;
}

/** A pull request as REST and webhooks show it. */
export async function pullJson(state: WorldState, repository: Repository, pull: Pull, view: MergeView) {
  const url = `${apiUrl(state)}/repos/${fullName(repository)}/pulls/${pull.number}`;
  const issueUrl = `${apiUrl(state)}/repos/${fullName(repository)}/issues/${pull.number}`;
  const html = `${state.url}/${fullName(repository)}/pull/${pull.number}`;
  const statuses = `${apiUrl(state)}/repos/${fullName(repository)}/statuses/${pull.headSha}`;
  const headRepository = repositoryById(state, pull.headRepositoryId);
  const size = await pullSize(repository, pull);
  const [assignee] = pull.assignees;
  return {
    id: pull.id,
    node_id: `PR_${pull.id}`,
    number: pull.number,
    url,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${apiUrl(state)}/repos/${fullName(repository)}/pulls/comments{/number}`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: statuses,
    state: pull.state,
    locked: false,
    active_lock_reason: null,
    title: pull.title,
    user: accountJson(state, pull.author),
    body: pull.body,
    labels: labelsOf(state, repository, pull.labels),
    milestone: null,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeCommitSha ?? view.mergeCommit,
    assignee: assignee === undefined ? null : accountJson(state, assignee),
    assignees: [...pull.assignees].map((login) => accountJson(state, login)),
    requested_reviewers: [],
    requested_teams: [],
    head: {
      label: `${headRepository.owner}:${pull.head}`,
      ref: pull.head,
      sha: pull.headSha,
      user: accountJson(state, headRepository.owner),
      repo: repositoryJson(state, headRepository),
    },
    base: {
      label: `${repository.owner}:${pull.base}`,
      ref: pull.base,
      sha: pull.baseSha,
      user: accountJson(state, repository.owner),
      repo: repositoryJson(state, repository),
    },
    _links: {
      self: { href: url },
      html: { href: html },
      issue: { href: issueUrl },
      comments: { href: `${issueUrl}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: `${apiUrl(state)}/repos/${fullName(repository)}/pulls/comments{/number}` },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses },
    },
    author_association: associationOf(state, repository, pull.author),
    auto_merge: null,
    draft: pull.draft,
    merged: pull.merged,
    mergeable: view.mergeable,
    rebaseable: view.mergeable,
    mergeable_state: view.state,
    merged_by: pull.mergedBy === null ? null : accountJson(state, pull.mergedBy),
    comments: [...repository.comments.values()].filter((one) => one.number === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: pull.headRepositoryId !== repository.id,
    commits: size.commits,
    additions: size.additions,
    deletions: size.deletions,
    changed_files: size.files.length,
  } satisfies Schemas['pull-request'];
}

function pullMinimalJson(state: WorldState, repository: Repository, pull: Pull) {
  const side = (one: Repository, ref: string, sha: string) => ({
    ref,
    sha,
    repo: { id: one.id, name: one.name, url: `${apiUrl(state)}/repos/${fullName(one)}` },
  });
  return {
    id: pull.id,
    number: pull.number,
    url: `${apiUrl(state)}/repos/${fullName(repository)}/pulls/${pull.number}`,
    head: side(repositoryById(state, pull.headRepositoryId), pull.head, pull.headSha),
    base: side(repository, pull.base, pull.baseSha),
  } satisfies Schemas['pull-request-minimal'];
}

/** Pull requests of the same repository whose head is this commit; forks are left out, as GitHub does in checks. */
export function pullsWithHead(state: WorldState, repository: Repository, sha: string) {
  return [...repository.pulls.values()]
    .filter((pull) => pull.state === 'open' && pull.headSha === sha && pull.headRepositoryId === repository.id)
    .map((pull) => pullMinimalJson(state, repository, pull));
}

export function reviewJson(state: WorldState, repository: Repository, pull: Pull, review: Review) {
  const html = `${state.url}/${fullName(repository)}/pull/${pull.number}`;
  const pullUrl = `${apiUrl(state)}/repos/${fullName(repository)}/pulls/${pull.number}`;
  return {
    id: review.id,
    node_id: `PRR_${review.id}`,
    user: accountJson(state, review.author),
    body: review.body,
    state: review.state,
    html_url: `${html}#pullrequestreview-${review.id}`,
    pull_request_url: pullUrl,
    _links: {
      html: { href: `${html}#pullrequestreview-${review.id}` },
      pull_request: { href: pullUrl },
    },
    submitted_at: review.submittedAt,
    commit_id: review.commitSha,
    author_association: associationOf(state, repository, review.author),
  } satisfies Schemas['pull-request-review'];
}

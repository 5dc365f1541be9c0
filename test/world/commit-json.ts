import type { components } from '@octokit/openapi-types';
import { accountJson, apiUrl } from './account-json.ts';
import type { ChangedFile, CommitFacts } from './git-store.ts';
import { fullName, type Repository, type WorldState } from './world-state.ts';

type Schemas = components['schemas'];

function loginOf(state: WorldState, email: string): string | undefined {
  return [...state.accounts.values()].find((one) => one.email === email)?.login;
}

export function commitJson(state: WorldState, repository: Repository, commit: CommitFacts): Schemas['commit'] {
  const base = `${apiUrl(state)}/repos/${fullName(repository)}`;
  const login = loginOf(state, commit.author.email);
  const person = { name: commit.author.name, email: commit.author.email, date: commit.author.date };
  return {
    sha: commit.sha,
    node_id: `C_${commit.sha}`,
    url: `${base}/commits/${commit.sha}`,
    html_url: `${state.url}/${fullName(repository)}/commit/${commit.sha}`,
    comments_url: `${base}/commits/${commit.sha}/comments`,
    commit: {
      url: `${base}/git/commits/${commit.sha}`,
      author: person,
      committer: person,
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: `${base}/git/trees/${commit.tree}` },
      verification: { verified: false, reason: 'unsigned', payload: null, signature: null, verified_at: null },
    },
    author: login === undefined ? null : accountJson(state, login),
    committer: login === undefined ? null : accountJson(state, login),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${base}/commits/${sha}`,
      html_url: `${state.url}/${fullName(repository)}/commit/${sha}`,
    })),
  };
}

/** `head_commit` of workflow runs and merge groups. */
export function simpleCommitJson(commit: CommitFacts): Schemas['simple-commit'] {
  const person = { name: commit.author.name, email: commit.author.email };
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: commit.author.date,
    author: person,
    committer: person,
  };
}

/** A commit in a push webhook, with the paths it touched. */
export function pushCommitJson(
  state: WorldState,
  repository: Repository,
  commit: CommitFacts,
  files: readonly ChangedFile[],
) {
  const login = loginOf(state, commit.author.email);
  const person = {
    name: commit.author.name,
    email: commit.author.email,
    date: commit.author.date,
    ...(login === undefined ? {} : { username: login }),
  };
  // A rename stands as one removal and one addition here.
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.author.date,
    url: `${state.url}/${fullName(repository)}/commit/${commit.sha}`,
    author: person,
    committer: person,
    added: files.filter((one) => one.status === 'added' || one.previousPath !== undefined).map((one) => one.path),
    removed: files.flatMap((one) =>
      one.status === 'removed' ? [one.path] : one.previousPath === undefined ? [] : [one.previousPath],
    ),
    modified: files.filter((one) => one.status === 'modified' || one.status === 'changed').map((one) => one.path),
  };
}

export function diffEntryJson(
  state: WorldState,
  repository: Repository,
  headSha: string,
  file: ChangedFile,
): Schemas['diff-entry'] {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${state.url}/${fullName(repository)}/blob/${headSha}/${path}`,
    raw_url: `${state.url}/${fullName(repository)}/raw/${headSha}/${path}`,
    contents_url: `${apiUrl(state)}/repos/${fullName(repository)}/contents/${path}?ref=${headSha}`,
    ...(file.previousPath === undefined ? {} : { previous_filename: file.previousPath }),
  };
}

import type { ChangedFile } from '../domain/change.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { GitHubClient } from './app-client.ts';
import { calling } from './github-failure.ts';
import { type RepositoryPath, readTree, type TreeFiles } from './repository-tree.ts';

/** Beyond this many files two trees are compared instead: three calls, however large the pull request is. */
const LISTED = 300;
const PAGE = 100;

export interface PullDiff {
  readonly number: number;
  readonly headSha: string;
  readonly baseSha: string;
  readonly headTreeSha: string | null;
  /** How many files GitHub counts. */
  readonly count: number;
  /** The first hundred, as GraphQL lists them: without the former name of a renamed file. */
  readonly first: readonly { readonly path: string; readonly changeType: string }[];
}

/** What a pull request changes, complete or unknown: a list shorter than GitHub's count is never taken as it is. */
export async function readChangedFiles(
  client: GitHubClient,
  repository: RepositoryPath,
  pull: PullDiff,
): Promise<Known<readonly ChangedFile[]>> {
  const renamed = pull.first.some(({ changeType }) => changeType === 'RENAMED');
  if (!renamed && pull.count === pull.first.length) {
    return known(pull.first.map(({ path, changeType }) => ({ path, status: statusFrom(changeType) })));
  }
  if (pull.count <= LISTED) {
    const listed = await listFiles(client, repository, pull);
    if (listed.length === pull.count) {
      return known(listed);
    }
  }
  return await compareTrees(client, repository, pull);
}

async function listFiles(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  pull: PullDiff,
): Promise<readonly ChangedFile[]> {
  const files: ChangedFile[] = [];
  for (let page = 1; page <= Math.ceil(pull.count / PAGE); page += 1) {
    const { data } = await calling(`list the files of #${pull.number}`, () =>
      client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}/files', {
        owner,
        repo: name,
        pull_number: pull.number,
        per_page: PAGE,
        page,
      }),
    );
    files.push(...data.map(fileFrom));
  }
  return files;
}

/** The difference of the head's tree and the tree where the branches parted. Renames show as removed and added. */
async function compareTrees(
  client: GitHubClient,
  repository: RepositoryPath,
  pull: PullDiff,
): Promise<Known<readonly ChangedFile[]>> {
  if (pull.headTreeSha === null) {
    return unknown('GitHub did not tell the tree of the head', true);
  }
  const { data } = await calling(`find where #${pull.number} left its base`, () =>
    client.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
      owner: repository.owner,
      repo: repository.name,
      basehead: `${pull.baseSha}...${pull.headSha}`,
      per_page: 1,
    }),
  );
  const before = await readTree(client, repository, data.merge_base_commit.commit.tree.sha);
  if (!before.known) {
    return before;
  }
  const after = await readTree(client, repository, pull.headTreeSha);
  return after.known ? known(treeDifference(before.value, after.value)) : after;
}

/** What changed from one tree to another, sorted by path. */
export function treeDifference(before: TreeFiles, after: TreeFiles): readonly ChangedFile[] {
  const changed: ChangedFile[] = [];
  for (const [path, content] of after) {
    const old = before.get(path);
    if (old !== content) {
      changed.push({ path, status: old === undefined ? 'added' : 'modified' });
    }
  }
  for (const path of before.keys()) {
    if (!after.has(path)) {
      changed.push({ path, status: 'removed' });
    }
  }
  return changed.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** A changed file as REST lists it. */
export function fileFrom(file: {
  readonly filename: string;
  readonly status: string;
  readonly previous_filename?: string;
}): ChangedFile {
  return {
    path: file.filename,
    status: statusFrom(file.status),
    ...(file.status === 'renamed' && file.previous_filename ? { previousPath: file.previous_filename } : {}),
  };
}

/** REST says it in lower case, GraphQL in upper case; a copy is a new file, a changed type a modification. */
function statusFrom(said: string): ChangedFile['status'] {
  switch (said.toLowerCase()) {
    case 'added':
    case 'copied':
      return 'added';
    case 'removed':
    case 'deleted':
      return 'removed';
    case 'renamed':
      return 'renamed';
    default:
      return 'modified';
  }
}

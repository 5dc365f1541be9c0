import type { ChangedFile } from '../domain/change.ts';
import { Failure } from '../domain/failure.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { GitHubClient } from './app-client.ts';
import { fileFrom, treeDifference } from './changed-files.ts';
import { calling } from './github-failure.ts';
import { lookUp } from './look-up.ts';
import { type RepositoryPath, readTree, type TreeCache, type TreeFiles } from './repository-tree.ts';

/** So many commits of the base are looked back to; what was planned on others counts as stale. */
const MAX_BASES = 5;
/** GitHub lists so many files of a comparison and does not say that there are more. */
const LISTED = 300;

export interface BaseMove {
  /** Commits of the base branch that something was planned on. */
  readonly since: readonly string[];
  /** The base of now; for a merged pull request, what it was merged onto. Null: GitHub does not tell. */
  readonly to: string | null;
}

/**
 * What changed on the base branch since each of these commits, complete or unknown. Usually one call for each; a comparison
 * that GitHub cuts or a base that was pushed with force costs two trees instead, and no answer is asked for twice.
 */
export async function readBaseFiles(
  client: GitHubClient,
  repository: RepositoryPath,
  { since, to }: BaseMove,
  cache: TreeCache,
): Promise<Readonly<Record<string, Known<readonly ChangedFile[]>>>> {
  const bases = [...new Set(since)];
  const found: Record<string, Known<readonly ChangedFile[]>> = {};
  let now: Known<TreeFiles> | undefined;
  const treeOfNow = async (sha: string) => {
    now ??= await treeAt(client, repository, sha);
    return now;
  };
  for (const [at, from] of bases.entries()) {
    if (to === null) {
      found[from] = unknown('GitHub did not tell what the pull request was merged onto', true);
    } else if (at >= MAX_BASES) {
      found[from] = unknown(`plans of this pull request were made on more than ${MAX_BASES} commits of the base`);
    } else {
      found[from] = await cache.changesBetween(repository, from, to, async () => {
        const listed = await listChanges(client, repository, from, to);
        return listed === null ? await compareTrees(client, repository, from, () => treeOfNow(to)) : known(listed);
      });
    }
  }
  return found;
}

/** GitHub's comparison, if it is the whole difference of the two commits; else null. */
async function listChanges(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  from: string,
  to: string,
): Promise<readonly ChangedFile[] | null> {
  try {
    // Paging is of the commits; the first page has the files of the whole comparison.
    const { data } = await calling(`compare ${from} with ${to}`, () =>
      client.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
        owner,
        repo: name,
        basehead: `${from}...${to}`,
        per_page: 1,
      }),
    );
    // The files are those since the commits parted. After a force-push that is not what was planned on.
    const files = data.merge_base_commit.sha === from ? (data.files ?? null) : null;
    return files === null || files.length >= LISTED ? null : files.map(fileFrom);
  } catch (error) {
    // A difference that is too large for GitHub is an error too, sometimes one of its servers; trees have no such limit.
    if (error instanceof Failure && error.code !== 'github-limited') {
      return null;
    }
    throw error;
  }
}

async function compareTrees(
  client: GitHubClient,
  repository: RepositoryPath,
  from: string,
  treeOfNow: () => Promise<Known<TreeFiles>>,
): Promise<Known<readonly ChangedFile[]>> {
  const after = await treeOfNow();
  if (!after.known) {
    return after;
  }
  const before = await treeAt(client, repository, from);
  return before.known ? known(treeDifference(before.value, after.value)) : before;
}

/** The files at a commit. GitHub forgets commits that no branch has any more. */
async function treeAt(client: GitHubClient, repository: RepositoryPath, sha: string): Promise<Known<TreeFiles>> {
  const tree = await lookUp(`read the files at ${sha}`, 'Plan again.', () => readTree(client, repository, sha));
  return tree.known ? tree.value : tree;
}

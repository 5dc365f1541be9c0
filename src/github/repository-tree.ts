import type { ChangedFile } from '../domain/change.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { GitHubClient } from './app-client.ts';
import { calling } from './github-failure.ts';

/** A repository as the REST routes name it. */
export interface RepositoryPath {
  readonly owner: string;
  readonly name: string;
}

/** A file of a tree: its path, and what it holds as one string that differs when content or mode differ. */
export type TreeFiles = ReadonlyMap<string, string>;

/** GitHub cuts a recursive tree at 100 000 entries or 7 MB; then it is walked, with no more calls than this. */
const WALK_CALLS = 60;

/** Every file below a tree. Unknown when GitHub cut the list and walking it would take too many calls. */
export async function readTree(
  client: GitHubClient,
  repository: RepositoryPath,
  treeSha: string,
): Promise<Known<TreeFiles>> {
  const files = new Map<string, string>();
  let calls = 0;
  const walk = async (sha: string, prefix: string): Promise<boolean> => {
    const whole = await fetchTree(client, repository, sha, true);
    calls += 1;
    if (!whole.truncated) {
      return take(whole.entries, prefix);
    }
    const level = await fetchTree(client, repository, sha, false);
    calls += 1;
    if (level.truncated) {
      return false;
    }
    take(level.entries, prefix);
    for (const entry of level.entries) {
      if (entry.type === 'tree' && (calls >= WALK_CALLS || !(await walk(entry.sha, `${prefix}${entry.path}/`)))) {
        return false;
      }
    }
    return true;
  };
  const take = (entries: readonly TreeEntry[], prefix: string) => {
    for (const entry of entries) {
      if (entry.type === 'blob') {
        files.set(`${prefix}${entry.path}`, `${entry.mode} ${entry.sha}`);
      }
    }
    return true;
  };
  return (await walk(treeSha, '')) ? known(files) : unknown('the repository has more files than GitHub lists');
}

interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
}

async function fetchTree(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  sha: string,
  recursive: boolean,
): Promise<{ readonly entries: readonly TreeEntry[]; readonly truncated: boolean }> {
  const { data } = await calling(`list the files of tree ${sha}`, () =>
    client.request('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', {
      owner,
      repo: name,
      tree_sha: sha,
      ...(recursive ? { recursive: '1' } : {}),
    }),
  );
  return { entries: data.tree, truncated: data.truncated };
}

/** Lists that never change: files of a tree, and what differs between two commits. Only their size is bounded. */
export interface TreeCache {
  readonly filesOf: (
    client: GitHubClient,
    repository: RepositoryPath,
    treeSha: string,
  ) => Promise<Known<readonly string[]>>;
  /** What `read` answers for these two commits; it is asked when that is not kept. */
  readonly changesBetween: (
    repository: RepositoryPath,
    from: string,
    to: string,
    read: () => Promise<Known<readonly ChangedFile[]>>,
  ) => Promise<Known<readonly ChangedFile[]>>;
}

/** Keep the lists used last, as long as those of each kind hold no more than `limit` paths in all. */
export function createTreeCache(limit = 200_000): TreeCache {
  const files = keepLists<string>(limit);
  const changes = keepLists<ChangedFile>(limit);
  // Names of a private tree must not leak into another repository through its SHA.
  const nameOf = ({ owner, name }: RepositoryPath) => `${owner}/${name}`;
  return {
    filesOf: (client, repository, treeSha) =>
      files(`${nameOf(repository)} ${treeSha}`, async () => {
        const tree = await readTree(client, repository, treeSha);
        return tree.known ? known([...tree.value.keys()]) : tree;
      }),
    changesBetween: (repository, from, to, read) => changes(`${nameOf(repository)} ${from}...${to}`, read),
  };
}

type Kept<T> = (key: string, read: () => Promise<Known<readonly T[]>>) => Promise<Known<readonly T[]>>;

function keepLists<T>(limit: number): Kept<T> {
  const kept = new Map<string, readonly T[]>();
  let size = 0;
  // A list of nothing takes room too.
  const sizeOf = (list: readonly T[]) => list.length + 1;
  return async (key, read) => {
    const found = kept.get(key);
    if (found !== undefined) {
      kept.delete(key);
      kept.set(key, found);
      return known(found);
    }
    const answer = await read();
    if (!answer.known) {
      return answer;
    }
    if (!kept.has(key)) {
      kept.set(key, answer.value);
      size += sizeOf(answer.value);
    }
    for (const [oldest, list] of kept) {
      if (size <= limit) {
        break;
      }
      kept.delete(oldest);
      size -= sizeOf(list);
    }
    return answer;
  };
}

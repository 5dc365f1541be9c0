import type { GitHubWrite, WriteResult } from '../domain/github-write.ts';
import type { GitHubClient } from './app-client.ts';
import type { RepositoryPath } from './repository-tree.ts';
import { attempt, dead, type WriteContext } from './write-attempt.ts';

type Merge = Extract<GitHubWrite, { write: 'merge' }>;

/**
 * Merge exactly the commit that was decided on, with no bypass: GitHub refuses when the head has moved or a rule of the
 * branch is not met. Merged already is as good.
 */
export async function deliverMerge(
  client: GitHubClient,
  repository: RepositoryPath,
  write: Merge,
  context: WriteContext,
): Promise<WriteResult> {
  const { owner, name } = repository;
  if (!context.uncertain || !(await isMerged(client, repository, write.pull))) {
    const refused = await merge(client, repository, write);
    if (refused !== null) {
      return refused;
    }
  }
  if (write.deleteBranch !== null) {
    const ref = `heads/${write.deleteBranch}`;
    // A branch that is gone or protected does not make the merge undone.
    await attempt(`delete branch ${write.deleteBranch}`, () =>
      client.request('DELETE /repos/{owner}/{repo}/git/refs/{ref}', { owner, repo: name, ref }),
    );
  }
  return { ok: true };
}

const METHODS = ['merge', 'squash', 'rebase'] as const;

/** Null: it is merged. */
async function merge(client: GitHubClient, repository: RepositoryPath, write: Merge): Promise<WriteResult | null> {
  const what = `merge #${write.pull}`;
  let refused: WriteResult | null = null;
  for (const method of write.method === 'auto' ? METHODS : [write.method]) {
    const sent = await attempt(what, () =>
      client.request('PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', {
        owner: repository.owner,
        repo: repository.name,
        pull_number: write.pull,
        sha: write.sha,
        merge_method: method,
        ...(write.title === null ? {} : { commit_title: write.title }),
      }),
    );
    if (sent.ok) {
      return null;
    }
    // 405 is every "not now, not so": merged already, a rule that is not met, and a method that is not allowed here.
    if (refused === null && sent.status === 405 && (await isMerged(client, repository, write.pull))) {
      return null;
    }
    // What GitHub said of the first method stays the answer when no other does it either.
    refused ??= dead(what, sent);
    if (sent.status !== 405) {
      break;
    }
  }
  return refused;
}

async function isMerged(client: GitHubClient, { owner, name }: RepositoryPath, pull: number): Promise<boolean> {
  const sent = await attempt(`see whether #${pull} is merged`, () =>
    client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', { owner, repo: name, pull_number: pull }),
  );
  return sent.ok && sent.data.merged;
}

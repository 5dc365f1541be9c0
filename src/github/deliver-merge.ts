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
    const what = `merge #${write.pull}`;
    const sent = await attempt(what, () =>
      client.request('PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', {
        owner,
        repo: name,
        pull_number: write.pull,
        sha: write.sha,
        merge_method: write.method,
        ...(write.title === null ? {} : { commit_title: write.title }),
      }),
    );
    if (!sent.ok && !(sent.status === 405 && (await isMerged(client, repository, write.pull)))) {
      return dead(what, sent);
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

async function isMerged(client: GitHubClient, { owner, name }: RepositoryPath, pull: number): Promise<boolean> {
  const sent = await attempt(`see whether #${pull} is merged`, () =>
    client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', { owner, repo: name, pull_number: pull }),
  );
  return sent.ok && sent.data.merged;
}

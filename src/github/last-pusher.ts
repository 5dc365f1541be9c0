import type { Actor } from '../domain/event.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { GitHubClient } from './app-client.ts';
import { lookUp } from './look-up.ts';
import type { RepositoryPath } from './repository-tree.ts';

/**
 * Who pushed a commit to a branch; null when nobody who is signed in did (a deploy key). Commits name their author, which
 * anybody can write; the activity names who was signed in. Unknown when GitHub's list does not reach back to the push.
 */
export async function readLastPusher(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  branch: string,
  headSha: string,
): Promise<Known<Actor | null>> {
  const found = await lookUp(`read who pushed ${headSha}`, 'The App needs `contents: read`.', async () => {
    const { data } = await client.request('GET /repos/{owner}/{repo}/activity', {
      owner,
      repo: name,
      ref: `refs/heads/${branch}`,
      per_page: 30,
    });
    return data.find((activity) => activity.after === headSha);
  });
  if (!found.known) {
    return found;
  }
  if (found.value === undefined) {
    return unknown(`GitHub does not list who pushed ${headSha}`, true);
  }
  const { actor } = found.value;
  return known(actor === null ? null : { id: Number(actor.id), login: actor.login, bot: actor.type === 'Bot' });
}

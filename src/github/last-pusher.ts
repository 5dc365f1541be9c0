import type { Actor } from '../domain/event.ts';
import type { Known } from '../domain/known.ts';
import type { GitHubClient } from './app-client.ts';
import { lookUp } from './look-up.ts';
import type { RepositoryPath } from './repository-tree.ts';

/**
 * Who pushed a commit to a branch; null when GitHub's list of activity does not reach back to it. Commits name their
 * author, which anybody can write; the activity names who was signed in.
 */
export async function readLastPusher(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  branch: string,
  headSha: string,
): Promise<Known<Actor | null>> {
  return await lookUp(`read who pushed ${headSha}`, 'The App needs `contents: read`.', async () => {
    const { data } = await client.request('GET /repos/{owner}/{repo}/activity', {
      owner,
      repo: name,
      ref: `refs/heads/${branch}`,
      per_page: 30,
    });
    const actor = data.find((activity) => activity.after === headSha)?.actor;
    return actor ? { id: Number(actor.id), login: actor.login, bot: actor.type === 'Bot' } : null;
  });
}

import { type Known, known, unknown } from '../domain/known.ts';
import type { GitHubClient } from './app-client.ts';
import { lookUp } from './look-up.ts';
import type { RepositoryPath } from './repository-tree.ts';

const PER_PAGE = 100;
const MAX_PAGES = 3;

/** The names of all environments of a repository; unknown when the App may not read them, or when there are too many. Throws a Failure. */
export async function readEnvironments(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
): Promise<Known<readonly string[]>> {
  const listed = await lookUp('list the environments', 'The App needs `actions: write`.', async () => {
    const names: string[] = [];
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const { data } = await client.request('GET /repos/{owner}/{repo}/environments', {
        owner,
        repo: name,
        per_page: PER_PAGE,
        page,
      });
      const found = data.environments ?? [];
      names.push(...found.map((environment) => environment.name));
      if (found.length < PER_PAGE) {
        return names;
      }
    }
    return null;
  });
  if (!listed.known) {
    return listed;
  }
  return listed.value === null
    ? unknown(`the repository has more than ${MAX_PAGES * PER_PAGE} environments`, true)
    : known(listed.value);
}

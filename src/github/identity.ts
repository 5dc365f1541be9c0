import type { GitHubApp, GitHubClient } from './app-client.ts';
import { calling } from './github-failure.ts';

/** Who we are on GitHub. The bot is the account that our comments, checks and dispatches are put down to. */
export interface Identity {
  readonly slug: string;
  readonly botId: number;
  readonly botLogin: string;
}

/**
 * Ask GitHub who we are. The route for the bot's id does not take the App's own token, so it is asked as any installation
 * that has one to give, else without a token. Throws a Failure.
 */
export async function readIdentity(app: GitHubApp): Promise<Identity> {
  const client = await app.appClient();
  const { data: self } = await calling('read the App', () => client.request('GET /app'));
  const { data: installations } = await calling('list the installations', () =>
    client.request('GET /app/installations', { per_page: 10 }),
  );
  const active = installations.find(({ suspended_at }) => suspended_at === null);
  const asking = active === undefined ? app.publicClient() : await app.installationClient(Number(active.id));
  const slug = self?.slug ?? '';
  return { slug, ...(await readBot(asking, `${slug}[bot]`)) };
}

async function readBot(client: GitHubClient, botLogin: string) {
  const { data } = await calling(`read the account ${botLogin}`, () =>
    client.request('GET /users/{username}', { username: botLogin }),
  );
  return { botId: Number(data.id), botLogin };
}

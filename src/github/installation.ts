import type { RepositorySeen } from '../domain/event.ts';
import type { GitHubClient } from './app-client.ts';
import { calling, statusOf } from './github-failure.ts';

/** An installation as GitHub knows it now. */
export interface InstallationSeen {
  readonly installationId: number;
  readonly account: { readonly id: number; readonly login: string; readonly type: string };
  readonly suspended: boolean;
}

/** An installation that we were not told of (its delivery was lost); null when GitHub does not know it either. Throws a Failure. */
export async function readInstallation(
  appClient: GitHubClient,
  installationId: number,
): Promise<InstallationSeen | null> {
  return await calling(`read installation ${installationId}`, async () => {
    try {
      const { data } = await appClient.request('GET /app/installations/{installation_id}', {
        installation_id: installationId,
      });
      const { account } = data;
      if (account === null) {
        return null;
      }
      const login = 'login' in account ? account.login : account.slug;
      const type = 'type' in account && typeof account.type === 'string' ? account.type : 'Organization';
      return {
        installationId: Number(data.id),
        account: { id: Number(account.id), login, type },
        suspended: data.suspended_at !== null,
      };
    } catch (error) {
      if (statusOf(error) === 404) {
        return null;
      }
      throw error;
    }
  });
}

/** Every repository that an installation may touch, by the client of that installation. Throws a Failure. */
export async function listRepositories(client: GitHubClient): Promise<readonly RepositorySeen[]> {
  const found: RepositorySeen[] = [];
  for (let page = 1; ; page += 1) {
    const { data } = await calling('list the repositories of the installation', () =>
      client.request('GET /installation/repositories', { per_page: 100, page }),
    );
    for (const repository of data.repositories) {
      found.push({ repositoryId: Number(repository.id), owner: repository.owner.login, name: repository.name });
    }
    if (data.repositories.length < 100) {
      return found;
    }
  }
}

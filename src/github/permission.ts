import type { Known } from '../domain/known.ts';
import type { Permission } from '../domain/snapshot.ts';
import type { GitHubClient } from './app-client.ts';
import { statusOf } from './github-failure.ts';
import { lookUp } from './look-up.ts';
import type { RepositoryPath } from './repository-tree.ts';

/** What somebody may do in a repository right now. Somebody GitHub does not know there may do nothing. */
export async function readPermission(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  login: string,
): Promise<Known<Permission>> {
  return await lookUp(`read the permission of ${login}`, 'The App needs `metadata: read`.', async () => {
    try {
      const { data } = await client.request('GET /repos/{owner}/{repo}/collaborators/{username}/permission', {
        owner,
        repo: name,
        username: login,
      });
      return permissionFrom(data.permission, data.user?.permissions);
    } catch (error) {
      if (statusOf(error) === 404) {
        return 'none';
      }
      throw error;
    }
  });
}

/** The flags tell maintain from write and triage from read, and hold for custom roles too; `permission` does not. */
function permissionFrom(
  permission: string,
  flags?: { admin?: boolean; maintain?: boolean; push?: boolean; triage?: boolean; pull?: boolean },
): Permission {
  if (flags !== undefined) {
    const { admin, maintain, push, triage, pull } = flags;
    return admin ? 'admin' : maintain ? 'maintain' : push ? 'write' : triage ? 'triage' : pull ? 'read' : 'none';
  }
  return permission === 'admin' || permission === 'write' || permission === 'read' ? permission : 'none';
}

export interface TeamQuestion {
  readonly org: string;
  readonly slug: string;
  readonly login: string;
}

/** Is somebody an active member of a team? An invitation that was not accepted is no membership. */
export async function readTeamMembership(client: GitHubClient, team: TeamQuestion): Promise<Known<boolean>> {
  return await lookUp(`read the members of ${team.org}/${team.slug}`, 'The App needs `members: read`.', async () => {
    try {
      const { data } = await client.request('GET /orgs/{org}/teams/{team_slug}/memberships/{username}', {
        org: team.org,
        team_slug: team.slug,
        username: team.login,
      });
      return data.state === 'active';
    } catch (error) {
      if (statusOf(error) === 404) {
        return false;
      }
      throw error;
    }
  });
}

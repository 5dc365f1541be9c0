import type { components } from '@octokit/openapi-types';
import type { Account } from './accounts.ts';
import { accountOf, type Installation, isoSeconds, type WorldState } from './world-state.ts';

type Schemas = components['schemas'];

/** Address of the REST API, as URLs in answers carry it. */
export function apiUrl(state: WorldState): string {
  return `${state.url}/api/v3`;
}

export function accountJson(state: WorldState, login: string): Schemas['simple-user'] & { type: Account['type'] } {
  const account = accountOf(state, login);
  const url = `${apiUrl(state)}/users/${encodeURIComponent(login)}`;
  return {
    login: account.login,
    id: account.id,
    node_id: account.nodeId,
    avatar_url: `${state.url}/avatars/${account.id}`,
    gravatar_id: '',
    url,
    html_url: `${state.url}/${account.type === 'Bot' ? `apps/${state.app.slug}` : account.login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    user_view_type: 'public',
    site_admin: false,
  };
}

export function organizationJson(state: WorldState, login: string) {
  const account = accountOf(state, login);
  const url = `${apiUrl(state)}/orgs/${login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: account.nodeId,
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${state.url}/avatars/${account.id}`,
    description: '',
  };
}

export function appJson(state: WorldState): NonNullable<Schemas['integration']> {
  const { app } = state;
  const created = isoSeconds(state.startedAt);
  return {
    id: app.id,
    slug: app.slug,
    client_id: app.clientId,
    node_id: `A_${app.id}`,
    owner: accountJson(state, app.owner),
    name: app.name,
    description: '',
    external_url: 'https://example.com',
    html_url: `${state.url}/apps/${app.slug}`,
    created_at: created,
    updated_at: created,
    permissions: { ...app.permissions },
    events: [...app.events],
    installations_count: [...state.installations.values()].filter((one) => !one.deleted).length,
  };
}

export function installationJson(state: WorldState, installation: Installation): Schemas['installation'] {
  const account = accountOf(state, installation.account);
  const url = `${apiUrl(state)}/app/installations/${installation.id}`;
  return {
    id: installation.id,
    account: accountJson(state, installation.account),
    repository_selection: installation.selection,
    access_tokens_url: `${url}/access_tokens`,
    repositories_url: `${apiUrl(state)}/installation/repositories`,
    html_url: `${state.url}/organizations/${account.login}/settings/installations/${installation.id}`,
    app_id: state.app.id,
    app_slug: state.app.slug,
    client_id: state.app.clientId,
    target_id: account.id,
    target_type: account.type,
    permissions: { ...installation.permissions },
    events: [...installation.events],
    created_at: installation.createdAt,
    updated_at: installation.createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: installation.suspendedAt === null ? null : accountJson(state, installation.account),
    suspended_at: installation.suspendedAt,
  };
}

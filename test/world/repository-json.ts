import type { components } from '@octokit/openapi-types';
import { accountJson, apiUrl } from './account-json.ts';
import { accountOf, fullName, type Repository, type WorldState } from './world-state.ts';

type Schemas = components['schemas'];

function repositoryUrls(state: WorldState, repository: Repository) {
  const url = `${apiUrl(state)}/repos/${fullName(repository)}`;
  const html = `${state.url}/${fullName(repository)}`;
  return {
    url,
    html_url: html,
    archive_url: `${url}/{archive_format}{/ref}`,
    assignees_url: `${url}/assignees{/user}`,
    blobs_url: `${url}/git/blobs{/sha}`,
    branches_url: `${url}/branches{/branch}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    comments_url: `${url}/comments{/number}`,
    commits_url: `${url}/commits{/sha}`,
    compare_url: `${url}/compare/{base}...{head}`,
    contents_url: `${url}/contents/{+path}`,
    contributors_url: `${url}/contributors`,
    deployments_url: `${url}/deployments`,
    downloads_url: `${url}/downloads`,
    events_url: `${url}/events`,
    forks_url: `${url}/forks`,
    git_commits_url: `${url}/git/commits{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    hooks_url: `${url}/hooks`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    issue_events_url: `${url}/issues/events{/number}`,
    issues_url: `${url}/issues{/number}`,
    keys_url: `${url}/keys{/key_id}`,
    labels_url: `${url}/labels{/name}`,
    languages_url: `${url}/languages`,
    merges_url: `${url}/merges`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    pulls_url: `${url}/pulls{/number}`,
    releases_url: `${url}/releases{/id}`,
    stargazers_url: `${url}/stargazers`,
    statuses_url: `${url}/statuses/{sha}`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    tags_url: `${url}/tags`,
    teams_url: `${url}/teams`,
    trees_url: `${url}/git/trees{/sha}`,
  };
}

/** The short form that stands in workflow runs. */
export function minimalRepositoryJson(state: WorldState, repository: Repository) {
  return {
    id: repository.id,
    node_id: repository.nodeId,
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
    owner: accountJson(state, repository.owner),
    description: null,
    fork: repository.forkOf !== undefined,
    ...repositoryUrls(state, repository),
  } satisfies Schemas['minimal-repository'];
}

/** The form inside pull requests and webhooks. */
export function repositoryJson(state: WorldState, repository: Repository) {
  const host = new URL(state.url).host;
  const visibility: 'private' | 'public' = repository.private ? 'private' : 'public';
  const open = [...repository.issues.values(), ...repository.pulls.values()].filter((one) => one.state === 'open');
  return {
    ...minimalRepositoryJson(state, repository),
    git_url: `git://${host}/${fullName(repository)}.git`,
    ssh_url: `git@${host}:${fullName(repository)}.git`,
    clone_url: `${state.url}/${fullName(repository)}.git`,
    svn_url: `${state.url}/${fullName(repository)}`,
    mirror_url: null,
    homepage: null,
    language: 'HCL',
    license: null,
    size: 1,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    open_issues: open.length,
    open_issues_count: open.length,
    default_branch: repository.defaultBranch,
    is_template: false,
    topics: [],
    has_issues: true,
    has_projects: true,
    has_wiki: false,
    has_pages: false,
    has_downloads: true,
    has_discussions: false,
    archived: repository.archived,
    disabled: false,
    visibility,
    web_commit_signoff_required: false,
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
    pushed_at: repository.createdAt,
    allow_forking: true,
  } satisfies Schemas['repository'];
}

/** What `GET /repos/{owner}/{repo}` answers. */
export function fullRepositoryJson(state: WorldState, repository: Repository): Schemas['full-repository'] {
  const isOrganization = accountOf(state, repository.owner).type === 'Organization';
  return {
    ...repositoryJson(state, repository),
    subscribers_count: 0,
    network_count: 0,
    allow_squash_merge: true,
    allow_merge_commit: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
    permissions: { admin: false, maintain: false, push: false, triage: false, pull: false },
    ...(isOrganization ? { organization: accountJson(state, repository.owner) } : {}),
  };
}

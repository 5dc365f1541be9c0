import type { components } from '@octokit/openapi-types';
import { accountJson, apiUrl, appJson } from './account-json.ts';
import { pullsWithHead } from './pull-json.ts';
import { minimalRepositoryJson } from './repository-json.ts';
import { type CheckRun, type CommitStatus, fullName, type Repository, type WorldState } from './world-state.ts';

type Schemas = components['schemas'];

/** The App that owns a check; checks of others (GitHub Actions, other CI) carry an id of their own. */
function checkApp(state: WorldState, appId: number): NonNullable<Schemas['integration']> {
  const ours = appJson(state);
  if (appId === state.app.id) {
    return ours;
  }
  const slug = appId === ACTIONS_APP_ID ? 'github-actions' : `app-${appId}`;
  return {
    ...ours,
    id: appId,
    slug,
    node_id: `A_${appId}`,
    name: slug,
    client_id: `Iv1.${appId}`,
    permissions: {},
    events: [],
  };
}

/** The id under which GitHub Actions reports on github.com. */
export const ACTIONS_APP_ID = 15368;

export function checkAppSlug(state: WorldState, appId: number): string {
  return checkApp(state, appId).slug ?? '';
}

export function checkRunJson(state: WorldState, repository: Repository, check: CheckRun) {
  const url = `${apiUrl(state)}/repos/${fullName(repository)}/check-runs/${check.id}`;
  return {
    id: check.id,
    name: check.name,
    node_id: `CR_${check.id}`,
    head_sha: check.headSha,
    external_id: check.externalId,
    url,
    html_url: `${state.url}/${fullName(repository)}/runs/${check.id}`,
    details_url: check.detailsUrl,
    status: check.status,
    conclusion: check.conclusion,
    started_at: check.startedAt,
    completed_at: check.completedAt,
    output: {
      title: check.title,
      summary: check.summary,
      text: check.text,
      annotations_count: check.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: check.suiteId },
    app: checkApp(state, check.appId),
    pull_requests: pullsWithHead(state, repository, check.headSha),
  } satisfies Schemas['check-run'];
}

/** The check as webhooks carry it: with the whole suite. */
export function checkRunEventJson(state: WorldState, repository: Repository, check: CheckRun) {
  const suite = `${apiUrl(state)}/repos/${fullName(repository)}/check-suites/${check.suiteId}`;
  const branch = [...repository.pulls.values()].find((pull) => pull.headSha === check.headSha)?.head ?? null;
  const { pull_requests, app, ...rest } = checkRunJson(state, repository, check);
  return {
    ...rest,
    app,
    pull_requests,
    check_suite: {
      id: check.suiteId,
      node_id: `CS_${check.suiteId}`,
      head_branch: branch,
      head_sha: check.headSha,
      status: check.status,
      conclusion: check.conclusion,
      url: suite,
      before: null,
      after: check.headSha,
      pull_requests,
      app,
      repository: minimalRepositoryJson(state, repository),
      created_at: check.startedAt,
      updated_at: check.completedAt ?? check.startedAt,
    },
  };
}

export function statusJson(state: WorldState, repository: Repository, status: CommitStatus) {
  return {
    id: status.id,
    node_id: `SC_${status.id}`,
    url: `${apiUrl(state)}/repos/${fullName(repository)}/statuses/${status.sha}`,
    avatar_url: null,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    creator: accountJson(state, status.creator),
  } satisfies Schemas['status'];
}

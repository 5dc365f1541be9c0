import type { Hono } from 'hono';
import { accountJson, apiUrl } from './account-json.ts';
import { ApiError, notFound } from './api-error.ts';
import { page, type RepositoryCall, repositoryRoutes } from './api-route.ts';
import { recordIn, requiredText } from './request-body.ts';
import { jobJson, runJson, workflowJson } from './run-json.ts';
import { progress, stop } from './run-progress.ts';
import { createDispatchedRun, listWorkflows, workflowNamed } from './workflow-dispatch.ts';
import type { WorkflowRun } from './workflow-run.ts';
import type { WorldParts } from './world-parts.ts';
import { type Environment, fullName, type Repository } from './world-state.ts';

const READ = { actions: 'read' } as const;
const WRITE = { actions: 'write' } as const;

export function serveActions(api: Hono, parts: WorldParts): void {
  const { state } = parts;
  const route = repositoryRoutes(api, parts);
  const url = (call: RepositoryCall, rest: string) => `${apiUrl(state)}/repos/${fullName(call.repository)}${rest}`;
  const runAt = (call: RepositoryCall): WorkflowRun => {
    const run = state.runs.get(call.number('id'));
    if (run === undefined || run.repositoryId !== call.repository.id) {
      throw notFound();
    }
    return run;
  };

  route('POST', '/actions/workflows/:workflow/dispatches', WRITE, async (call) => {
    const ref = requiredText(call.body, 'ref');
    const inputs = recordIn(call.body, 'inputs') ?? {};
    const dispatched = await createDispatchedRun(parts, call.repository, {
      workflow: call.param('workflow'),
      ref,
      inputs,
      actor: state.app.bot.login,
    });
    parts.background(progress(parts, dispatched));
    if (call.body.return_run_details !== true) {
      return { status: 204 };
    }
    const { id } = dispatched.run;
    return {
      json: {
        workflow_run_id: id,
        run_url: url(call, `/actions/runs/${id}`),
        html_url: `${state.url}/${fullName(call.repository)}/actions/runs/${id}`,
      },
    };
  });

  route('GET', '/actions/workflows', READ, async (call) => {
    const known = await listWorkflows(parts, call.repository);
    const described = known.map((one) => workflowJson(state, call.repository, one));
    return page(call, described, url(call, '/actions/workflows'), (workflows) => ({
      total_count: known.length,
      workflows,
    }));
  });
  route('GET', '/actions/workflows/:workflow', READ, async (call) => ({
    json: workflowJson(state, call.repository, await workflowNamed(parts, call.repository, call.param('workflow'))),
  }));

  const list = (call: RepositoryCall, runs: readonly WorkflowRun[], path: string) => {
    const found = runs.filter((run) => matches(call, run)).toReversed();
    const described = found.map((run) => runJson(state, call.repository, run));
    return page(call, described, url(call, path), (workflow_runs) => ({ total_count: found.length, workflow_runs }));
  };
  const runsOf = (repository: Repository) =>
    [...state.runs.values()].filter((run) => run.repositoryId === repository.id);
  route('GET', '/actions/workflows/:workflow/runs', READ, async (call) => {
    const workflow = await workflowNamed(parts, call.repository, call.param('workflow'));
    const runs = runsOf(call.repository).filter((run) => run.workflowId === workflow.id);
    return list(call, runs, `/actions/workflows/${call.param('workflow')}/runs`);
  });
  route('GET', '/actions/runs', READ, (call) => list(call, runsOf(call.repository), '/actions/runs'));
  route('GET', '/actions/runs/:id', READ, async (call) => ({
    json: runJson(state, call.repository, runAt(call)),
  }));
  route('GET', '/actions/runs/:id/jobs', READ, (call) => {
    const run = runAt(call);
    const jobs = run.conclusion === 'startup_failure' ? [] : [jobJson(state, call.repository, run)];
    return page(call, jobs, url(call, `/actions/runs/${run.id}/jobs`), (page_jobs) => ({
      total_count: jobs.length,
      jobs: page_jobs,
    }));
  });
  const cancel = (call: RepositoryCall) => {
    const run = runAt(call);
    if (run.status === 'completed') {
      throw new ApiError(409, 'Cannot cancel a workflow run that is completed.');
    }
    parts.background(stop(parts, run));
    return { status: 202, json: {} };
  };
  route('POST', '/actions/runs/:id/cancel', WRITE, cancel);
  route('POST', '/actions/runs/:id/force-cancel', WRITE, cancel);

  const environmentJson = (repository: Repository, environment: Environment) => ({
    id: environment.id,
    node_id: `EN_${environment.id}`,
    name: environment.name,
    url: `${apiUrl(state)}/repos/${fullName(repository)}/environments/${encodeURIComponent(environment.name)}`,
    html_url: `${state.url}/${fullName(repository)}/deployments/activity_log?environments_filter=${environment.name}`,
    created_at: environment.createdAt,
    updated_at: environment.createdAt,
    protection_rules:
      environment.reviewers.length === 0
        ? []
        : [
            {
              id: environment.id,
              node_id: `GA_${environment.id}`,
              type: 'required_reviewers',
              prevent_self_review: false,
              reviewers: environment.reviewers.map((login) => ({ type: 'User', reviewer: accountJson(state, login) })),
            },
          ],
    deployment_branch_policy: null,
  });
  route('GET', '/environments', READ, (call) => {
    const all = [...call.repository.environments.values()].map((one) => environmentJson(call.repository, one));
    return page(call, all, url(call, '/environments'), (environments) => ({ total_count: all.length, environments }));
  });
  route('GET', '/environments/:name', READ, (call) => {
    const found = call.repository.environments.get(call.param('name'));
    if (found === undefined) {
      throw notFound();
    }
    return { json: environmentJson(call.repository, found) };
  });
}

function matches(call: RepositoryCall, run: WorkflowRun): boolean {
  const { query } = call;
  const status = query('status');
  return (
    (query('event') ?? run.event) === run.event &&
    (query('branch') ?? run.headBranch) === run.headBranch &&
    (query('actor') ?? run.actor) === run.actor &&
    (query('head_sha') ?? run.headSha) === run.headSha &&
    (status === undefined || status === run.status || status === run.conclusion) &&
    createdMatches(query('created'), run.createdAt)
  );
}

/** `created` takes `>=`, `<=`, `>`, `<`, a range `a..b`, or a day. */
function createdMatches(filter: string | undefined, createdAt: string): boolean {
  if (filter === undefined) {
    return true;
  }
  const at = Date.parse(createdAt);
  const range = filter.split('..');
  if (range.length === 2) {
    const [from = '*', to = '*'] = range;
    return (from === '*' || at >= Date.parse(from)) && (to === '*' || at <= Date.parse(to));
  }
  const [, sign = '', text = ''] = /^([<>]=?)?(.*)$/.exec(filter) ?? [];
  const limit = Date.parse(text);
  switch (sign) {
    case '>=':
      return at >= limit;
    case '>':
      return at > limit;
    case '<=':
      return at <= limit;
    case '<':
      return at < limit;
    default:
      return createdAt.startsWith(text);
  }
}

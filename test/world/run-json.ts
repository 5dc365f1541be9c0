import type { components } from '@octokit/openapi-types';
import { accountJson, apiUrl } from './account-json.ts';
import { simpleCommitJson } from './commit-json.ts';
import { minimalRepositoryJson } from './repository-json.ts';
import type { WorkflowRun } from './workflow-run.ts';
import { fullName, type Repository, type WorldState } from './world-state.ts';

type Schemas = components['schemas'];

export function runJson(state: WorldState, repository: Repository, run: WorkflowRun) {
  const base = `${apiUrl(state)}/repos/${fullName(repository)}`;
  const url = `${base}/actions/runs/${run.id}`;
  return {
    id: run.id,
    name: run.workflowName,
    node_id: `WFR_${run.id}`,
    check_suite_id: run.suiteId,
    check_suite_node_id: `CS_${run.suiteId}`,
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.workflowPath,
    display_title: run.displayTitle,
    run_number: run.runNumber,
    run_attempt: run.runAttempt,
    referenced_workflows: [],
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    url,
    html_url: `${state.url}/${fullName(repository)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    run_started_at: run.startedAt,
    actor: accountJson(state, run.actor),
    triggering_actor: accountJson(state, run.actor),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${base}/check-suites/${run.suiteId}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: null,
    workflow_url: `${base}/actions/workflows/${run.workflowId}`,
    head_commit: simpleCommitJson(run.headCommit),
    repository: minimalRepositoryJson(state, repository),
    head_repository: minimalRepositoryJson(state, repository),
  } satisfies Schemas['workflow-run'];
}

export function jobJson(state: WorldState, repository: Repository, run: WorkflowRun) {
  const base = `${apiUrl(state)}/repos/${fullName(repository)}`;
  const { job } = run;
  const assigned = job.status === 'in_progress' || job.status === 'completed';
  return {
    id: job.id,
    run_id: run.id,
    run_url: `${base}/actions/runs/${run.id}`,
    run_attempt: run.runAttempt,
    node_id: `CR_${job.id}`,
    head_sha: run.headSha,
    head_branch: run.headBranch,
    url: `${base}/actions/jobs/${job.id}`,
    html_url: `${state.url}/${fullName(repository)}/actions/runs/${run.id}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion === 'startup_failure' ? ('failure' as const) : job.conclusion,
    created_at: run.createdAt,
    started_at: job.startedAt,
    completed_at: job.completedAt,
    name: job.name,
    steps: [],
    check_run_url: `${base}/check-runs/${job.id}`,
    labels: [...job.labels],
    runner_id: assigned ? 1 : null,
    runner_name: assigned ? 'world-runner' : null,
    runner_group_id: assigned ? 1 : null,
    runner_group_name: assigned ? 'Default' : null,
    workflow_name: run.workflowName,
  } satisfies Schemas['job'];
}

export function workflowJson(
  state: WorldState,
  repository: Repository,
  workflow: { readonly id: number; readonly path: string; readonly name: string },
) {
  return {
    id: workflow.id,
    node_id: `W_${workflow.id}`,
    name: workflow.name,
    path: workflow.path,
    state: 'active' as const,
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
    url: `${apiUrl(state)}/repos/${fullName(repository)}/actions/workflows/${workflow.id}`,
    html_url: `${state.url}/${fullName(repository)}/blob/${repository.defaultBranch}/${workflow.path}`,
    badge_url: `${state.url}/${fullName(repository)}/workflows/${encodeURIComponent(workflow.name)}/badge.svg`,
  } satisfies Schemas['workflow'];
}

import { ACTIONS_APP_ID } from './check-json.ts';
import { emitCheck } from './check-life.ts';
import { timestamp } from './mergeability.ts';
import { jobJson, runJson, workflowJson } from './run-json.ts';
import { interruptJob, killGroup, runJobProcess } from './runner-process.ts';
import { emitRepositoryEvent } from './webhook-event.ts';
import type { Dispatched } from './workflow-dispatch.ts';
import type { RunConclusion, WorkflowRun } from './workflow-run.ts';
import type { WorldParts } from './world-parts.ts';
import { type CheckRun, type Repository, repositoryById } from './world-state.ts';

const FILES = new WeakMap<WorkflowRun, Dispatched['file']>();

/** Take a run from queued to wherever its orders, its environment and its runner lead it. */
export async function progress(parts: WorldParts, dispatched: Dispatched): Promise<void> {
  const { run } = dispatched;
  FILES.set(run, dispatched.file);
  const repository = repositoryById(parts.state, run.repositoryId);
  const order = parts.orders.take(run);
  emitRun(parts, repository, run, 'requested');
  if (order?.kind === 'startup-failure') {
    settle(parts, run, 'startup_failure');
    return;
  }
  openJobCheck(parts, repository, run);
  if (mustWait(parts, repository, run, order?.kind === 'wait-for-approval')) {
    run.status = 'waiting';
    run.job.status = 'waiting';
    emitJob(parts, repository, run, 'waiting');
    return;
  }
  if (run.environment !== undefined && !repository.environments.has(run.environment)) {
    run.output += `[world] the environment ${run.environment} does not exist\n`;
    settle(parts, run, 'failure');
    return;
  }
  emitJob(parts, repository, run, 'queued');
  if (order?.kind === 'never-start') {
    return;
  }
  if (order?.kind === 'cancel-queued') {
    settle(parts, run, 'cancelled');
    return;
  }
  await launch(parts, run, order);
}

function mustWait(parts: WorldParts, repository: Repository, run: WorkflowRun, ordered: boolean): boolean {
  if (run.environment === undefined) {
    return ordered;
  }
  if (!repository.environments.has(run.environment) && parts.settings.missingEnvironment === 'create') {
    repository.environments.set(run.environment, {
      id: parts.state.nextId('environment'),
      name: run.environment,
      reviewers: [],
      secrets: new Map(),
      variables: new Map(),
      createdAt: timestamp(parts),
    });
  }
  return ordered || (repository.environments.get(run.environment)?.reviewers.length ?? 0) > 0;
}

/** Let the runner do the job, unless a person (a test) is the runner. */
export async function launch(
  parts: WorldParts,
  run: WorkflowRun,
  order?: { readonly kind: string; readonly afterMs?: number },
): Promise<void> {
  const { runner } = parts.orders;
  const file = FILES.get(run);
  if (runner.kind === 'manual' || file === undefined) {
    return;
  }
  const free = await parts.orders.machine();
  try {
    if (run.status === 'completed') {
      return;
    }
    start(parts, run);
    const timer =
      order?.afterMs === undefined
        ? undefined
        : setTimeout(() => void interfere(parts, run, order.kind), order.afterMs);
    const repository = repositoryById(parts.state, run.repositoryId);
    const conclusion =
      runner.kind === 'function' ? await runner.run(run) : await runJobProcess(parts, repository, run, file, runner);
    clearTimeout(timer);
    settle(parts, run, STOPPED.get(run) ?? conclusion);
  } finally {
    free();
  }
}

/** How a run that is being stopped will have ended once its process is gone. */
const STOPPED = new WeakMap<WorkflowRun, RunConclusion>();

async function interfere(parts: WorldParts, run: WorkflowRun, kind: string): Promise<void> {
  if (kind === 'kill-running') {
    STOPPED.set(run, 'failure');
    run.doomed = true;
    if (run.process !== undefined) {
      killGroup(run.process);
    }
    return;
  }
  await stop(parts, run, kind === 'time-out' ? 'timed_out' : 'cancelled');
}

/** Cancel a run: a queued one at once, a running one by signals to its process. */
export async function stop(parts: WorldParts, run: WorkflowRun, as: RunConclusion = 'cancelled'): Promise<void> {
  if (run.status === 'completed') {
    return;
  }
  const { runner } = parts.orders;
  if (run.status !== 'in_progress' || runner.kind !== 'process') {
    settle(parts, run, as);
    return;
  }
  STOPPED.set(run, as);
  run.doomed = true;
  if (run.process !== undefined) {
    await interruptJob(run.process, runner);
  }
}

/** The same run once more, as another attempt: same id, same inputs, `run_attempt` counted up. */
export async function again(parts: WorldParts, run: WorkflowRun): Promise<void> {
  run.runAttempt += 1;
  run.status = 'queued';
  run.conclusion = null;
  run.doomed = false;
  run.job.status = 'queued';
  run.job.conclusion = null;
  run.job.completedAt = null;
  STOPPED.delete(run);
  emitRun(parts, repositoryById(parts.state, run.repositoryId), run, 'requested');
  await launch(parts, run);
}

export function start(parts: WorldParts, run: WorkflowRun): void {
  const repository = repositoryById(parts.state, run.repositoryId);
  const at = timestamp(parts);
  run.status = 'in_progress';
  run.job.status = 'in_progress';
  run.job.startedAt = at;
  run.updatedAt = at;
  run.times.started = Date.now();
  emitJob(parts, repository, run, 'in_progress');
  emitRun(parts, repository, run, 'in_progress');
}

/** End a run; sends `workflow_job.completed` (if there was a job) and `workflow_run.completed`. */
export function settle(parts: WorldParts, run: WorkflowRun, conclusion: RunConclusion): void {
  if (run.status === 'completed') {
    return;
  }
  const repository = repositoryById(parts.state, run.repositoryId);
  const at = timestamp(parts);
  run.status = 'completed';
  run.conclusion = conclusion;
  run.updatedAt = at;
  run.times.completed = Date.now();
  if (conclusion !== 'startup_failure') {
    run.job.status = 'completed';
    run.job.conclusion = conclusion;
    run.job.completedAt = at;
    emitJob(parts, repository, run, 'completed');
    closeJobCheck(parts, repository, run);
  }
  emitRun(parts, repository, run, 'completed');
}

function emitRun(parts: WorldParts, repository: Repository, run: WorkflowRun, action: string): void {
  emitRepositoryEvent(parts, repository, 'workflow_run', action, run.actor, {
    workflow: workflowJson(parts.state, repository, {
      id: run.workflowId,
      path: run.workflowPath,
      name: run.workflowName,
    }),
    workflow_run: runJson(parts.state, repository, run),
  });
}

function emitJob(parts: WorldParts, repository: Repository, run: WorkflowRun, action: string): void {
  const { started_at, ...rest } = jobJson(parts.state, repository, run);
  emitRepositoryEvent(parts, repository, 'workflow_job', action, run.actor, {
    workflow_job: { ...rest, started_at },
  });
}

// Every job of Actions is a check on the commit it runs for: here, the tip of the default branch.
function openJobCheck(parts: WorldParts, repository: Repository, run: WorkflowRun): void {
  const check: CheckRun = {
    id: run.job.id,
    name: run.job.name,
    headSha: run.headSha,
    suiteId: run.suiteId,
    appId: ACTIONS_APP_ID,
    status: 'queued',
    conclusion: null,
    startedAt: run.createdAt,
    completedAt: null,
    externalId: String(run.id),
    detailsUrl: '',
    title: null,
    summary: null,
    text: null,
    annotations: [],
    actions: [],
  };
  repository.checkRuns.set(check.id, check);
  emitCheck(parts, repository, check, 'created', run.actor);
}

function closeJobCheck(parts: WorldParts, repository: Repository, run: WorkflowRun): void {
  const check = repository.checkRuns.get(run.job.id);
  if (check !== undefined) {
    check.status = 'completed';
    check.conclusion = run.conclusion === 'startup_failure' ? 'failure' : run.conclusion;
    check.completedAt = run.job.completedAt;
    emitCheck(parts, repository, check, 'completed', run.actor);
  }
}

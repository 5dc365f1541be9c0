import { randomBytes } from 'node:crypto';
import { ApiError, notFound } from './api-error.ts';
import { asText, evaluateTemplate } from './expression.ts';
import { objectAt } from './git-objects.ts';
import { commitFacts, listTree, tryRevision } from './git-store.ts';
import { timestamp } from './mergeability.ts';
import type { Json } from './request-body.ts';
import { contextsOf } from './runner-environment.ts';
import { checkInputs, parseWorkflow, type WorkflowFile } from './workflow-file.ts';
import type { WorkflowRun } from './workflow-run.ts';
import type { WorldParts } from './world-parts.ts';
import type { Repository } from './world-state.ts';

export interface KnownWorkflow {
  readonly id: number;
  readonly path: string;
  readonly name: string;
}

export interface Dispatched {
  readonly run: WorkflowRun;
  readonly file: WorkflowFile;
}

const FOLDER = '.github/workflows';

/** Workflows on the default branch, each with an id that stays. */
export async function listWorkflows(parts: WorldParts, repository: Repository): Promise<readonly KnownWorkflow[]> {
  const tree = await listTree(repository.gitDir, `refs/heads/${repository.defaultBranch}:${FOLDER}`, false);
  const files = (tree?.entries ?? []).filter((one) => /\.ya?ml$/.test(one.path));
  return Promise.all(
    files.map(async ({ path }) => {
      const full = `${FOLDER}/${path}`;
      const id = repository.workflows.get(full) ?? parts.state.nextId('workflow');
      repository.workflows.set(full, id);
      const file = await readWorkflow(repository, full, repository.defaultBranch);
      return { id, path: full, name: file?.name ?? full };
    }),
  );
}

/** A workflow by file name or id; 404 unless the default branch has it. */
export async function workflowNamed(parts: WorldParts, repository: Repository, wanted: string): Promise<KnownWorkflow> {
  const known = await listWorkflows(parts, repository);
  const found = known.find((one) => String(one.id) === wanted || one.path === `${FOLDER}/${wanted}`);
  if (found === undefined) {
    throw notFound();
  }
  return found;
}

async function readWorkflow(repository: Repository, path: string, ref: string): Promise<WorkflowFile | undefined> {
  const sha = await tryRevision(repository.gitDir, ref);
  const found = sha === undefined ? undefined : await objectAt(repository.gitDir, `${sha}:${path}`);
  return found === undefined ? undefined : parseWorkflow(path, found.bytes.toString());
}

/** Check a dispatch as GitHub does and create its run, queued; nothing has started yet. */
export async function createDispatchedRun(
  parts: WorldParts,
  repository: Repository,
  wanted: { readonly workflow: string; readonly ref: string; readonly inputs: Json; readonly actor: string },
): Promise<Dispatched> {
  const workflow = await workflowNamed(parts, repository, wanted.workflow);
  const branch = wanted.ref.replace(/^refs\/(heads|tags)\//, '');
  const headSha = await tryRevision(repository.gitDir, branch);
  if (headSha === undefined) {
    throw new ApiError(422, `No ref found for: ${wanted.ref}`);
  }
  const headCommit = await commitFacts(repository.gitDir, headSha);
  const file = await readWorkflow(repository, workflow.path, branch);
  if (file === undefined || headCommit === undefined) {
    throw new ApiError(422, `Failed to parse workflow: (Line: 1, Col: 1): Unexpected value`);
  }
  const inputs = checkInputs(file, wanted.inputs);
  const at = timestamp(parts);
  const runNumber = repository.nextRunNumber++;
  const id = parts.state.nextId('run');
  const early = { inputs, environment: undefined, actor: wanted.actor, headBranch: branch, headSha, runNumber, id };
  const contexts = contextsOf(parts, repository, early);
  const environment = environmentName(file, contexts);
  const run: WorkflowRun = {
    id,
    repositoryId: repository.id,
    workflowId: workflow.id,
    workflowPath: workflow.path,
    workflowName: workflow.name,
    displayTitle: file.runName === undefined ? workflow.name : asText(evaluateTemplate(file.runName, contexts)),
    event: 'workflow_dispatch',
    headBranch: branch,
    headSha,
    headCommit,
    runNumber,
    runAttempt: 1,
    actor: wanted.actor,
    inputs,
    asked: wanted.inputs,
    environment,
    permissions: file.permissions,
    suiteId: parts.state.nextId('suite'),
    status: 'queued',
    conclusion: null,
    createdAt: at,
    updatedAt: at,
    startedAt: at,
    job: {
      id: parts.state.nextId('check'),
      name: asText(evaluateTemplate(file.job.name ?? file.jobName, contexts)),
      labels: labelsOf(file, contexts),
      status: 'queued',
      conclusion: null,
      startedAt: at,
      completedAt: null,
    },
    idTokenRequestToken: randomBytes(24).toString('base64url'),
    times: { queued: Date.now() },
    output: '',
  };
  parts.state.runs.set(run.id, run);
  return { run, file };
}

function environmentName(file: WorkflowFile, contexts: Parameters<typeof evaluateTemplate>[1]): string | undefined {
  const wanted = file.job.environment;
  const name = typeof wanted === 'object' && wanted !== null && 'name' in wanted ? wanted.name : wanted;
  const text = asText(evaluateTemplate(name, contexts));
  return text === '' ? undefined : text;
}

function labelsOf(file: WorkflowFile, contexts: Parameters<typeof evaluateTemplate>[1]): readonly string[] {
  const value = evaluateTemplate(file.job['runs-on'], contexts);
  return Array.isArray(value) ? value.map((one) => asText(evaluateTemplate(one, contexts))) : [asText(value)];
}

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { apiUrl } from './account-json.ts';
import { asText, type Contexts, evaluateTemplate } from './expression.ts';
import { isRecord, type Json, recordIn, textIn } from './request-body.ts';
import type { RunnerProcess } from './runner-orders.ts';
import type { WorkflowFile } from './workflow-file.ts';
import type { WorkflowRun } from './workflow-run.ts';
import type { WorldParts } from './world-parts.ts';
import { accountOf, fullName, type Repository } from './world-state.ts';

/** Folders of one job's machine. */
export interface Machine {
  readonly root: string;
  readonly workspace: string;
  readonly temp: string;
}

/** Lay out a fresh machine under `root`. */
export async function prepareMachine(root: string, repository: Repository): Promise<Machine> {
  const workspace = join(root, 'work', repository.name, repository.name);
  const temp = join(root, 'temp');
  for (const folder of [workspace, temp, join(root, 'tool-cache'), join(root, 'home')]) {
    await mkdir(folder, { recursive: true });
  }
  for (const file of ['output', 'env', 'path', 'step-summary', 'state']) {
    await writeFile(join(temp, file), '');
  }
  return { root, workspace, temp };
}

/** The contexts expressions can name while a job runs. */
export function contextsOf(
  parts: WorldParts,
  repository: Repository,
  run: Pick<WorkflowRun, 'inputs' | 'environment' | 'actor' | 'headBranch' | 'headSha' | 'runNumber'> & { id?: number },
  token = '',
): Contexts {
  const environment = run.environment === undefined ? undefined : repository.environments.get(run.environment);
  const secrets = { ...Object.fromEntries(repository.secrets), ...Object.fromEntries(environment?.secrets ?? []) };
  const vars = { ...Object.fromEntries(repository.variables), ...Object.fromEntries(environment?.variables ?? []) };
  return {
    inputs: run.inputs,
    secrets: { ...secrets, GITHUB_TOKEN: token },
    vars,
    env: {},
    runner: { os: 'Linux', arch: 'X64', environment: 'github-hosted' },
    github: {
      event: { inputs: run.inputs, ref: `refs/heads/${run.headBranch}` },
      event_name: 'workflow_dispatch',
      actor: run.actor,
      actor_id: String(accountOf(parts.state, run.actor).id),
      ref: `refs/heads/${run.headBranch}`,
      ref_name: run.headBranch,
      sha: run.headSha,
      repository: fullName(repository),
      repository_id: String(repository.id),
      repository_owner: repository.owner,
      run_id: String(run.id ?? ''),
      run_number: String(run.runNumber),
      server_url: parts.state.url,
      api_url: apiUrl(parts.state),
      token,
    },
  };
}

/** The environment a step of this run gets from the runner, before its own inputs. */
export function jobEnvironment(
  parts: WorldParts,
  repository: Repository,
  run: WorkflowRun,
  machine: Machine,
  runner: RunnerProcess,
): Record<string, string> {
  const { state } = parts;
  const workflowRef = `${fullName(repository)}/${run.workflowPath}@refs/heads/${run.headBranch}`;
  const mayAskForIdToken = run.permissions['id-token'] === 'write';
  const path = runner.env?.PATH ?? process.env.PATH ?? '';
  return {
    PATH: path,
    HOME: join(machine.root, 'home'),
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION: '__plumbline',
    GITHUB_ACTOR: run.actor,
    GITHUB_ACTOR_ID: String(accountOf(state, run.actor).id),
    GITHUB_TRIGGERING_ACTOR: run.actor,
    GITHUB_API_URL: apiUrl(state),
    GITHUB_GRAPHQL_URL: `${state.url}/api/graphql`,
    GITHUB_SERVER_URL: state.url,
    GITHUB_BASE_REF: '',
    GITHUB_HEAD_REF: '',
    GITHUB_EVENT_NAME: run.event,
    GITHUB_EVENT_PATH: join(machine.temp, 'event.json'),
    GITHUB_JOB: run.job.name,
    GITHUB_REF: `refs/heads/${run.headBranch}`,
    GITHUB_REF_NAME: run.headBranch,
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REF_PROTECTED: 'false',
    GITHUB_REPOSITORY: fullName(repository),
    GITHUB_REPOSITORY_ID: String(repository.id),
    GITHUB_REPOSITORY_OWNER: repository.owner,
    GITHUB_REPOSITORY_OWNER_ID: String(accountOf(state, repository.owner).id),
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_NUMBER: String(run.runNumber),
    GITHUB_RUN_ATTEMPT: String(run.runAttempt),
    GITHUB_SHA: run.headSha,
    GITHUB_WORKFLOW: run.workflowName,
    GITHUB_WORKFLOW_REF: workflowRef,
    GITHUB_WORKFLOW_SHA: run.headSha,
    GITHUB_WORKSPACE: machine.workspace,
    GITHUB_OUTPUT: join(machine.temp, 'output'),
    GITHUB_ENV: join(machine.temp, 'env'),
    GITHUB_PATH: join(machine.temp, 'path'),
    GITHUB_STATE: join(machine.temp, 'state'),
    GITHUB_STEP_SUMMARY: join(machine.temp, 'step-summary'),
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
    RUNNER_NAME: 'world-runner',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_TEMP: machine.temp,
    RUNNER_TOOL_CACHE: join(machine.root, 'tool-cache'),
    RUNNER_WORKSPACE: dirname(machine.workspace),
    ...runner.env,
    ...(mayAskForIdToken
      ? {
          ACTIONS_ID_TOKEN_REQUEST_URL: `${state.url}/_actions/id-token/${run.id}?api-version=2.0`,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: run.idTokenRequestToken,
        }
      : {}),
  };
}

/** `env:` of workflow, job and step, the innermost winning. */
export function mappedEnvironment(file: WorkflowFile, step: Json, contexts: Contexts): Record<string, string> {
  const mapped = { ...file.env, ...recordIn(file.job, 'env'), ...recordIn(step, 'env') };
  return Object.fromEntries(
    Object.entries(mapped).map(([name, value]) => [name, asText(evaluateTemplate(value, contexts))]),
  );
}

/** `INPUT_…` of a step that uses the action: what `with:` gives, else the defaults of `action.yml`. Hyphens stay. */
export async function stepInputs(step: Json, contexts: Contexts, entry: string): Promise<Record<string, string>> {
  const given: Record<string, unknown> = { ...(await actionDefaults(entry)), ...recordIn(step, 'with') };
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
      asText(evaluateTemplate(value, contexts)),
    ]),
  );
}

async function actionDefaults(entry: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(join(dirname(entry), '..', 'action.yml'), 'utf8');
  } catch {
    return {};
  }
  const parsed: unknown = parse(text);
  const inputs = isRecord(parsed) ? (recordIn(parsed, 'inputs') ?? {}) : {};
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, value]) =>
      isRecord(value) && value.default !== undefined ? [[name, value.default] as const] : [],
    ),
  );
}

/** The step that runs our action: `uses: …/action@ref`, `./action`, or whatever ends in `plumbline@ref`. */
export function isActionStep(step: Json): boolean {
  return /(^|\/)(action|plumbline)(@[^/]*)?$/.test(textIn(step, 'uses') ?? '');
}

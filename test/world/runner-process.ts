import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, textIn } from './request-body.ts';
import {
  contextsOf,
  isActionStep,
  jobEnvironment,
  type Machine,
  mappedEnvironment,
  prepareMachine,
  stepInputs,
} from './runner-environment.ts';
import type { RunnerProcess } from './runner-orders.ts';
import type { WorkflowFile } from './workflow-file.ts';
import type { RunConclusion, WorkflowRun } from './workflow-run.ts';
import type { WorldParts } from './world-parts.ts';
import { type IssuedToken, installationOf, type Repository } from './world-state.ts';

const MAX_OUTPUT = 1_048_576;

/**
 * Run a job's steps as processes on a fresh machine: the action by `node <entry>`, `run:` by bash; other `uses` are
 * skipped and named in the run's output. Answers success, or failure at the first step that fails.
 */
export async function runJobProcess(
  parts: WorldParts,
  repository: Repository,
  run: WorkflowRun,
  file: WorkflowFile,
  runner: RunnerProcess,
): Promise<RunConclusion> {
  const root = await mkdtemp(join(tmpdir(), 'world-job-'));
  const token = jobToken(parts, repository, run);
  try {
    const machine = await prepareMachine(root, repository);
    await writeFile(
      join(machine.temp, 'event.json'),
      JSON.stringify({ inputs: run.inputs, ref: `refs/heads/${run.headBranch}` }),
    );
    for (const step of file.steps) {
      const code = await runStep(parts, repository, run, file, runner, machine, step, token.token);
      if (code !== 0) {
        run.exitCode = code;
        return 'failure';
      }
    }
    run.exitCode = 0;
    return 'success';
  } finally {
    // GitHub revokes the job's token when the job ends.
    token.expiresAt = 0;
    await rm(root, { recursive: true, force: true });
  }
}

async function runStep(
  parts: WorldParts,
  repository: Repository,
  run: WorkflowRun,
  file: WorkflowFile,
  runner: RunnerProcess,
  machine: Machine,
  step: Json,
  token: string,
): Promise<number | null> {
  const contexts = contextsOf(parts, repository, run, token);
  const script = textIn(step, 'run');
  const env = {
    ...(runner.ambientToken === false ? {} : { GITHUB_TOKEN: token }),
    ...mappedEnvironment(file, step, contexts),
    ...jobEnvironment(parts, repository, run, machine, runner),
  };
  if (isActionStep(step)) {
    const inputs = await stepInputs(step, contexts, runner.entry);
    return execute(parts, run, process.execPath, [runner.entry], machine.workspace, { ...env, ...inputs });
  }
  if (script !== undefined) {
    return execute(parts, run, 'bash', ['-e', '-o', 'pipefail', '-c', script], machine.workspace, env);
  }
  keep(run, `[world] step skipped: ${textIn(step, 'uses') ?? 'unnamed'}\n`);
  return 0;
}

function execute(
  parts: WorldParts,
  run: WorkflowRun,
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<number | null> {
  if (run.doomed === true) {
    return Promise.resolve(null);
  }
  return new Promise((resolve, reject) => {
    // A group of its own, so that a vanishing machine takes terraform with it.
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    run.process = child;
    const collect = (chunk: Buffer) => {
      keep(run, chunk.toString());
      parts.journal.changed();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      delete run.process;
      resolve(code);
    });
  });
}

function keep(run: WorkflowRun, text: string): void {
  run.output = (run.output + text).slice(-MAX_OUTPUT);
}

/** The token GitHub would put into `github.token`: this repository only, the workflow's permissions. */
function jobToken(parts: WorldParts, repository: Repository, run: WorkflowRun): IssuedToken {
  const permissions = Object.fromEntries(
    Object.entries(run.permissions)
      .filter(([name, level]) => name !== 'id-token' && level !== 'none')
      .map(([name, level]) => [name.replaceAll('-', '_'), level]),
  );
  const token: IssuedToken = {
    token: `ghs_${randomBytes(18).toString('hex')}`,
    kind: 'actions',
    installationId: installationOf(parts.state, repository)?.id ?? 0,
    permissions: { metadata: 'read', ...permissions },
    repositoryIds: new Set([repository.id]),
    expiresAt: parts.state.now().getTime() + 24 * 3_600_000,
  };
  parts.state.tokens.set(token.token, token);
  return token;
}

/** Stop a job as a cancel does: interrupt, then terminate, then kill. Resolves when the process is gone. */
export async function interruptJob(child: ChildProcess, runner: RunnerProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const timers = [
    setTimeout(() => child.kill('SIGTERM'), runner.interruptGraceMs ?? 7500),
    setTimeout(() => killGroup(child), (runner.interruptGraceMs ?? 7500) + (runner.terminateGraceMs ?? 2500)),
  ];
  child.kill('SIGINT');
  await gone;
  for (const timer of timers) {
    clearTimeout(timer);
  }
}

/** The machine is gone: nothing of the job says another word. */
export function killGroup(child: ChildProcess): void {
  if (child.pid !== undefined) {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It had ended already.
    }
  }
}

import { createHash, createHmac } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, ManifestTarget } from '../../src/protocol/messages.ts';
import type { OutcomePhase } from '../../src/protocol/report.ts';
import type { FoundTool, Tool } from './engine-tool.ts';
import { isWantedVersion } from './engine-tool.ts';
import type { SealedPlans } from './fetch-plans.ts';
import type { PluginCache } from './plugin-cache.ts';
import { type Exit, runCommand } from './run-command.ts';
import type { SecretMask } from './secret-mask.ts';
import type { Server } from './server.ts';
import { targetVariables } from './step-env.ts';
import { stopWith, TargetStop } from './target-outcome.ts';
import { isWorkspaceName, targetPlace } from './target-place.ts';
import { textDiagnostics } from './text-diagnostics.ts';

/** What all dirspaces of a run share. */
export interface Session {
  readonly manifest: Manifest;
  /** The merge of head and base. */
  readonly checkout: string;
  readonly treeSha: string;
  /** For data directories and plan files; outside of the checkout. */
  readonly workDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly tool: (engine: ManifestTarget['engine']) => Promise<FoundTool>;
  readonly mask: SecretMask;
  readonly cache: PluginCache;
  readonly server: Server;
  /** Of an apply: what was fetched before anything began. */
  readonly sealedPlans: SealedPlans;
  readonly cancel: AbortSignal;
  /** How long an engine may take to stop, in milliseconds. */
  readonly grace: { readonly planMs: number; readonly applyMs: number };
}

/** One dirspace being worked on. */
export interface TargetRoom {
  readonly target: ManifestTarget;
  readonly path: string;
  readonly tool: Tool;
  readonly dataDir: string;
  readonly planFile: string;
  /** For the steps' own files; outside of the checkout. */
  readonly tempDir: string;
  /** With workspace and data directory. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: (text: string) => void;
}

type FailState = 'plan-failed' | 'not-attempted';

/** Checks the names that the manifest gives and prepares a place for the dirspace's files. Throws `TargetStop`. */
export async function openRoom(
  session: Session,
  target: ManifestTarget,
  options: { readonly failState: FailState; readonly log: (text: string) => void },
): Promise<TargetRoom> {
  const state = options.failState;
  if (!isWorkspaceName(target.workspace)) {
    throw stopWith(
      { state, phase: 'checkout', code: 'bad-workspace' },
      'The name of the workspace is not one that an engine takes.',
    );
  }
  const place = await targetPlace(session.checkout, target.dir);
  if (!place.ok) {
    throw stopWith({ state, phase: 'checkout', code: place.code }, place.message);
  }
  const found = await session.tool(target.engine);
  if (!found.ok) {
    throw stopWith({ state, phase: 'tool', code: found.code }, found.message);
  }
  if (!isWantedVersion(found.tool.version, target.version)) {
    throw stopWith(
      { state, phase: 'tool', code: 'tool-version' },
      `The configuration asks for ${target.engine} ${target.version}, the runner has ${found.tool.version}. Install the wanted version in the workflow before Plumbline's step.`,
    );
  }
  const dataDir = join(session.workDir, `data-${target.index}`);
  const tempDir = join(session.workDir, `tmp-${target.index}`);
  for (const dir of [dataDir, tempDir]) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  }
  const planFile = join(session.workDir, `plan-${target.index}.tfplan`);
  const variables = targetVariables(session.env, target, { planFile, tempDir, tool: found.tool.path });
  return {
    target,
    path: place.path,
    tool: found.tool,
    dataDir,
    planFile,
    tempDir,
    env: { ...session.env, ...variables, TF_WORKSPACE: target.workspace, TF_DATA_DIR: dataDir },
    log: options.log,
  };
}

export interface EngineCall {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly quiet?: boolean;
  readonly keep?: number;
  readonly graceMs?: number;
  readonly onLine?: (line: string) => void;
}

/** Runs the engine in the dirspace's directory. */
export function runEngine(session: Session, room: TargetRoom, call: EngineCall): Promise<Exit> {
  return runCommand({
    program: room.tool.path,
    args: call.args,
    cwd: room.path,
    env: call.env ?? room.env,
    timeoutMs: session.manifest.stepTimeoutMs,
    graceMs: call.graceMs ?? session.grace.planMs,
    cancel: session.cancel,
    ...(call.quiet === true ? {} : { onText: room.log }),
    ...(call.keep === undefined ? {} : { keep: call.keep }),
    ...(call.onLine === undefined ? {} : { onLine: call.onLine }),
  });
}

/** The stop for an engine that did not do what it should: cancelled, out of time, not startable, or its own errors. */
export function engineStop(
  exit: Exit,
  what: { readonly state: FailState; readonly phase: OutcomePhase; readonly does: string },
): TargetStop {
  if (exit.stopped === 'cancelled') {
    return stopWith({ state: 'not-attempted', phase: what.phase, code: 'cancelled' }, 'The run was cancelled.');
  }
  if (exit.stopped === 'timeout') {
    return stopWith(
      { state: what.state, phase: what.phase, code: 'timeout' },
      `${what.does} took longer than the time limit for a step and was stopped.`,
    );
  }
  if (exit.startError !== null) {
    return stopWith(
      { state: what.state, phase: what.phase, code: 'tool-broken' },
      `The engine could not be started: ${exit.startError}`,
    );
  }
  const diagnostics = textDiagnostics(`${exit.stdout}\n${exit.stderr}`);
  const ending = { state: what.state, phase: what.phase, code: 'engine-failed', diagnostics } as const;
  return diagnostics.some((found) => found.severity === 'error')
    ? new TargetStop(ending, `${what.does} failed.`)
    : stopWith(
        { ...ending, text: `${exit.stdout}\n${exit.stderr}` },
        `${what.does} ended with ${exit.code === null ? 'a signal' : `code ${exit.code}`}.`,
      );
}

/** SHA-256 of the dirspace's lock file; empty when there is none. */
export async function lockFileSha256(room: TargetRoom): Promise<string> {
  const text = await readLockFile(room);
  return text === null ? '' : createHash('sha256').update(text).digest('hex');
}

export async function readLockFile(room: TargetRoom): Promise<Buffer | null> {
  return readFile(join(room.path, '.terraform.lock.hcl')).catch(() => null);
}

/** HMAC under the repository's key, hex. */
export function repositoryDigest(session: Session): (text: string) => string {
  const key = Buffer.from(session.manifest.digestKey, 'base64');
  return (text) => createHmac('sha256', key).update(text).digest('hex');
}

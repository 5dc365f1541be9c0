import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { field, isRecord, parseJson, textOf } from '../../src/plans/foreign-json.ts';
import type { PlannedBackend } from './plan-backend.ts';
import { stopWith } from './target-outcome.ts';
import {
  engineStop,
  readLockFile,
  repositoryDigest,
  runEngine,
  type Session,
  type TargetRoom,
} from './target-session.ts';

type FailState = 'plan-failed' | 'not-attempted';

const INIT = ['init', '-input=false', '-no-color'] as const;
/** Backend settings that are secrets or say who asks, not which state it is. */
const NOT_PLACE =
  /secret|token|passw|access_key|private|credential|sas_|client_cert|client_id|session|profile|assume_role|encryption_key|msi|oidc/i;

/** Initialises the dirspace and selects (or makes) its workspace. Throws `TargetStop`. */
export async function initTarget(
  session: Session,
  room: TargetRoom,
  state: FailState,
  extraArgs: readonly string[] = [],
): Promise<void> {
  const init = { ...room, initArgs: [...INIT, ...extraArgs] };
  const lock = await readLockFile(room);
  const exit = await session.cache.during(lock?.toString('utf8') ?? null, async (cacheDir) => {
    const env = cacheDir === null ? room.env : { ...room.env, TF_PLUGIN_CACHE_DIR: cacheDir };
    const first = await runEngine(session, room, { args: init.initArgs, env });
    return first.code !== 0 && isMissingWorkspace(room, first.stdout + first.stderr)
      ? initNewWorkspace(session, init, env, state)
      : first;
  });
  if (exit.code !== 0) {
    throw engineStop(exit, { state, phase: 'init', does: 'init' });
  }
  if (room.target.workspace !== 'default' && !room.target.createWorkspace) {
    await expectWorkspace(session, room, state);
  }
}

/**
 * Which state this is: the backend's type (`local` without one), and a digest of its settings without secrets, of the
 * directory and of the workspace. Under the repository's key, so that nobody can guess at the settings from outside.
 */
export async function backendFingerprint(session: Session, room: TargetRoom): Promise<string> {
  const { type, config } = await backendHere(room);
  const kind = type === '' ? 'local' : type.slice(0, 60);
  const { dir, workspace } = room.target;
  const place = JSON.stringify(['backend', type, sortedPlace(config), dir, workspace]);
  return `${kind}:${repositoryDigest(session)(place)}`;
}

/** Would the engine write this plan's state where the directory, as it is initialised here, has its own? */
export async function isBackendHere(room: TargetRoom, planned: PlannedBackend): Promise<boolean> {
  const { type, config } = await backendHere(room);
  const place = (value: unknown) => JSON.stringify(sortedPlace(value) ?? []);
  return (
    planned.type === (type === '' ? 'local' : type) &&
    planned.workspace === room.target.workspace &&
    place(planned.config) === place(config)
  );
}

async function backendHere(room: TargetRoom): Promise<{ readonly type: string; readonly config: unknown }> {
  const text = await readFile(join(room.dataDir, 'terraform.tfstate'), 'utf8').catch(() => '');
  const backend = field(parseJson(text), 'backend');
  return { type: textOf(field(backend, 'type')), config: field(backend, 'config') };
}

function sortedPlace(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sortedPlace);
  }
  if (!isRecord(value)) {
    return value;
  }
  const entries = Object.entries(value).filter(([key, entry]) => entry !== null && !NOT_PLACE.test(key));
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, sortedPlace(entry)]);
}

/** Most backends refuse to initialise for a workspace that is not there yet; the local one makes it when it is used. */
function isMissingWorkspace(room: TargetRoom, output: string): boolean {
  return (
    room.target.createWorkspace &&
    room.target.workspace !== 'default' &&
    /workspace .*does(n't| not) exist/is.test(output)
  );
}

interface InitRoom extends TargetRoom {
  readonly initArgs: readonly string[];
}

async function initNewWorkspace(session: Session, room: InitRoom, env: TargetRoom['env'], state: FailState) {
  const inDefault = await runEngine(session, room, { args: room.initArgs, env: { ...env, TF_WORKSPACE: 'default' } });
  if (inDefault.code !== 0) {
    throw engineStop(inDefault, { state, phase: 'init', does: 'init' });
  }
  // The engine refuses `workspace new` while TF_WORKSPACE is set: the only call that goes without.
  const { TF_WORKSPACE: _, ...free } = env;
  const made = await runEngine(session, room, {
    args: ['workspace', 'new', '-no-color', room.target.workspace],
    env: free,
  });
  if (made.code !== 0 && !/already exists/i.test(made.stdout + made.stderr)) {
    throw engineStop(made, { state, phase: 'init', does: 'workspace new' });
  }
  return runEngine(session, room, { args: room.initArgs, env });
}

async function expectWorkspace(session: Session, room: TargetRoom, state: FailState): Promise<void> {
  const list = await runEngine(session, room, { args: ['workspace', 'list', '-no-color'], quiet: true });
  if (list.code !== 0) {
    throw engineStop(list, { state, phase: 'init', does: 'workspace list' });
  }
  const names = list.stdout.split('\n').map((line) => line.replace(/^\*?\s*/, '').trim());
  if (!names.includes(room.target.workspace)) {
    throw stopWith(
      { state, phase: 'init', code: 'workspace-missing' },
      `The workspace ${room.target.workspace} does not exist, and the configuration does not let Plumbline create it.`,
    );
  }
}

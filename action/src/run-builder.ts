import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Built, BuiltFile } from '../../src/domain/snapshot.ts';
import { normalPath } from '../../src/matching/repo-path.ts';
import type { NextStep } from '../../src/protocol/messages.ts';
import { MAX_BUILD_FAILURE, MAX_BUILT_CONFIG, MAX_BUILT_FILES } from '../../src/protocol/report.ts';
import { runCommand } from './run-command.ts';

export interface BuilderRoom {
  readonly checkout: string;
  /** A directory of the run for the copy and the scripts. */
  readonly workDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cancel: AbortSignal;
  readonly log: (text: string) => void;
  readonly mask: (text: string) => string;
}

type BuildOrder = NonNullable<Extract<NextStep, { next: 'discover' }>['build']>;

export interface BuiltThings {
  readonly config?: Built<string>;
  readonly tree?: Built<readonly BuiltFile[]>;
}

const BUILD_TIMEOUT_MS = 10 * 60_000;
const GRACE_MS = 10_000;
const MAX_OUTPUT = 8 * 1024 * 1024;
const SHEBANG = '#!/usr/bin/env bash\n';

/**
 * Run the scripts that the configuration names, each in a copy of the checkout of its own: what they write must not be
 * planned. What they print is the answer; a script that fails answers with the end of what it said.
 */
export async function runBuilders(order: BuildOrder, room: BuilderRoom): Promise<BuiltThings> {
  const config = order.config === undefined ? null : await runScript('config_builder', order.config, room);
  const tree = order.tree === undefined ? null : await runScript('tree_builder', { ...order.tree, input: '' }, room);
  return {
    ...(config === null ? {} : { config: config.ok ? printedConfig(config.value) : config }),
    ...(tree === null ? {} : { tree: tree.ok ? printedFiles(tree.value, room) : tree }),
  };
}

async function runScript(
  name: string,
  { script, input }: { readonly script: string; readonly input: string },
  room: BuilderRoom,
): Promise<Built<string>> {
  const home = join(room.workDir, name);
  const checkout = join(home, 'checkout');
  await mkdir(home, { recursive: true });
  await cp(room.checkout, checkout, { recursive: true, verbatimSymlinks: true });
  const program = join(home, 'script');
  await writeFile(program, script.startsWith('#!') ? script : SHEBANG + script, { mode: 0o700 });
  await chmod(program, 0o700);
  room.log(`Running ${name}`);
  const exit = await runCommand({
    program,
    args: [],
    cwd: checkout,
    env: { ...room.env, PLUMBLINE_CHECKOUT: checkout },
    timeoutMs: BUILD_TIMEOUT_MS,
    graceMs: GRACE_MS,
    cancel: room.cancel,
    input,
    keep: MAX_OUTPUT,
  });
  const why =
    exit.startError ??
    (exit.stopped === 'timeout'
      ? 'it took longer than ten minutes'
      : exit.stopped === 'cancelled'
        ? 'it was cancelled'
        : exit.code !== 0
          ? `it ended with ${exit.code ?? 'a signal'}`
          : exit.cut
            ? 'it printed more than 8 MiB'
            : null);
  return why === null
    ? { ok: true, value: exit.stdout }
    : failure(`${name}: ${why}. ${room.mask(exit.stderr.trim()).slice(-MAX_BUILD_FAILURE / 2)}`);
}

function printedConfig(text: string): Built<string> {
  return text.length > MAX_BUILT_CONFIG
    ? failure(`config_builder: it printed more than ${MAX_BUILT_CONFIG} characters.`)
    : { ok: true, value: text };
}

/** `[{"path": …, "id"?: …, "changed"?: …}]`; a path may begin with the checkout's own, as scripts like to print it. */
function printedFiles(text: string, { workDir }: BuilderRoom): Built<readonly BuiltFile[]> {
  const root = `${join(workDir, 'tree_builder', 'checkout')}/`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failure('tree_builder: what it printed is not JSON.');
  }
  if (!Array.isArray(value) || value.length > MAX_BUILT_FILES) {
    return failure(`tree_builder: it must print a list of at most ${MAX_BUILT_FILES} files.`);
  }
  const files: BuiltFile[] = [];
  for (const entry of value) {
    const given = member(entry, 'path');
    const path = typeof given === 'string' ? pathOf(given, root) : undefined;
    if (path === undefined) {
      return failure(`tree_builder: entry ${files.length + 1} has no \`path\` inside the repository.`);
    }
    const changed = member(entry, 'changed');
    files.push({ path, ...(typeof changed === 'boolean' ? { changed } : {}) });
  }
  return { ok: true, value: files };
}

function pathOf(given: string, root: string): string | undefined {
  const inside = given.startsWith(root) ? given.slice(root.length) : given;
  const path = inside.startsWith('/') || inside.length > 4_096 ? undefined : normalPath(inside);
  return path === '.' ? undefined : path;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

function failure(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message: message.slice(0, MAX_BUILD_FAILURE) };
}

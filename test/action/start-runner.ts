import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import config from '../../rolldown.config.ts';

export const RUN = '00000000-0000-4000-8000-000000000001';
export const TOKEN = 'ghs_testtesttesttesttest';
let bundle: Promise<string> | null = null;

/** The runner as users get it: one file, built from the sources as they are now. Once per test file. */
export function bundledRunner(): Promise<string> {
  bundle ??= buildRunner();
  return bundle;
}

async function buildRunner(): Promise<string> {
  const { output, ...input } = config;
  const file = join(mkdtempSync(join(tmpdir(), 'plumbline-bundle-')), 'index.mjs');
  process.once('exit', () => rmSync(dirname(file), { recursive: true, force: true }));
  await using build = await rolldown(input);
  await build.write({ ...(Array.isArray(output) ? output[0] : output), file });
  return file;
}

/** True when a program is on PATH. */
export function isOnPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      return process.getBuiltinModule('node:fs').statSync(join(dir, name)).isFile();
    } catch {
      return false;
    }
  });
}

/** A directory that is removed at the end of the test. */
export function tempDir(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'plumbline-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Started {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves once the output contains the text; rejects when the runner ends without it. */
  readonly saw: (text: string) => Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** Starts the runner with the environment that a job would give it. `github`: address of the git server. */
export function startRunner(options: {
  readonly entry: string;
  readonly server: string;
  readonly idTokenUrl: string;
  readonly github: string;
  readonly temp: string;
  readonly env?: Readonly<Record<string, string>>;
}): Started {
  mkdirSync(options.temp, { recursive: true });
  const child = spawn(process.execPath, [options.entry], {
    env: {
      PATH: process.env.PATH,
      HOME: options.temp,
      RUNNER_TEMP: options.temp,
      TF_CLI_CONFIG_FILE: '/dev/null',
      'INPUT_RUN-ID': RUN,
      INPUT_SERVER: options.server,
      GITHUB_TOKEN: TOKEN,
      GITHUB_REPOSITORY: 'acme/infra',
      GITHUB_SERVER_URL: options.github,
      ACTIONS_ID_TOKEN_REQUEST_URL: options.idTokenUrl,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const more = new EventTarget();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      more.dispatchEvent(new Event('text'));
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: typeof code === 'number' ? code : null, output }));
  return {
    kill: (signal) => void child.kill(signal),
    ended,
    saw: async (text) => {
      while (!output.includes(text)) {
        await Promise.race([
          once(more, 'text'),
          ended.then(() => Promise.reject(new Error(`ended without "${text}":\n${output}`))),
        ]);
      }
    },
  };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { COMPILE_CACHE } from '../compile-cache.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** The service as a process of its own, as operators run it. */
export class ServiceProcess {
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  /** Everything it ever logged, of all its lives. */
  output = '';

  constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = environment;
  }

  /** Fulfilled when it takes requests. */
  async start(): Promise<void> {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH, HOME, ...COMPILE_CACHE, ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const hear = (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
      if (chunk.includes('"msg":"ready"')) {
        resolve();
      }
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}: ${this.output.slice(-2_000)}`)));
    await promise;
  }

  /** `kill -9`: not a word, not a moment. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** As a platform stops it. Answers the exit code. */
  async stop(): Promise<number | null> {
    await this.#end('SIGTERM');
    return this.#child?.exitCode ?? null;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

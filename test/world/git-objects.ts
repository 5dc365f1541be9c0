import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { QUIET_ENV } from './git-command.ts';

export interface GitObject {
  readonly sha: string;
  readonly type: string;
  readonly bytes: Buffer;
}

type Answer = GitObject | undefined;

/**
 * A `git cat-file --batch-command` that stays: a look at a pull request asks for thirty objects, and a process for each
 * costs more than all of Plumbline does. It sees what other processes write meanwhile. Source: git-cat-file(1), BATCH OUTPUT.
 */
class ObjectReader {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: { readonly contents: boolean; readonly answer: (found: Answer) => void }[] = [];
  #seen: Buffer = Buffer.alloc(0);

  constructor(directory: string) {
    this.#child = spawn('git', ['-C', directory, 'cat-file', '--batch-command'], {
      env: { PATH: process.env.PATH ?? '', ...QUIET_ENV },
      stdio: 'pipe',
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.resume();
    this.#child.stdout.on('data', (piece: Buffer) => {
      this.#seen = this.#seen.length === 0 ? piece : Buffer.concat([this.#seen, piece]);
      this.#answer();
    });
    this.#child.on('error', () => this.#giveUp());
    this.#child.on('close', () => this.#giveUp());
  }

  ask(command: 'info' | 'contents', expression: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.push({ contents: command === 'contents', answer: resolve });
    this.#child.stdin.write(`${command} ${expression}\n`);
    return promise;
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#child.once('close', () => resolve());
    this.#child.stdin.end();
    return promise;
  }

  #answer(): void {
    for (let asked = this.#waiting[0]; asked !== undefined; asked = this.#waiting[0]) {
      const end = this.#seen.indexOf(10);
      if (end < 0) {
        return;
      }
      const [sha = '', type = '', size = ''] = this.#seen.toString('utf8', 0, end).split(' ');
      const found = /^[0-9a-f]{40}$/.test(sha) && /^\d+$/.test(size);
      const length = found && asked.contents ? Number(size) + 1 : 0;
      if (this.#seen.length < end + 1 + length) {
        return;
      }
      const bytes = Buffer.from(this.#seen.subarray(end + 1, end + 1 + Math.max(0, length - 1)));
      this.#seen = this.#seen.subarray(end + 1 + length);
      this.#waiting.shift();
      asked.answer(found ? { sha, type, bytes } : undefined);
    }
  }

  #giveUp(): void {
    for (const { answer } of this.#waiting.splice(0)) {
      answer(undefined);
    }
  }
}

const readers = new Map<string, ObjectReader>();

function readerOf(directory: string): ObjectReader {
  const known = readers.get(directory) ?? new ObjectReader(directory);
  readers.set(directory, known);
  return known;
}

/** What an expression such as `main^{tree}` or `main:path` names: its object with its bytes, or undefined. */
export async function objectAt(directory: string, expression: string): Promise<Answer> {
  return isOneLine(expression) ? readerOf(directory).ask('contents', expression) : undefined;
}

/** The SHA of what an expression names, or undefined. */
export async function shaOf(directory: string, expression: string): Promise<string | undefined> {
  const found = isOneLine(expression) ? await readerOf(directory).ask('info', expression) : undefined;
  return found?.sha;
}

/** End the readers of all repositories below a directory, before it is removed. */
export async function closeObjectReaders(root: string): Promise<void> {
  for (const [directory, reader] of readers) {
    if (directory.startsWith(root)) {
      readers.delete(directory);
      await reader.close();
    }
  }
}

function isOneLine(expression: string): boolean {
  return !/[\n\0]/.test(expression);
}

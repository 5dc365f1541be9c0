import { execFile, spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT = 512 * 1024 * 1024;

/** Run git in a directory, without a shell. Rejects with git's own words when it fails. */
export async function git(dir: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('git', ['-C', dir, ...args], { maxBuffer: MAX_OUTPUT, encoding: 'utf8' });
    return stdout;
  } catch (error) {
    const said = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(said === '' ? `git ${args[0] ?? ''} failed` : said, { cause: error });
  }
}

/** The same, or undefined when git says no: for questions whose answer may not exist. */
export async function gitMaybe(dir: string, args: readonly string[]): Promise<string | undefined> {
  return await git(dir, args).catch(() => undefined);
}

/** Entries of `-z` output. */
export function entries(output: string): readonly string[] {
  return output.split('\0').filter((entry) => entry !== '');
}

/** The text of many blobs by object id, with one process. */
export async function gitBlobs(dir: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const child = spawn('git', ['-C', dir, 'cat-file', '--batch'], { stdio: ['pipe', 'pipe', 'inherit'] });
  // A process that ends early breaks the pipe; what matters then is what it did not answer.
  child.stdin.on('error', () => undefined);
  child.stdin.end(ids.map((id) => `${id}\n`).join(''));
  const output = await buffer(child.stdout);
  const texts = new Map<string, string>();
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at);
    const [id = '', kind, size] = output.toString('utf8', at, end === -1 ? output.length : end).split(' ');
    if (end === -1 || kind !== 'blob') {
      throw new Error(`git cat-file could not read ${id}`);
    }
    const from = end + 1;
    texts.set(id, output.toString('utf8', from, from + Number(size)));
    at = from + Number(size) + 1;
  }
  return texts;
}

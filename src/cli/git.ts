import { execFile } from 'node:child_process';
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

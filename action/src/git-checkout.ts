import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Exit, runCommand } from './run-command.ts';
import { RunnerFailure } from './runner-failure.ts';

export interface CheckoutOptions {
  readonly url: string;
  readonly token: string;
  readonly headSha: string;
  readonly baseSha: string;
  /** An empty or missing directory for the checkout. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cancel: AbortSignal;
  /** Of one git command, in milliseconds. */
  readonly timeoutMs?: number;
}

const FETCH_TIMEOUT_MS = 15 * 60_000;
/** Histories fetched at first, and then deeper; the last resort is all of it. */
const DEPTHS = [50, 400, 3_000, null] as const;

/**
 * Checks out the merge of exactly the two commits, by SHA, and answers the merge's tree. Nothing is committed, so no
 * identity, signing or hook takes part; system and user configuration of git is not read, so that the same two commits
 * give the same tree everywhere. Throws `RunnerFailure` `merge-conflict`, `fetch-failed` or `cancelled`.
 */
export async function checkOutMerge(options: CheckoutOptions): Promise<string> {
  await mkdir(options.dir, { recursive: true });
  const git = (...args: readonly string[]) => runGit(options, args);
  await must(git('init', '--quiet', '--template=', '.'), 'git-failed', 'The checkout could not be prepared');
  await fetchBoth(options, git);
  await must(
    git('checkout', '--quiet', '--detach', options.baseSha),
    'git-failed',
    'The base commit could not be checked out',
  );
  if (options.headSha !== options.baseSha) {
    const merge = await git('merge', '--quiet', '--no-commit', '--no-ff', '--no-verify', '--no-edit', options.headSha);
    if (merge.code !== 0) {
      await explainMerge(merge, git, options);
    }
  }
  const tree = await must(git('write-tree'), 'git-failed', 'The merge could not be written');
  const sha = tree.stdout.trim();
  if (!/^[0-9a-f]{40,64}$/.test(sha)) {
    throw new RunnerFailure('git-failed', 'git did not name the tree of the merge.');
  }
  return sha;
}

type Git = (...args: readonly string[]) => Promise<Exit>;

async function fetchBoth(options: CheckoutOptions, git: Git): Promise<void> {
  for (const depth of DEPTHS) {
    const same = options.baseSha === options.headSha;
    const fetched = await git(
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--no-auto-gc',
      ...(depth === null ? ['--unshallow'] : [`--depth=${same ? 1 : depth}`]),
      options.url,
      // Kept under names of ours, so that a deeper fetch knows what is there already.
      `+${options.baseSha}:refs/plumbline/base`,
      ...(same ? [] : [`+${options.headSha}:refs/plumbline/head`]),
    );
    // `--unshallow` of a history that is whole already is an error, and needs nothing.
    if (fetched.code !== 0 && !(depth === null && fetched.stderr.includes('--unshallow'))) {
      throw new RunnerFailure(
        options.cancel.aborted ? 'cancelled' : 'fetch-failed',
        `The commits could not be fetched: ${reasonOf(fetched)}`,
      );
    }
    if (same || depth === null || (await hasCertainMergeBase(options, git))) {
      return;
    }
  }
}

/**
 * In a cut-off history a common ancestor may hide below the cut, and another merge base makes another merge. The one
 * that git finds is certain when nothing that only one side has is cut off, and when there is exactly one.
 */
async function hasCertainMergeBase(options: CheckoutOptions, git: Git): Promise<boolean> {
  const cut = new Set((await readFile(join(options.dir, '.git', 'shallow'), 'utf8').catch(() => '')).split('\n'));
  if (cut.size === 1 && cut.has('')) {
    return true;
  }
  const bases = await git('merge-base', '--all', options.baseSha, options.headSha);
  if (bases.code !== 0 || bases.stdout.trim().split('\n').length !== 1) {
    return false;
  }
  const own = await git('rev-list', `${options.baseSha}...${options.headSha}`);
  return own.code === 0 && !own.stdout.split('\n').some((sha) => sha !== '' && cut.has(sha));
}

async function explainMerge(merge: Exit, git: Git, options: CheckoutOptions): Promise<never> {
  if (options.cancel.aborted) {
    throw new RunnerFailure('cancelled', 'The run was cancelled.');
  }
  const names = await git('diff', '--name-only', '--diff-filter=U', '-z');
  const files = names.stdout.split('\u0000').filter((name) => name !== '');
  if (files.length === 0) {
    throw new RunnerFailure('merge-failed', `The head could not be merged with its base: ${reasonOf(merge)}`);
  }
  const shown = files.slice(0, 10).map((name) => JSON.stringify(name.slice(0, 300)));
  const more = files.length > shown.length ? ` and ${files.length - shown.length} more` : '';
  throw new RunnerFailure(
    'merge-conflict',
    `The pull request conflicts with its base in ${shown.join(', ')}${more}. Merge or rebase, and push.`,
  );
}

function runGit(options: CheckoutOptions, args: readonly string[]): Promise<Exit> {
  return runCommand({
    program: 'git',
    args,
    cwd: options.dir,
    env: gitEnv(options),
    timeoutMs: options.timeoutMs ?? FETCH_TIMEOUT_MS,
    graceMs: 5_000,
    cancel: options.cancel,
  });
}

/** The token goes in through the environment: arguments can be read by every process of the machine. */
function gitEnv(options: CheckoutOptions): Record<string, string> {
  const settings: (readonly [string, string])[] = [
    ['core.hooksPath', '/dev/null'],
    ['core.autocrlf', 'false'],
    ['core.fsmonitor', 'false'],
    ['advice.detachedHead', 'false'],
    ['protocol.allow', 'never'],
    ['protocol.https.allow', 'always'],
    ['protocol.http.allow', 'always'],
    ['protocol.file.allow', options.url.startsWith('/') || options.url.startsWith('file:') ? 'always' : 'never'],
    ['http.followRedirects', 'false'],
    ['credential.helper', ''],
    ['commit.gpgSign', 'false'],
    ['merge.conflictStyle', 'merge'],
    ['merge.renames', 'true'],
    ['merge.directoryRenames', 'conflict'],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
  ];
  if (options.token !== '' && /^https?:/.test(options.url)) {
    const basic = Buffer.from(`x-access-token:${options.token}`).toString('base64');
    settings.push([`http.${options.url}.extraheader`, `AUTHORIZATION: basic ${basic}`]);
  }
  const env: Record<string, string> = Object.fromEntries(
    Object.entries(options.env).filter(([name]) => !/^GIT_/i.test(name) || /^GIT_SSL_/i.test(name)),
  );
  settings.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return {
    ...env,
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    LC_ALL: 'C',
    // `merge` wants to know who merges even when it commits nothing.
    GIT_AUTHOR_NAME: 'Plumbline',
    GIT_AUTHOR_EMAIL: 'runner@plumbline.invalid',
    GIT_COMMITTER_NAME: 'Plumbline',
    GIT_COMMITTER_EMAIL: 'runner@plumbline.invalid',
  };
}

async function must(running: Promise<Exit>, code: string, what: string): Promise<Exit> {
  const exit = await running;
  if (exit.code !== 0) {
    throw new RunnerFailure(exit.stopped === 'cancelled' ? 'cancelled' : code, `${what}: ${reasonOf(exit)}`);
  }
  return exit;
}

/** What git said, short, and without a header that it might quote. */
function reasonOf(exit: Exit): string {
  if (exit.startError !== null) {
    return `git could not be started (${exit.startError})`;
  }
  if (exit.stopped === 'timeout') {
    return 'git did not end in time';
  }
  const said = (exit.stderr || exit.stdout).trim().split('\n').slice(-5).join(' ').slice(0, 1_000);
  return said.replace(/(authorization: *\w+ +)\S+/gi, '$1***') || `git ended with code ${exit.code}`;
}

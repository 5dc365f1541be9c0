import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Change, ChangedFile, ModuleIndex } from '../domain/change.ts';
import type { TagQuery } from '../domain/tag-query.ts';
import { computeChange } from '../matching/compute-change.ts';
import { normalPath } from '../matching/repo-path.ts';
import { parseTagQuery } from '../matching/tag-query.ts';
import { changedPaths, diffFiles, parseRange, readPaths } from './changed-files.ts';
import { type Checkout, commitTree, namesOnly, workingTree } from './checkout.ts';
import { changeErrors, type ExplainError, explainJson, explainText } from './explain-output.ts';
import { gitMaybe } from './git.ts';
import { findConfig, loadConfig } from './load-config.ts';
import { readModuleIndex } from './module-index-file.ts';

interface ExplainOptions {
  readonly repo: string;
  readonly files?: string;
  readonly config?: string;
  readonly head?: string;
  readonly base?: string;
  readonly changed?: readonly string[];
  readonly changedFrom?: string;
  readonly diff?: string;
  readonly query?: string;
  readonly index?: string;
  readonly json?: boolean;
}

const NOTHING: Change = { dirspaces: [], layers: [], unmatched: [], errors: [] };

/** `plumbline explain`: which dirspaces a change touches and why, without a server. Exits 0 also when nothing matches, 1 for errors. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('which directories and workspaces does a change touch, and why')
    .option('--repo <dir>', 'a checkout', '.')
    .option('--files <list>', 'a file with one path per line, instead of a checkout; - is standard input')
    .option('--config <file>', 'configuration file, instead of the one in the checkout')
    .option('--head <branch>', 'branch of the change; the one checked out')
    .option('--base <branch>', 'branch it goes to; the default branch of origin')
    .option('--changed <path...>', 'changed paths')
    .option('--changed-from <file>', 'a file with one changed path per line; - is standard input')
    .option('--diff <range>', 'changed files between two commits: A..B, or A...B from where they parted')
    .option('--query <tagquery>', 'only what this tag query selects')
    .option('--index <file>', 'module index in JSON, instead of reading the sources')
    .option('--json', 'answer in JSON')
    .action(async (options: ExplainOptions) => {
      const { change, errors } = await explain(options);
      if (options.json === true) {
        console.log(JSON.stringify(explainJson(change, errors), null, 2));
      } else {
        (errors.length > 0 ? console.error : console.log)(explainText(change, errors));
      }
      process.exitCode = errors.length > 0 ? 1 : 0;
    });
}

interface Explained {
  readonly change: Change;
  readonly errors: readonly ExplainError[];
}

async function explain(options: ExplainOptions): Promise<Explained> {
  const query = parseTagQuery(options.query ?? '');
  if (!query.ok) {
    const { code, column, message } = query.error;
    return { change: NOTHING, errors: [{ code: `tag-query-${code}`, path: '--query', line: 1, column, message }] };
  }
  try {
    return await explained(options, options.query === undefined ? undefined : query.query);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown failure';
    return { change: NOTHING, errors: [{ code: 'unreadable', path: '', line: null, column: null, message }] };
  }
}

async function explained(options: ExplainOptions, query: TagQuery | undefined): Promise<Explained> {
  const checkout = await openCheckout(options);
  const source =
    options.config === undefined
      ? await findConfig(checkout)
      : { file: options.config, text: await readFile(options.config, 'utf8') };
  const loaded = loadConfig(source);
  if (!loaded.ok) {
    return { change: NOTHING, errors: loaded.problems };
  }
  const index: ModuleIndex =
    options.index === undefined ? await checkout.index() : await readModuleIndex(options.index);
  const change = computeChange({
    config: loaded.effective.config,
    files: checkout.files,
    changed: await changedBy(options, checkout),
    index,
    ...(await branches(options)),
    ...(query === undefined ? {} : { query }),
  });
  return { change, errors: changeErrors(change.errors, loaded.raw) };
}

async function openCheckout({ repo, files, diff }: ExplainOptions): Promise<Checkout> {
  const range = diff === undefined ? undefined : parseRange(diff);
  if (diff !== undefined && range === undefined) {
    throw new Error(`--diff takes A..B or A...B, not "${diff}".`);
  }
  if (files !== undefined) {
    return namesOnly(await readPaths(files));
  }
  return range === undefined ? await workingTree(repo) : await commitTree(repo, range.to);
}

async function changedBy(options: ExplainOptions, checkout: Checkout): Promise<readonly ChangedFile[]> {
  const tree = new Set(checkout.files);
  const named = (options.changed ?? []).flatMap((path) => normalPath(path) ?? []);
  const listed = options.changedFrom === undefined ? [] : await readPaths(options.changedFrom);
  const differing = options.diff === undefined ? [] : await diffFiles(options.repo, options.diff);
  if (options.changed === undefined && options.changedFrom === undefined && options.diff === undefined) {
    throw new Error('Say what changed: --changed PATH…, --changed-from FILE or --diff A..B.');
  }
  return [...changedPaths([...new Set([...named, ...listed])], tree), ...differing];
}

async function branches({ repo, files, head, base }: ExplainOptions): Promise<{ head: string; base: string }> {
  const ask = async (ref: string): Promise<string | undefined> =>
    files === undefined ? (await gitMaybe(repo, ['symbolic-ref', '--short', '-q', ref]))?.trim() : undefined;
  return {
    head: head ?? (await ask('HEAD')) ?? '',
    base: base ?? (await ask('refs/remotes/origin/HEAD'))?.replace(/^origin\//, '') ?? 'main',
  };
}

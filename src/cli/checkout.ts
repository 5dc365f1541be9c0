import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import type { ModuleIndex } from '../domain/change.ts';
import { buildModuleIndex, isIndexed, type SourceFile } from '../matching/module-index.ts';
import { entries, git, gitBlobs, gitMaybe } from './git.ts';

/** A tree as `explain` sees it: names, and the text of the few files that it asks for. */
export interface Checkout {
  readonly files: readonly string[];
  readonly read: (path: string) => Promise<string | undefined>;
  readonly index: () => Promise<ModuleIndex>;
}

/** More than this is no source that a person wrote. */
const MAX_SOURCE = 2 * 1024 * 1024;
const BATCH = 64;

/** The working tree: what git tracks or would track, or everything below the directory where there is no git. */
export async function workingTree(dir: string): Promise<Checkout> {
  const listed = await gitMaybe(dir, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  const gone = new Set(entries((await gitMaybe(dir, ['ls-files', '-z', '--deleted'])) ?? ''));
  const known = entries(listed ?? '').filter((path) => !gone.has(path));
  // Nothing known: no repository, or a directory that the repository around it ignores.
  const files = known.length === 0 ? await walk(dir) : [...new Set(known)].sort();
  const read = async (path: string): Promise<string | undefined> => {
    const found = await lstat(join(dir, path)).catch(() => undefined);
    return found?.isFile() === true && found.size <= MAX_SOURCE ? await readFile(join(dir, path), 'utf8') : undefined;
  };
  const index = async (): Promise<ModuleIndex> => {
    const sources = await inBatches(files.filter(isIndexed), async (path): Promise<readonly SourceFile[]> => {
      const text = await read(path);
      return text === undefined ? [] : [{ path, text }];
    });
    return buildModuleIndex(sources, await linksIn(dir, files));
  };
  return { files, read, index };
}

/** The tree of a commit, whatever is checked out. */
export async function commitTree(dir: string, commit: string): Promise<Checkout> {
  const top = (await git(dir, ['rev-parse', '--verify', '--end-of-options', `${commit}^{commit}`])).trim();
  const listed = entries(await git(dir, ['ls-tree', '-r', '-z', top])).flatMap((entry) => {
    const [, mode, id, path] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    return mode === undefined || id === undefined || path === undefined || mode === '160000'
      ? []
      : [{ mode, id, path }];
  });
  const files = listed.map(({ path }) => path);
  const read = async (path: string): Promise<string | undefined> =>
    await gitMaybe(dir, ['cat-file', 'blob', `${top}:./${path}`]);
  const index = async (): Promise<ModuleIndex> => {
    const isLink = ({ mode }: { readonly mode: string }): boolean => mode === '120000';
    const wanted = listed.filter((entry) => isLink(entry) || isIndexed(entry.path));
    const texts = await gitBlobs(
      dir,
      wanted.map(({ id }) => id),
    );
    const dirs = new Set(files.flatMap(dirsAbove));
    const links = wanted.filter(isLink).flatMap(({ path, id }): readonly (readonly [string, string])[] => {
      const target = posix.normalize(posix.join(posix.dirname(path), texts.get(id) ?? '')).replace(/\/$/, '');
      return dirs.has(target) ? [[path, target]] : [];
    });
    const sources = wanted.flatMap((entry) => {
      const text = isLink(entry) ? undefined : texts.get(entry.id);
      return text === undefined || text.length > MAX_SOURCE ? [] : [{ path: entry.path, text }];
    });
    return buildModuleIndex(sources, links);
  };
  return { files, read, index };
}

/** A list of names and nothing behind them. */
export function namesOnly(files: readonly string[]): Checkout {
  return {
    files,
    read: async () => await Promise.resolve(undefined),
    index: async () => await Promise.resolve({ paths: {}, symlinks: [] }),
  };
}

async function walk(dir: string): Promise<readonly string[]> {
  const found = await readdir(dir, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !/(?:^|\/)(?:\.git|\.terraform|\.terragrunt-cache)\//.test(path))
    .sort();
}

async function linksIn(dir: string, files: readonly string[]): Promise<ModuleIndex['symlinks']> {
  return await inBatches(files, async (path): Promise<readonly (readonly [string, string])[]> => {
    const full = join(dir, path);
    const isLink = (await lstat(full).catch(() => undefined))?.isSymbolicLink() === true;
    if (!isLink || (await stat(full).catch(() => undefined))?.isDirectory() !== true) {
      return [];
    }
    const target = posix.normalize(posix.join(posix.dirname(path), await readlink(full))).replace(/\/$/, '');
    return target.startsWith('..') || target.startsWith('/') ? [] : [[path, target]];
  });
}

/** Ask the disk many things at a time, but not all at once: open files are limited. */
async function inBatches<T, R>(items: readonly T[], one: (item: T) => Promise<readonly R[]>): Promise<readonly R[]> {
  const found: R[] = [];
  for (let at = 0; at < items.length; at += BATCH) {
    for (const results of await Promise.all(items.slice(at, at + BATCH).map(one))) {
      found.push(...results);
    }
  }
  return found;
}

function dirsAbove(path: string): readonly string[] {
  const dirs: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    dirs.push(path.slice(0, at));
  }
  return dirs;
}

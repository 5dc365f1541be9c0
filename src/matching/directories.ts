import type { DirConfig, RepoConfig } from '../domain/repo-config.ts';
import { DIR_VARIABLE, type Pattern, PatternCompiler } from './pattern.ts';
import { PatternIndex } from './pattern-index.ts';
import { dirOf } from './repo-path.ts';
import type { WorkBudget } from './work-budget.ts';

/** Which configuration each directory of the tree has. */
export interface Directories {
  readonly configured: ReadonlyMap<string, DirConfig>;
  /** Every directory that has a file directly in it. */
  readonly present: ReadonlySet<string>;
}

/**
 * Find the directories of a tree that are roots, with their configuration: a literal key beats globs; globs are asked of
 * files, the longest key wins; every other directory with a file that the global patterns ask for has the global settings.
 * A directory without a file is dropped, unless its literal key says `create_if_missing`. What another directory calls as a
 * module is a root only by a literal key of its own.
 */
export function discoverDirectories(
  config: RepoConfig,
  files: readonly string[],
  calledModules: ReadonlySet<string>,
  budget: WorkBudget,
): Directories {
  const namesByDir = new Map<string, string[]>();
  for (const file of files) {
    const dir = dirOf(file);
    const names = namesByDir.get(dir);
    if (names === undefined) {
      namesByDir.set(dir, [file]);
    } else {
      names.push(file);
    }
  }
  const present = new Set(namesByDir.keys());
  const configured = new Map<string, DirConfig>();
  for (const dir of config.dirs) {
    if (!dir.glob && (present.has(dir.key) || dir.createIfMissing)) {
      configured.set(dir.key, dir);
    }
  }
  const literal = new Set(config.dirs.flatMap((dir) => (dir.glob ? [] : [dir.key])));
  const isFree = (dir: string): boolean => !literal.has(dir) && !calledModules.has(dir);
  for (const [dir, entry] of globDirectories(config.dirs, files, isFree, budget)) {
    configured.set(dir, entry);
  }
  const usual = usualDirectory(config);
  for (const dir of usualDirectories(config, namesByDir, files, budget)) {
    if (isFree(dir) && !configured.has(dir)) {
      configured.set(dir, usual);
    }
  }
  return { configured, present };
}

function globDirectories(
  dirs: readonly DirConfig[],
  files: readonly string[],
  isFree: (dir: string) => boolean,
  budget: WorkBudget,
): ReadonlyMap<string, DirConfig> {
  const globs = dirs.filter((dir) => dir.glob).sort((a, b) => b.key.length - a.key.length);
  const found = new Map<string, number>();
  if (globs.length > 0) {
    const compiler = new PatternCompiler();
    const index = new PatternIndex();
    for (const [rank, dir] of globs.entries()) {
      const prepared = compiler.compile(dir.key);
      if (prepared.kind === 'pattern') {
        index.add(prepared.pattern, rank);
      }
    }
    for (const file of files) {
      const dir = dirOf(file);
      const best = found.get(dir) ?? globs.length;
      if (best > 0 && isFree(dir)) {
        const rank = Math.min(best, ...index.groupsFor(file, budget).map((group) => group.free[0] ?? best));
        if (rank < best) {
          found.set(dir, rank);
        }
      }
    }
  }
  return new Map([...found].flatMap(([dir, rank]) => (globs[rank] === undefined ? [] : [[dir, globs[rank]]])));
}

/** The global patterns that begin with `${DIR}` say what a root looks like; with none of them every directory may be one. */
function usualDirectories(
  config: RepoConfig,
  namesByDir: ReadonlyMap<string, readonly string[]>,
  files: readonly string[],
  budget: WorkBudget,
): Iterable<string> {
  const positive = config.whenModified.filePatterns.filter((pattern) => !pattern.startsWith('!'));
  const own = positive.filter((pattern) => pattern.startsWith(DIR_VARIABLE));
  if (own.length === 0) {
    return positive.length === 0 ? [] : namesByDir.keys();
  }
  const compiler = new PatternCompiler();
  const found = new Set<string>();
  const beyond = new PatternIndex();
  const all = [...namesByDir.keys()];
  for (const [owner, dir] of all.entries()) {
    for (const text of own) {
      const prepared = compiler.compile(text, { dir, workspace: 'default' });
      if (prepared.kind === 'pattern') {
        if (prepared.pattern.direct && prepared.pattern.prefix === dir) {
          if (hasFile(prepared.pattern, dir, namesByDir.get(dir) ?? [])) {
            found.add(dir);
          }
        } else {
          beyond.add(prepared.pattern, owner);
        }
      }
    }
  }
  if (own.some((text) => !/^\$\{DIR\}\/[^/]*$/.test(text) || text.includes('**'))) {
    for (const file of files) {
      for (const group of beyond.groupsFor(file, budget)) {
        for (const owner of group.free.splice(0)) {
          found.add(all[owner] ?? '.');
        }
      }
    }
  }
  return found;
}

function hasFile(pattern: Pattern, dir: string, paths: readonly string[]): boolean {
  const from = dir === '.' ? 0 : dir.length + 1;
  return paths.some((path) => pattern.glob.matches(path.slice(from)));
}

function usualDirectory(config: RepoConfig): DirConfig {
  return {
    key: '',
    glob: false,
    createAndSelectWorkspace: config.createAndSelectWorkspace,
    createIfMissing: false,
    lockBranchTarget: 'all',
    workspaces: [{ name: 'default', tags: [], whenModified: config.whenModified }],
  };
}

import { minimatch } from 'minimatch';
import type { ChangedFile, ModuleIndex } from '../../src/domain/change.ts';
import type { DirConfig, RepoConfig, WhenModified } from '../../src/domain/repo-config.ts';
import { matchTagQuery } from '../../src/matching/tag-query.ts';

/** What the rules say, as plainly as possible and as slowly as that is: every directory × every pattern × every file. */

const OPTIONS = { dot: true, nonegate: true, nocomment: true, platform: 'linux' } as const;

interface Naive {
  readonly dir: string;
  readonly workspace: string;
  readonly tags: readonly string[];
  readonly whenModified: WhenModified;
}

export interface NaiveInput {
  readonly config: RepoConfig;
  readonly files: readonly string[];
  readonly changed: readonly ChangedFile[];
  readonly index?: ModuleIndex;
}

/** Names of the touched dirspaces, sorted; `cycle` when some wait for each other; the layers otherwise. */
export function naiveChange(input: NaiveInput): {
  readonly dirspaces: readonly string[];
  readonly cycle: boolean;
  readonly layers: readonly (readonly string[])[];
} {
  const all = naiveDirspaces(input);
  const names = input.changed.flatMap(({ path, previousPath }) => [path, previousPath ?? path]);
  const own = all.filter((one) => isTouched(one, names, input.index));
  const edges = (one: Naive): readonly Naive[] => all.filter((other) => other !== one && dependsOn(one, other));
  const cycle = all.some((one) => reaches(one, one, edges));
  const touched = new Set(own);
  for (let before = -1; before !== touched.size; ) {
    before = touched.size;
    for (const one of all) {
      if (edges(one).some((other) => touched.has(other))) {
        touched.add(one);
      }
    }
  }
  const depth = (one: Naive): number =>
    edges(one).reduce((top, other) => Math.max(top, depth(other) + (touched.has(other) ? 1 : 0)), 0);
  const kept = [...touched].filter((one) => own.includes(one) || one.whenModified.dependsOn?.pruneOnNoChange !== true);
  const layers = new Map<number, string[]>();
  for (const one of cycle ? [] : kept) {
    layers.set(depth(one), [...(layers.get(depth(one)) ?? []), nameOf(one)]);
  }
  return {
    dirspaces: kept.map(nameOf).sort(),
    cycle,
    layers: [...layers].sort(([a], [b]) => a - b).map(([, members]) => members.sort()),
  };
}

function nameOf({ dir, workspace }: { readonly dir: string; readonly workspace: string }): string {
  return `${dir} ${workspace}`;
}

function naiveDirspaces({ config, files, index }: NaiveInput): readonly Naive[] {
  const dirs = [...new Set(files.map(dirOf))];
  const called = new Set(
    Object.entries(index?.paths ?? {}).flatMap(([dir, { modules }]) =>
      modules.map((path) => resolve(dir, path)).filter((to) => to !== dir),
    ),
  );
  return dirs.flatMap((dir) => {
    const entry = entryFor(dir, config, files, called);
    return (entry?.workspaces ?? []).flatMap(({ name, tags, whenModified }) =>
      whenModified.filePatterns.length === 0
        ? []
        : [
            {
              dir,
              workspace: name,
              tags: [...tags, `dir:${dir}`, `workspace:${name}`, 'stack_name:default'],
              whenModified,
            },
          ],
    );
  });
}

function entryFor(
  dir: string,
  config: RepoConfig,
  files: readonly string[],
  called: ReadonlySet<string | undefined>,
): Pick<DirConfig, 'workspaces'> | undefined {
  const literal = config.dirs.find(({ glob, key }) => !glob && key === dir);
  if (literal !== undefined) {
    return literal;
  }
  if (called.has(dir)) {
    return undefined;
  }
  const here = files.filter((file) => dirOf(file) === dir);
  const globs = config.dirs.filter(({ glob, key }) => glob && here.some((file) => glob && isMatch(file, key)));
  const longest = globs.toSorted((a, b) => b.key.length - a.key.length)[0];
  if (longest !== undefined) {
    return longest;
  }
  const positive = config.whenModified.filePatterns.filter((pattern) => !pattern.startsWith('!'));
  const own = positive.filter((pattern) => pattern.startsWith('$'.concat('{DIR}')));
  const isRoot =
    own.length === 0
      ? positive.length > 0
      : own.some((pattern) => files.some((file) => isMatch(file, substituted(pattern, dir, 'default'))));
  return isRoot ? { workspaces: [{ name: 'default', tags: [], whenModified: config.whenModified }] } : undefined;
}

function isTouched(one: Naive, names: readonly string[], index: ModuleIndex | undefined): boolean {
  const patterns = one.whenModified.filePatterns;
  const excluded = (name: string): boolean =>
    patterns.some((text) => text.startsWith('!') && isMatch(name, substituted(text.slice(1), one.dir, one.workspace)));
  const included = (name: string): boolean =>
    patterns.some((text) => !text.startsWith('!') && isMatch(name, substituted(text, one.dir, one.workspace)));
  const modules = modulesOf(one.dir, index);
  return names.some(
    (name) => !excluded(name) && (included(name) || (name.endsWith('.tf') && modules.has(dirOf(name)))),
  );
}

function modulesOf(dir: string, index: ModuleIndex | undefined, seen = new Set<string>()): ReadonlySet<string> {
  const calls = index?.paths[dir];
  for (const path of [...(calls?.modules ?? []), ...(calls?.dependencies ?? [])]) {
    const to = resolve(dir, path);
    if (to !== undefined && to !== dir && !seen.has(to)) {
      seen.add(to);
      modulesOf(to, index, seen);
    }
  }
  return seen;
}

function dependsOn(one: Naive, other: Naive): boolean {
  const query = one.whenModified.dependsOn?.tagQuery;
  return query !== undefined && matchTagQuery(query, { ...other, relativeTo: one.dir });
}

function reaches(from: Naive, to: Naive, edges: (one: Naive) => readonly Naive[], seen = new Set<Naive>()): boolean {
  return edges(from).some((next) => {
    if (next === to) {
      return true;
    }
    if (seen.has(next)) {
      return false;
    }
    seen.add(next);
    return reaches(next, to, edges, seen);
  });
}

function substituted(pattern: string, dir: string, workspace: string): string | undefined {
  const quoted = (text: string): string => minimatch.escape(text, { magicalBraces: true });
  const replaced = pattern.replaceAll(/\$\{(DIR|WORKSPACE)\}/g, (_all, name) =>
    quoted(name === 'DIR' ? dir : workspace),
  );
  const kept: string[] = [];
  for (const part of replaced.split('/')) {
    if (part === '..') {
      if (kept.pop() === undefined) {
        return undefined;
      }
    } else if (part !== '.' && part !== '') {
      kept.push(part);
    }
  }
  return kept.join('/');
}

function isMatch(file: string, pattern: string | undefined): boolean {
  return pattern !== undefined && pattern !== '' && minimatch(file, pattern, OPTIONS);
}

function resolve(dir: string, path: string): string | undefined {
  const to = substituted(`${dir}/${path}`, '', '');
  return to === '' ? '.' : to;
}

function dirOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
}

import type { Because, ChangedFile, UnmatchedFile, UnmatchedReason } from '../domain/change.ts';
import type { KnownDirspace } from './known-dirspace.ts';
import { calledFrom, type ModuleGraph, reachedDirs, touchedModules } from './module-graph.ts';
import { excludes, type PatternGroup } from './pattern-index.ts';
import { dirOf } from './repo-path.ts';
import type { Repository } from './repository.ts';
import { linksByTarget, otherNames } from './symlinks.ts';
import type { WorkBudget } from './work-budget.ts';

export interface Touched {
  /** By place in `dirspaces`; the first few reasons of each. */
  readonly because: ReadonlyMap<number, readonly Because[]>;
  readonly unmatched: readonly UnmatchedFile[];
}

/** What one pass over the changed files fills and draws on. */
interface Matching {
  readonly reasons: Map<number, Because[]>;
  readonly settled: Set<PatternGroup>;
  readonly budget: WorkBudget;
}

/** Nobody reads more; and a pattern that everybody has must not cost files × dirspaces. */
const MAX_REASONS = 5;
const SMALL_GROUP = 8;

const REASONS: Readonly<Record<UnmatchedReason, string>> = {
  'no-pattern': 'No pattern of any directory matches it.',
  ignored: 'Its directory is ignored: its list of file patterns is empty.',
  excluded: 'A pattern that begins with ! excludes it.',
  'directory-deleted': 'Its directory no longer has any file.',
  'module-not-called': 'It belongs to a module, and no root that is planned here calls that module.',
  'called-as-module':
    'Its directory is called as a module and is planned with those that call it. To plan it by itself as well, name it in `dirs`.',
  query: 'What it touches is not selected by the tag query.',
};

/**
 * Which dirspaces do the changed files touch by themselves, by pattern or through modules? Linear in files, depth and hits.
 * `only`: the other dirspaces do as if they were not there.
 */
export function touchedBy(
  whole: Repository,
  changed: readonly ChangedFile[],
  options: { readonly budget: WorkBudget; readonly only?: (dirspace: KnownDirspace) => boolean },
): Touched {
  const { budget, only } = options;
  const repository = only === undefined ? whole : narrowed(whole, only);
  const reasons = new Map<number, Because[]>();
  const names = namesOf(repository, changed);
  const settled = new Set<PatternGroup>();
  const results = names.map((paths) => {
    const outcomes = paths.map((path) => matchPath(repository, path, { reasons, settled, budget }));
    return outcomes.includes('matched') ? 'matched' : outcomes.includes('excluded') ? 'excluded' : 'none';
  });
  const touchedDirs = touchThroughModules(repository, names.flat(), { reasons, settled, budget });
  const unmatched = changed.flatMap((file, at) => {
    const isModule = (names[at] ?? []).some((path) => touchedDirs.used.has(dirOf(path)));
    if (results[at] === 'matched' || isModule) {
      return [];
    }
    const code = results[at] === 'excluded' ? 'excluded' : whyNot(repository, file, touchedDirs.modules);
    return [unmatchedFile(file.path, code)];
  });
  return { because: reasons, unmatched };
}

/** A changed file with the reason why it touches nothing. */
export function unmatchedFile(path: string, code: UnmatchedReason): UnmatchedFile {
  return { path, code, reason: REASONS[code] };
}

function narrowed(repository: Repository, only: (dirspace: KnownDirspace) => boolean): Repository {
  const kept = new Set(repository.dirspaces.flatMap((dirspace, id) => (only(dirspace) ? [id] : [])));
  const idsByDir = [...repository.idsByDir].flatMap(([dir, ids]) => {
    const left = ids.filter((id) => kept.has(id));
    return left.length === 0 ? [] : [[dir, left] as const];
  });
  return { ...repository, idsByDir: new Map(idsByDir), patterns: repository.patterns.restrictedTo(kept) };
}

/** Every name each changed file has: the new one, the one before a rename, and those through links. */
function namesOf(repository: Repository, changed: readonly ChangedFile[]): readonly (readonly string[])[] {
  const own = changed.map(({ path, previousPath }) =>
    previousPath === undefined || previousPath === path ? [path] : [path, previousPath],
  );
  if (repository.links.length === 0) {
    return own;
  }
  const byTarget = linksByTarget(repository.links);
  const behind = filesBehind(repository, new Set(own.flat()));
  return own.map((names) =>
    names.flatMap((name) => [name, ...otherNames(name, byTarget), ...(behind.get(name) ?? [])]),
  );
}

/** Where a link itself changed, everything that is reached through it may be another file now. */
function filesBehind(
  { links, linkedFiles }: Repository,
  names: ReadonlySet<string>,
): ReadonlyMap<string, readonly string[]> {
  const behind = new Map<string, string[]>(links.flatMap(([link]) => (names.has(link) ? [[link, []]] : [])));
  for (const file of behind.size === 0 ? [] : linkedFiles) {
    for (let at = file.indexOf('/'); at !== -1; at = file.indexOf('/', at + 1)) {
      behind.get(file.slice(0, at))?.push(file);
    }
  }
  return behind;
}

function matchPath(
  repository: Repository,
  path: string,
  { reasons, settled, budget }: Matching,
): 'matched' | 'excluded' | 'none' {
  let outcome: 'matched' | 'excluded' | 'none' = 'none';
  for (const group of repository.patterns.groupsFor(path, budget)) {
    if (settled.has(group)) {
      outcome = 'matched';
      continue;
    }
    const because: Because = { why: 'file', file: path, pattern: group.pattern.text };
    for (const [guard, ids] of group.guarded) {
      if (excludes(guard, path, budget)) {
        outcome = outcome === 'matched' ? 'matched' : 'excluded';
      } else {
        outcome = 'matched';
        addReason(reasons, ids, because);
      }
    }
    if (group.free.length > 0) {
      outcome = 'matched';
      addReason(reasons, group.free, because);
      if (group.guarded.size === 0 && group.free.length > SMALL_GROUP) {
        settled.add(group);
      }
    }
  }
  return outcome;
}

function addReason(reasons: Map<number, Because[]>, ids: readonly number[], because: Because): void {
  for (const id of ids) {
    const known = reasons.get(id);
    if (known === undefined) {
      reasons.set(id, [because]);
    } else if (known.length < MAX_REASONS && !known.some((one) => isSameFile(one, because))) {
      known.push(because);
    }
  }
}

function isSameFile(a: Because, b: Because): boolean {
  return 'file' in a && 'file' in b && a.file === b.file;
}

interface TouchedModules {
  /** Directories with changed files that some directory calls. */
  readonly modules: ReadonlySet<string>;
  /** Those of them through which a dirspace was touched. */
  readonly used: ReadonlySet<string>;
}

function touchThroughModules(
  { modules: graph, idsByDir, guards }: Repository,
  paths: readonly string[],
  { reasons, budget }: Matching,
): TouchedModules {
  const touched = graph === undefined ? new Map<string, readonly string[]>() : touchedModules(graph, paths);
  if (graph === undefined || touched.size === 0) {
    return { modules: new Set(), used: new Set() };
  }
  for (const [dir, first] of reachedDirs(graph, touched)) {
    for (const id of idsByDir.get(dir) ?? []) {
      const guard = guards[id];
      if (guard === undefined) {
        addReason(reasons, [id], { why: 'module', ...first });
      } else {
        const called = calledFrom(graph, dir);
        for (const [module, files] of touched) {
          const file = called.has(module) ? files.find((one) => !excludes(guard, one, budget)) : undefined;
          if (file !== undefined) {
            addReason(reasons, [id], { why: 'module', file, module });
            break;
          }
        }
      }
    }
  }
  return { modules: new Set(touched.keys()), used: leadingToRoots(graph, touched, idsByDir) };
}

/** The changed modules that some dirspace calls, directly or through others: one walk down from all the dirspaces' directories. */
function leadingToRoots(
  graph: ModuleGraph,
  touched: ReadonlyMap<string, readonly string[]>,
  idsByDir: ReadonlyMap<string, readonly number[]>,
): ReadonlySet<string> {
  const seen = new Set<string>();
  const queue = [...idsByDir.keys()];
  for (let dir = queue.pop(); dir !== undefined; dir = queue.pop()) {
    for (const callee of graph.callees.get(dir) ?? []) {
      if (!seen.has(callee)) {
        seen.add(callee);
        queue.push(callee);
      }
    }
  }
  return new Set([...touched.keys()].filter((dir) => seen.has(dir)));
}

function whyNot(repository: Repository, { path }: ChangedFile, modules: ReadonlySet<string>): UnmatchedReason {
  const dir = dirOf(path);
  if (!repository.present.has(dir)) {
    return 'directory-deleted';
  }
  if (modules.has(dir)) {
    return 'module-not-called';
  }
  const settings = repository.configured.get(dir);
  const isIgnored = settings?.workspaces.every(({ whenModified }) => whenModified.filePatterns.length === 0);
  return isIgnored === true ? 'ignored' : 'no-pattern';
}

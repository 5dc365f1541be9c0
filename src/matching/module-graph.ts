import type { ModuleIndex } from '../domain/change.ts';
import { dirOf, joinPath, normalPath } from './repo-path.ts';
import { linksByTarget, otherNames } from './symlinks.ts';

/** Who calls whom, by directory. */
export interface ModuleGraph {
  /** Directory → the directories that call it or depend on it. */
  readonly callers: ReadonlyMap<string, readonly string[]>;
  /** Directory → what it calls or depends on. */
  readonly callees: ReadonlyMap<string, readonly string[]>;
  /** Directories that somebody calls as a module; not those that are merely depended on. */
  readonly called: ReadonlySet<string>;
}

/** A directory that is touched through what it calls: `module` is the directory that changed, `file` the file in it. */
export interface ModuleTouch {
  readonly module: string;
  readonly file: string;
}

/** What a called module is made of: its README changes no plan, and Terraform reads variable files in the root alone. */
const MODULE_FILE = /\.(?:tf|tofu|hcl|tf\.json|tofu\.json)$/;

/** Turn an index of relative paths around. Paths that leave the repository are dropped. */
export function moduleGraph(index: ModuleIndex): ModuleGraph {
  const callees = new Map<string, Set<string>>();
  const called = new Set<string>();
  const byTarget = linksByTarget(index.symlinks);
  for (const [key, calls] of Object.entries(index.paths)) {
    const real = normalPath(key);
    for (const dir of real === undefined ? [] : [real, ...otherNames(real, byTarget)]) {
      for (const [paths, isModule] of [
        [calls.modules, true],
        [calls.dependencies ?? [], false],
      ] as const) {
        for (const path of paths) {
          const target = joinPath(dir, path);
          if (target !== undefined && target !== dir) {
            callees.set(dir, (callees.get(dir) ?? new Set()).add(target));
            if (isModule) {
              called.add(target);
            }
          }
        }
      }
      if (dir !== real && real !== undefined) {
        callees.set(dir, (callees.get(dir) ?? new Set()).add(real));
      }
    }
  }
  const callers = new Map<string, string[]>();
  for (const [dir, targets] of callees) {
    for (const target of targets) {
      const known = callers.get(target);
      if (known === undefined) {
        callers.set(target, [dir]);
      } else {
        known.push(dir);
      }
    }
  }
  return { callers, callees: new Map([...callees].map(([dir, targets]) => [dir, [...targets]])), called };
}

/** The changed files that are part of a directory somebody calls, by that directory. */
export function touchedModules(graph: ModuleGraph, files: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const touched = new Map<string, string[]>();
  for (const file of files) {
    const dir = dirOf(file);
    if (graph.callers.has(dir) && MODULE_FILE.test(file)) {
      const known = touched.get(dir);
      if (known === undefined) {
        touched.set(dir, [file]);
      } else {
        known.push(file);
      }
    }
  }
  return touched;
}

/** Every directory that calls one of the touched ones, directly or through others, with one reason. Linear in the graph. */
export function reachedDirs(
  graph: ModuleGraph,
  touched: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, ModuleTouch> {
  const reached = new Map<string, ModuleTouch>();
  const queue: { readonly dir: string; readonly touch: ModuleTouch }[] = [];
  for (const [module, files] of touched) {
    const file = files[0];
    if (file !== undefined) {
      queue.push({ dir: module, touch: { module, file } });
    }
  }
  for (let at = 0; at < queue.length; at += 1) {
    const item = queue[at];
    for (const caller of item === undefined ? [] : (graph.callers.get(item.dir) ?? [])) {
      if (item !== undefined && !reached.has(caller)) {
        reached.set(caller, item.touch);
        queue.push({ dir: caller, touch: item.touch });
      }
    }
  }
  return reached;
}

/** Every directory that `dir` calls, directly or through others; without `dir` itself unless it is in a circle. */
export function calledFrom(graph: ModuleGraph, dir: string): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [dir];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const callee of graph.callees.get(next) ?? []) {
      if (!found.has(callee)) {
        found.add(callee);
        queue.push(callee);
      }
    }
  }
  return found;
}

/** Every directory that calls `dir`, directly or through others. */
export function callersOf(graph: ModuleGraph, dir: string): readonly string[] {
  const found = new Set<string>();
  const queue = [dir];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const caller of graph.callers.get(next) ?? []) {
      if (!found.has(caller)) {
        found.add(caller);
        queue.push(caller);
      }
    }
  }
  return [...found];
}

import { type Pattern, patternMatches } from './pattern.ts';
import type { WorkBudget } from './work-budget.ts';

/** The negated patterns of one or of many dirspaces. */
export interface Guard {
  readonly negatives: readonly Pattern[];
}

/** All owners that have the same positive pattern: it is tested once for all of them. */
export interface PatternGroup {
  readonly pattern: Pattern;
  /** Owners without negated patterns. */
  readonly free: number[];
  readonly guarded: Map<Guard, number[]>;
}

/**
 * Patterns by their literal directory. A file asks its own directory and the ones above it, so the cost of a file depends on
 * its depth and on what matches, not on the number of directories in the repository.
 */
export class PatternIndex {
  readonly #direct = new Map<string, Map<string, PatternGroup>>();
  readonly #deep = new Map<string, Map<string, PatternGroup>>();

  /** Add a positive pattern of `owner`; `guard` has what excludes files again. */
  add(pattern: Pattern, owner: number, guard?: Guard): void {
    const index = pattern.direct ? this.#direct : this.#deep;
    let bucket = index.get(pattern.prefix);
    if (bucket === undefined) {
      bucket = new Map();
      index.set(pattern.prefix, bucket);
    }
    let group = bucket.get(pattern.rest);
    if (group === undefined) {
      group = { pattern, free: [], guarded: new Map() };
      bucket.set(pattern.rest, group);
    }
    if (guard === undefined) {
      group.free.push(owner);
    } else {
      const owners = group.guarded.get(guard);
      if (owners === undefined) {
        group.guarded.set(guard, [owner]);
      } else {
        owners.push(owner);
      }
    }
  }

  /** The same index for some of the owners. */
  restrictedTo(owners: ReadonlySet<number>): PatternIndex {
    const smaller = new PatternIndex();
    for (const bucket of [...this.#direct.values(), ...this.#deep.values()]) {
      for (const { pattern, free, guarded } of bucket.values()) {
        for (const owner of free.filter((id) => owners.has(id))) {
          smaller.add(pattern, owner);
        }
        for (const [guard, ids] of guarded) {
          for (const owner of ids.filter((id) => owners.has(id))) {
            smaller.add(pattern, owner, guard);
          }
        }
      }
    }
    return smaller;
  }

  /** Every group whose pattern matches the path; not all of them once the budget is spent. Guards are the caller's to ask. */
  groupsFor(path: string, budget: WorkBudget): readonly PatternGroup[] {
    const hits: PatternGroup[] = [];
    const slash = path.lastIndexOf('/');
    collect(this.#direct.get(slash === -1 ? '.' : path.slice(0, slash)), path.slice(slash + 1), hits, budget);
    if (this.#deep.size > 0) {
      collect(this.#deep.get('.'), path, hits, budget);
      for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
        collect(this.#deep.get(path.slice(0, at)), path.slice(at + 1), hits, budget);
      }
    }
    return hits;
  }
}

/** Does a negated pattern exclude this path? */
export function excludes(guard: Guard, path: string, budget: WorkBudget): boolean {
  return budget.spend(guard.negatives.length) && guard.negatives.some((negative) => patternMatches(negative, path));
}

function collect(
  bucket: Map<string, PatternGroup> | undefined,
  rest: string,
  hits: PatternGroup[],
  budget: WorkBudget,
): void {
  if (bucket !== undefined) {
    for (const group of bucket.values()) {
      // What a long glob costs grows with its length and a little with the path's.
      if (!budget.spend(4 + (group.pattern.rest.length >> 3))) {
        return;
      }
      if (group.pattern.glob.matches(rest)) {
        hits.push(group);
      }
    }
  }
}

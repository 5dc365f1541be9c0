import { type Finding, MAX_FINDINGS } from './finding.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import { RawRepoConfig } from './schema.ts';
import { faultyPaths, schemaFindings } from './schema-findings.ts';

export interface CheckedShape {
  /** What is left when everything that does not fit the schema is taken away. */
  readonly config: RawRepoConfig;
  readonly findings: readonly Finding[];
  /** A path in what is left → the same in the file: elements before it may have been taken away. */
  readonly writtenPath: (path: KeyPath) => KeyPath;
}

/** Taking away a key may leave its map without something required, and so on upwards; a file is not deeper than this. */
const MAX_ROUNDS = 24;

/**
 * Check a file against the schema. What does not fit is reported and taken away, so that the meaning of the rest can be
 * checked in the same go; nobody should fix a typo to be told of the next problem. Only of a file with more problems than are
 * listed the meaning is not asked.
 */
export function checkShape(value: unknown): CheckedShape {
  const first = RawRepoConfig.safeParse(value);
  if (first.success) {
    return { config: first.data, findings: [], writtenPath: (path) => path };
  }
  const findings = schemaFindings(RawRepoConfig, value, first.error.issues);
  if (findings.length >= MAX_FINDINGS) {
    return { config: {}, findings, writtenPath: (path) => path };
  }
  const taken = new Map<string, Set<number>>();
  const writtenPath = (path: KeyPath): KeyPath => shifted(path, taken);
  let rest: unknown = value;
  let { issues } = first.error;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const wrong = new PathTree();
    for (const path of faultyPaths(issues)) {
      wrong.add(present(rest, path));
    }
    rest = without(rest, wrong, [], writtenPath, taken);
    const parsed = RawRepoConfig.safeParse(rest);
    if (parsed.success) {
      return { config: parsed.data, findings, writtenPath };
    }
    issues = parsed.error.issues;
  }
  return { config: {}, findings, writtenPath };
}

/** A missing key cannot be taken away: the map that lacks it must go. */
function present(value: unknown, path: KeyPath): KeyPath {
  let at: unknown = value;
  for (const [index, part] of path.entries()) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) {
      return path.slice(0, Math.max(index, 0));
    }
    at = Object.getOwnPropertyDescriptor(at, part)?.value;
  }
  return path;
}

/** Paths to take away, as a tree, so that a file with many of them is still walked once. */
class PathTree {
  readonly branches = new Map<string | number, PathTree>();
  ends = false;

  add(path: KeyPath): void {
    let at: PathTree = this;
    for (const part of path) {
      const next = at.branches.get(part) ?? new PathTree();
      at.branches.set(part, next);
      at = next;
    }
    at.ends = true;
  }
}

function without(
  value: unknown,
  wrong: PathTree,
  path: KeyPath,
  writtenPath: (path: KeyPath) => KeyPath,
  taken: Map<string, Set<number>>,
): unknown {
  if (Array.isArray(value)) {
    const key = formatPath(writtenPath(path));
    const before = taken.get(key);
    const positions = before === undefined ? undefined : leftPositions(value.length, before);
    const gone = new Set(before);
    const kept = value.flatMap((item: unknown, index) => {
      const branch = wrong.branches.get(index);
      if (branch?.ends === true) {
        gone.add(positions?.[index] ?? index);
        return [];
      }
      return [branch === undefined ? item : without(item, branch, [...path, index], writtenPath, taken)];
    });
    if (gone.size > 0) {
      taken.set(key, gone);
    }
    return kept;
  }
  if (typeof value !== 'object' || value === null || wrong.ends) {
    // The whole file is not even a map.
    return path.length === 0 ? {} : value;
  }
  const entries: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    const branch = wrong.branches.get(name);
    if (branch?.ends !== true) {
      entries.push([name, branch === undefined ? inner : without(inner, branch, [...path, name], writtenPath, taken)]);
    }
  }
  return Object.fromEntries(entries);
}

function shifted(path: KeyPath, taken: ReadonlyMap<string, ReadonlySet<number>>): KeyPath {
  const written: (string | number)[] = [];
  for (const part of path) {
    const gone = typeof part === 'number' ? taken.get(formatPath(written)) : undefined;
    written.push(typeof part === 'number' && gone !== undefined ? (leftPositions(part + 1, gone)[part] ?? part) : part);
  }
  return written;
}

/** The positions in the file of the first elements that were not taken away. */
function leftPositions(count: number, gone: ReadonlySet<number>): readonly number[] {
  const positions: number[] = [];
  for (let position = 0; positions.length < count; position += 1) {
    if (!gone.has(position)) {
      positions.push(position);
    }
  }
  return positions;
}

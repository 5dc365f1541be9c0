import type { Finding } from './finding.ts';
import { appendPath, formatPath, type KeyPath } from './key-path.ts';
import type { RawConfig } from './parse-config.ts';

/** A source of configuration: its name for people (`default branch`, `central overrides`), and what it says. */
export interface ConfigSource {
  readonly name: string;
  readonly config: RawConfig;
}

/** What was merged, by top-level key. */
export interface Merged {
  readonly keys: ReadonlyMap<string, Tree>;
  readonly conflicts: readonly { readonly finding: Finding; readonly source: ConfigSource }[];
}

/** A value with its sources, while merging. Lists and maps are made new, so that files are never changed. */
export type Tree =
  | { readonly kind: 'leaf'; readonly value: unknown; readonly source: ConfigSource }
  | { readonly kind: 'list'; readonly items: readonly Item[]; readonly source: ConfigSource }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Tree>; readonly source: ConfigSource };

interface Item {
  readonly value: unknown;
  readonly source: ConfigSource;
}

/** Maps whose parts belong together: another word here means another thing, not more of the same. */
const CHOICES: Readonly<Record<string, string>> = { engine: 'name', 'storage.plans': 'method' };

/**
 * Merge sources, the later over the earlier: maps key by key, single values are replaced, the elements of a list go before
 * those of earlier sources (so that first-match lists ask the later source first) unless the list is `!replace`,
 * an explicit null forgets what earlier sources said.
 */
export function mergeRaw(sources: readonly ConfigSource[]): Merged {
  const conflicts: { finding: Finding; source: ConfigSource }[] = [];
  let merged: Tree | undefined;
  for (const source of sources) {
    const over = treeOf(source.config.raw, source);
    merged = merged === undefined ? over : mergeTrees(merged, over, { source, path: [], conflicts });
    for (const path of source.config.resets) {
      merged = reset(merged, path, source);
    }
  }
  return { keys: merged?.kind === 'map' ? merged.entries : new Map(), conflicts };
}

/** The values alone, in the form of a file. */
export function mergedValue(merged: Merged): unknown {
  return Object.fromEntries([...merged.keys].map(([name, tree]) => [name, plain(tree)]));
}

/** `formatPath` of a value without parts, of a list and of each of its elements → the source that it came from. */
export function mergedOrigins(merged: Merged): ReadonlyMap<string, ConfigSource> {
  const origins = new Map<string, ConfigSource>();
  for (const [name, tree] of merged.keys) {
    collect(tree, appendPath('', name), origins);
  }
  return origins;
}

function treeOf(value: unknown, source: ConfigSource): Tree {
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((item: unknown) => ({ value: item, source })), source };
  }
  if (typeof value !== 'object' || value === null) {
    return { kind: 'leaf', value, source };
  }
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return { kind: 'map', entries: new Map(entries.map(([name, inner]) => [name, treeOf(inner, source)])), source };
}

interface At {
  readonly source: ConfigSource;
  readonly path: KeyPath;
  readonly conflicts: { finding: Finding; source: ConfigSource }[];
}

function mergeTrees(base: Tree, over: Tree, at: At): Tree {
  if (base.kind === 'list' && over.kind === 'list') {
    return at.source.config.replaces.has(formatPath(at.path))
      ? over
      : { ...over, items: [...over.items, ...base.items] };
  }
  if (base.kind === 'map' && over.kind === 'map') {
    return mergeMaps(base, over, at);
  }
  if (base.kind !== over.kind && !mayDiffer(at.path)) {
    const kinds = { leaf: 'a single value', list: 'a list', map: 'a map' };
    const message = `This is ${kinds[over.kind]} here and ${kinds[base.kind]} in ${base.source.name}; they cannot be merged.`;
    at.conflicts.push({ finding: { code: 'merge-conflict', path: at.path, message }, source: at.source });
  }
  return over;
}

/** Keys that may be written in more than one kind; the later source then simply replaces. */
function mayDiffer(path: KeyPath): boolean {
  const last = path.at(-1);
  return last === 'depends_on' || last === 'forks' || last === 'runs_on';
}

function mergeMaps(base: Extract<Tree, { kind: 'map' }>, over: Extract<Tree, { kind: 'map' }>, at: At): Tree {
  const chosen = CHOICES[formatPath(at.path)];
  if (chosen !== undefined && leafAt(base, chosen) !== leafAt(over, chosen)) {
    return over;
  }
  const entries = new Map(base.entries);
  if (at.path.length === 3 && at.path[0] === 'stacks') {
    // A stack has dirspaces or other stacks; whoever says it last says which.
    if (over.entries.has('tag_query')) {
      entries.delete('stacks');
    }
    if (over.entries.has('stacks')) {
      entries.delete('tag_query');
    }
  }
  for (const [name, inner] of over.entries) {
    const before = entries.get(name);
    entries.set(name, before === undefined ? inner : mergeTrees(before, inner, { ...at, path: [...at.path, name] }));
  }
  return { ...over, entries };
}

function leafAt(tree: Extract<Tree, { kind: 'map' }>, name: string): unknown {
  const entry = tree.entries.get(name);
  return entry?.kind === 'leaf' ? entry.value : undefined;
}

function reset(tree: Tree, path: KeyPath, source: ConfigSource): Tree {
  const [name, ...rest] = path;
  if (tree.kind !== 'map' || typeof name !== 'string') {
    return tree;
  }
  const inner = tree.entries.get(name);
  if (inner === undefined) {
    return tree;
  }
  const entries = new Map(tree.entries);
  if (rest.length === 0) {
    entries.delete(name);
  } else {
    entries.set(name, reset(inner, rest, source));
  }
  return { ...tree, entries };
}

function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'leaf':
      return tree.value;
    case 'list':
      return tree.items.map((item) => item.value);
    case 'map':
      return Object.fromEntries([...tree.entries].map(([name, inner]) => [name, plain(inner)]));
  }
}

function collect(tree: Tree, path: string, origins: Map<string, ConfigSource>): void {
  if (tree.kind !== 'map' || tree.entries.size === 0) {
    origins.set(path, tree.source);
  }
  if (tree.kind === 'list') {
    for (const [index, item] of tree.items.entries()) {
      origins.set(appendPath(path, index), item.source);
    }
  }
  if (tree.kind === 'map') {
    for (const [name, inner] of tree.entries) {
      collect(inner, appendPath(path, name), origins);
    }
  }
}

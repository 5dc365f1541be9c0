import type { AttributeChange, Leaf, PathStep } from '../domain/plan-model.ts';
import type { ValueTree } from './value-tree.ts';

interface Walk {
  readonly out: AttributeChange[];
  readonly texts: WeakMap<ValueTree, string>;
}

/**
 * The leaves that differ between two redacted values. Lists are compared by element, since plan JSON does not tell sets
 * from lists: equal elements are matched wherever they stand, the rest is paired by name or position, or shown as gone and new.
 */
export function diffValues(before: ValueTree | undefined, after: ValueTree | undefined): readonly AttributeChange[] {
  const walk: Walk = { out: [], texts: new WeakMap() };
  compare(walk, [], undefined, before, after);
  return walk.out;
}

function compare(
  walk: Walk,
  path: readonly PathStep[],
  jsonFrom: number | undefined,
  before: ValueTree | undefined,
  after: ValueTree | undefined,
): void {
  if (before === undefined && after === undefined) {
    return;
  }
  if (before?.kind === 'json' && after?.kind === 'json') {
    compare(walk, path, path.length, before.inner, after.inner);
  } else if (before?.kind === 'json' && after === undefined) {
    compare(walk, path, path.length, before.inner, undefined);
  } else if (after?.kind === 'json' && before === undefined) {
    compare(walk, path, path.length, undefined, after.inner);
  } else if (before?.kind === 'map' && after?.kind === 'map') {
    compareMaps(walk, path, jsonFrom, before.entries, after.entries);
  } else if (before?.kind === 'list' && after?.kind === 'list') {
    compareLists(walk, path, jsonFrom, before.items, after.items);
  } else if (sameLeaf(before, after)) {
    return;
  } else if ((isLeaf(before) && isLeaf(after)) || isVeiled(before) || isVeiled(after)) {
    push(walk, path, jsonFrom, leafOf(before), leafOf(after));
  } else {
    side(walk, path, jsonFrom, before, 'before');
    side(walk, path, jsonFrom, after, 'after');
  }
}

function compareMaps(
  walk: Walk,
  path: readonly PathStep[],
  jsonFrom: number | undefined,
  before: ReadonlyMap<string, ValueTree>,
  after: ReadonlyMap<string, ValueTree>,
): void {
  for (const key of [...new Set([...before.keys(), ...after.keys()])].toSorted()) {
    compare(walk, [...path, key], jsonFrom, before.get(key), after.get(key));
  }
}

function compareLists(
  walk: Walk,
  path: readonly PathStep[],
  jsonFrom: number | undefined,
  before: readonly ValueTree[],
  after: readonly ValueTree[],
): void {
  const { gone, fresh, order } = matchElements(walk, before, after);
  if (order.some((index, place) => place > 0 && index < (order[place - 1] ?? 0))) {
    walk.out.push({ path, reordered: order });
  }
  const pairs = pairUp(before, after, gone, fresh);
  const paired = new Set(pairs.values());
  for (const index of gone) {
    const partner = pairs.get(index);
    if (partner === undefined) {
      compare(walk, [...path, -1 - index], jsonFrom, before[index], undefined);
    } else {
      compare(walk, [...path, partner], jsonFrom, before[index], after[partner]);
    }
  }
  for (const index of fresh) {
    if (!paired.has(index)) {
      compare(walk, [...path, index], jsonFrom, undefined, after[index]);
    }
  }
}

interface Matched {
  /** Indices of elements without an equal on the other side, counting duplicates. */
  readonly gone: readonly number[];
  readonly fresh: readonly number[];
  /** Where the elements that stay stood before, in the order in which they stand after. */
  readonly order: readonly number[];
}

function matchElements(walk: Walk, before: readonly ValueTree[], after: readonly ValueTree[]): Matched {
  const places = new Map<string, number[]>();
  for (const [index, item] of before.entries()) {
    const text = treeText(walk, item);
    const known = places.get(text);
    if (known === undefined) {
      places.set(text, [index]);
    } else {
      known.push(index);
    }
  }
  const used = new Map<string, number>();
  const fresh: number[] = [];
  const order: number[] = [];
  for (const [index, item] of after.entries()) {
    const text = treeText(walk, item);
    const turn = used.get(text) ?? 0;
    const place = places.get(text)?.[turn];
    if (place === undefined) {
      fresh.push(index);
    } else {
      order.push(place);
      used.set(text, turn + 1);
    }
  }
  const stays = new Set(order);
  return { gone: before.map((_, index) => index).filter((index) => !stays.has(index)), fresh, order };
}

/** Keys that identify an element of a list of blocks across a change, best first. */
const IDENTITY = ['name', 'id', 'key', 'sid', 'Sid', 'Name', 'Key', 'rule_number', 'priority', 'device_name'];

/** Which gone element became which fresh one: same identity, else the same position when both lists are equally long. */
function pairUp(
  before: readonly ValueTree[],
  after: readonly ValueTree[],
  gone: readonly number[],
  fresh: readonly number[],
): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  const byIdentity = new Map<string, number>();
  for (const index of fresh) {
    const identity = identityOf(after[index]);
    if (identity !== undefined && !byIdentity.has(identity)) {
      byIdentity.set(identity, index);
    }
  }
  const taken = new Set<number>();
  for (const index of gone) {
    const identity = identityOf(before[index]);
    const partner = identity === undefined ? undefined : byIdentity.get(identity);
    if (partner !== undefined && !taken.has(partner)) {
      pairs.set(index, partner);
      taken.add(partner);
    }
  }
  const freshSet = new Set(fresh);
  for (const index of gone) {
    if (!pairs.has(index) && freshSet.has(index) && !taken.has(index) && alike(before[index], after[index])) {
      pairs.set(index, index);
      taken.add(index);
    }
  }
  return pairs;
}

function identityOf(tree: ValueTree | undefined): string | undefined {
  if (tree?.kind !== 'map') {
    return undefined;
  }
  for (const key of IDENTITY) {
    const entry = tree.entries.get(key);
    if (entry?.kind === 'value' && entry.value !== null && entry.value !== '') {
      return `${key}=${JSON.stringify(entry.value)}`;
    }
  }
  return undefined;
}

/** Maps at one position are one element that changed when at least half of their keys are equal. */
function alike(a: ValueTree | undefined, b: ValueTree | undefined): boolean {
  if (a?.kind === 'list' && b?.kind === 'list') {
    return true;
  }
  if (b?.kind === 'unknown' || a?.kind === 'hidden' || b?.kind === 'hidden') {
    return true;
  }
  if (a?.kind !== 'map' || b?.kind !== 'map') {
    return false;
  }
  let equal = 0;
  for (const [key, value] of a.entries) {
    const other = b.entries.get(key);
    equal += sameLeaf(value, other) ? 1 : 0;
  }
  return equal * 2 >= Math.max(a.entries.size, b.entries.size);
}

function side(
  walk: Walk,
  path: readonly PathStep[],
  jsonFrom: number | undefined,
  tree: ValueTree | undefined,
  which: 'before' | 'after',
): void {
  if (tree === undefined || (tree.kind === 'value' && tree.value === null)) {
    return;
  }
  if (tree.kind === 'json') {
    side(walk, path, path.length, tree.inner, which);
  } else if (tree.kind === 'map' && tree.entries.size > 0) {
    for (const [key, value] of tree.entries) {
      side(walk, [...path, key], jsonFrom, value, which);
    }
  } else if (tree.kind === 'list' && tree.items.length > 0) {
    for (const [index, value] of tree.items.entries()) {
      side(walk, [...path, which === 'before' ? -1 - index : index], jsonFrom, value, which);
    }
  } else {
    const leaf = leafOf(tree);
    push(walk, path, jsonFrom, which === 'before' ? leaf : undefined, which === 'after' ? leaf : undefined);
  }
}

function push(
  walk: Walk,
  path: readonly PathStep[],
  jsonFrom: number | undefined,
  before: Leaf | undefined,
  after: Leaf | undefined,
): void {
  walk.out.push({
    path,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(jsonFrom === undefined ? {} : { jsonFrom }),
  });
}

/** Neither the inside of what is not known nor of what is hidden can be compared. */
function isVeiled(tree: ValueTree | undefined): boolean {
  return tree?.kind === 'unknown' || tree?.kind === 'hidden';
}

function isLeaf(tree: ValueTree | undefined): boolean {
  return (
    tree === undefined ||
    tree.kind === 'value' ||
    tree.kind === 'hidden' ||
    tree.kind === 'unknown' ||
    (tree.kind === 'map' && tree.entries.size === 0) ||
    (tree.kind === 'list' && tree.items.length === 0)
  );
}

function leafOf(tree: ValueTree | undefined): Leaf | undefined {
  switch (tree?.kind) {
    case undefined:
      return undefined;
    case 'value':
    case 'hidden':
    case 'unknown':
      return tree;
    case 'map':
      return { kind: 'collection', of: 'map', size: tree.entries.size };
    case 'list':
      return { kind: 'collection', of: 'list', size: tree.items.length };
    case 'json':
      return leafOf(tree.inner);
  }
}

function sameLeaf(a: ValueTree | undefined, b: ValueTree | undefined): boolean {
  if (a === undefined || b === undefined) {
    return isNothing(a) && isNothing(b);
  }
  if (a.kind === 'value' && b.kind === 'value') {
    return a.value === b.value;
  }
  if (a.kind === 'hidden' && b.kind === 'hidden') {
    return a.digest === b.digest;
  }
  return false;
}

/** Absent, null and an empty collection are the same to a reader; providers change their mind about which one they say. */
function isNothing(tree: ValueTree | undefined): boolean {
  return (
    tree === undefined ||
    (tree.kind === 'value' && tree.value === null) ||
    (tree.kind === 'map' && tree.entries.size === 0) ||
    (tree.kind === 'list' && tree.items.length === 0)
  );
}

/** One text per value, computed once. */
function treeText(walk: Walk, tree: ValueTree): string {
  const ready = walk.texts.get(tree);
  if (ready !== undefined) {
    return ready;
  }
  const text = textOfTree(walk, tree);
  walk.texts.set(tree, text);
  return text;
}

function textOfTree(walk: Walk, tree: ValueTree): string {
  switch (tree.kind) {
    case 'value':
      return JSON.stringify(tree.value);
    case 'hidden':
      return `hidden:${tree.digest}`;
    case 'unknown':
      return 'unknown';
    case 'json':
      return `json:${treeText(walk, tree.inner)}`;
    case 'list':
      return `[${tree.items.map((item) => treeText(walk, item)).join(',')}]`;
    case 'map':
      return `{${[...tree.entries].map(([key, value]) => `${JSON.stringify(key)}:${treeText(walk, value)}`).join(',')}}`;
  }
}

import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

/** What a file says, without YAML: null stands for an explicit null. */
export type PlainValue = string | number | boolean | null | PlainValue[] | { [key: string]: PlainValue };

export interface NodeProblem {
  readonly code: 'duplicate-key' | 'key' | 'tag' | 'too-many-values' | 'yaml';
  readonly offset: number;
  readonly message: string;
  /** Offset of an earlier thing of the same name. */
  readonly first?: number;
}

/** Values after aliases are followed. A file of 512,000 bytes cannot hold that many without them. */
const MAX_VALUES = 300_000;
const EXPLICIT_TAGS: ReadonlySet<string> = new Set([
  'tag:yaml.org,2002:str',
  'tag:yaml.org,2002:int',
  'tag:yaml.org,2002:float',
  'tag:yaml.org,2002:bool',
  'tag:yaml.org,2002:null',
  'tag:yaml.org,2002:map',
  'tag:yaml.org,2002:seq',
]);

interface Sized {
  readonly value: PlainValue;
  /** Values in it, with aliases followed. */
  readonly size: number;
}

interface Work {
  readonly report: (problem: NodeProblem) => void;
  readonly replacing: WeakSet<object>;
  /** The newest node of each anchor so far; undefined while it is being read. */
  readonly anchors: Map<string, Sized | undefined>;
  total: number;
}

/**
 * Nodes → plain values. Aliases share their value, merge keys (`<<`) are followed, keys are text and unique, no
 * object has a prototype. What an alias would expand to is counted first, so a bomb is refused for the price of its text.
 */
export function plainValue(
  node: unknown,
  report: (problem: NodeProblem) => void,
): { readonly value: PlainValue; readonly replacing: WeakSet<object> } {
  const work: Work = { report, replacing: new WeakSet(), anchors: new Map(), total: 0 };
  const { value } = read(node, work);
  return { value, replacing: work.replacing };
}

function read(node: unknown, work: Work): Sized {
  if (work.total > MAX_VALUES) {
    return { value: null, size: 0 };
  }
  if (isAlias(node)) {
    return follow(node, work);
  }
  const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
  if (anchor !== undefined) {
    work.anchors.set(anchor, undefined);
  }
  const sized = readContent(node, work);
  if (anchor !== undefined) {
    work.anchors.set(anchor, sized);
  }
  return sized;
}

function readContent(node: unknown, work: Work): Sized {
  count(1, node, work);
  if (isMap(node)) {
    return readMap(node, work);
  }
  if (isSeq(node)) {
    return readList(node, work);
  }
  if (isScalar(node)) {
    checkTag(node, work);
    return { value: scalarValue(node), size: 1 };
  }
  return { value: null, size: 1 };
}

function scalarValue(node: Scalar): PlainValue {
  const { value } = node;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function readList(node: YAMLSeq, work: Work): Sized {
  const list: PlainValue[] = [];
  let size = 1;
  for (const item of node.items) {
    const sized = read(item, work);
    list.push(sized.value);
    size += sized.size;
  }
  if (node.tag === '!replace') {
    work.replacing.add(list);
  } else {
    checkTag(node, work);
  }
  return { value: list, size };
}

function readMap(node: YAMLMap, work: Work): Sized {
  checkTag(node, work);
  const object: { [key: string]: PlainValue } = Object.create(null);
  const firsts = new Map<string, number>();
  const merged: Sized[] = [];
  let size = 1;
  for (const pair of node.items) {
    if (isMergeKey(pair)) {
      merged.push(...mergeSources(pair.value, work));
      continue;
    }
    const name = keyText(pair, work);
    const sized = read(pair.value, work);
    if (name === undefined) {
      continue;
    }
    const at = offsetOf(pair.key);
    const first = firsts.get(name);
    if (first === undefined) {
      firsts.set(name, at);
    } else {
      work.report({ code: 'duplicate-key', offset: at, first, message: `\`${name}\` stands here twice.` });
    }
    object[name] = sized.value;
    size += sized.size;
  }
  for (const source of merged) {
    // A copy per merge: it must be counted like an alias that is written out.
    count(source.size, node, work);
    if (work.total <= MAX_VALUES && isObject(source.value)) {
      size += source.size;
      for (const [name, value] of Object.entries(source.value)) {
        if (!Object.hasOwn(object, name)) {
          object[name] = value;
        }
      }
    }
  }
  return { value: object, size };
}

function mergeSources(node: unknown, work: Work): readonly Sized[] {
  const sized = read(node, work);
  const sources = isSeq(node) ? node.items.map((item) => read(item, work)) : [sized];
  for (const source of sources) {
    if (!isObject(source.value)) {
      work.report({ code: 'yaml', offset: offsetOf(node), message: 'Only maps can be merged with `<<`.' });
    }
  }
  return sources;
}

/** A plain `<<`; a quoted one is an ordinary key. */
export function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.source === '<<';
}

function keyText(pair: Pair, work: Work): string | undefined {
  const { key } = pair;
  const text = isScalar(key) ? keyOf(key) : undefined;
  if (text === undefined) {
    work.report({ code: 'key', offset: offsetOf(key), message: 'A key must be a text.' });
    return undefined;
  }
  if (text === '__proto__') {
    work.report({ code: 'key', offset: offsetOf(key), message: '`__proto__` cannot be a key.' });
    return undefined;
  }
  if (isScalar(key) && key.anchor !== undefined) {
    work.anchors.set(key.anchor, { value: scalarValue(key), size: 1 });
  }
  return text;
}

/** Numbers and booleans as keys are meant as they are written: `012:` is the key `012`. */
export function keyOf(key: Scalar): string | undefined {
  if (typeof key.value === 'string') {
    return key.value;
  }
  return key.value === null && key.source === '' ? undefined : key.source;
}

function follow(alias: Alias, work: Work): Sized {
  const target = work.anchors.get(alias.source);
  if (target === undefined) {
    const message = work.anchors.has(alias.source)
      ? `\`*${alias.source}\` stands inside what it refers to.`
      : `There is no anchor \`&${alias.source}\` before this alias.`;
    work.report({ code: 'yaml', offset: offsetOf(alias), message });
    return { value: null, size: 1 };
  }
  count(target.size, alias, work);
  return target;
}

function count(size: number, node: unknown, work: Work): void {
  const before = work.total;
  work.total += size;
  if (before <= MAX_VALUES && work.total > MAX_VALUES) {
    const message = `The file stands for more than ${MAX_VALUES} values when its aliases are followed.`;
    work.report({ code: 'too-many-values', offset: offsetOf(node), message });
  }
}

function checkTag(node: Scalar | YAMLMap | YAMLSeq, work: Work): void {
  if (node.tag !== undefined && !EXPLICIT_TAGS.has(node.tag)) {
    const message = `The tag \`${node.tag}\` is not known here; only lists may carry one, \`!replace\`.`;
    work.report({ code: 'tag', offset: offsetOf(node), message });
  }
}

function isObject(value: PlainValue): value is { [key: string]: PlainValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where a node begins; 0 for none. */
export function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isAlias(value) || isMap(value) || isSeq(value);
}

import { isMergeKey, scalarValue, type YamlAlias, type YamlMap, type YamlNode, type YamlScalar } from './yaml-node.ts';
import { MAX_TEXT_PROBLEMS, MAX_VALUES, type TextProblem } from './yaml-text.ts';

/** What a file says, without YAML: null stands for an explicit null. */
export type PlainValue = string | number | boolean | null | PlainValue[] | { [key: string]: PlainValue };

export interface PlainReading {
  readonly value: PlainValue;
  readonly problems: readonly TextProblem[];
  /** Lists written as `!replace [...]`. */
  readonly replacing: WeakSet<object>;
  /** What each alias refers to. */
  readonly targets: ReadonlyMap<YamlAlias, YamlNode>;
  /** How many values the file stands for, up to a little more than are allowed. */
  readonly values: number;
}

const MAP_TAGS = ['!!map'];
const LIST_TAGS = ['!!seq', '!replace'];
/** Tags of scalars, with what a value of that tag is here. */
const TYPES: Readonly<Record<string, string>> = {
  '!!str': 'string',
  '!!int': 'number',
  '!!float': 'number',
  '!!bool': 'boolean',
  '!!null': 'object',
};

const SCALAR_TAGS = Object.keys(TYPES);

interface Sized {
  readonly value: PlainValue;
  /** Values in it, with aliases followed. */
  readonly size: number;
}

interface Work {
  readonly problems: TextProblem[];
  readonly replacing: WeakSet<object>;
  /** The newest node of each anchor so far; without a size while it is being read. */
  readonly anchors: Map<string, { readonly node: YamlNode; readonly sized: Sized | undefined }>;
  readonly targets: Map<YamlAlias, YamlNode>;
  total: number;
}

/**
 * Nodes → plain values. Aliases share their value, merge keys (`<<`) are followed, keys are texts and stand once. What an
 * alias stands for is counted before anybody walks through it, so a bomb is refused for the price of its text.
 */
export function plainValue(node: YamlNode): PlainReading {
  const work: Work = { problems: [], replacing: new WeakSet(), anchors: new Map(), targets: new Map(), total: 0 };
  const { value } = read(node, work);
  const { problems, replacing, targets, total } = work;
  return { value, problems, replacing, targets, values: total };
}

/** All that are needed: nobody reads more, and that it is too much is reported whatever there was before. */
function report({ problems }: Work, problem: TextProblem): void {
  if (problems.length < MAX_TEXT_PROBLEMS || problem.code === 'too-many-values') {
    problems.push(problem);
  }
}

function read(node: YamlNode, work: Work): Sized {
  if (work.total > MAX_VALUES) {
    return { value: null, size: 0 };
  }
  if (node.kind === 'alias') {
    return follow(node, work);
  }
  if (node.anchor === undefined) {
    return readContent(node, work);
  }
  work.anchors.set(node.anchor, { node, sized: undefined });
  const sized = readContent(node, work);
  work.anchors.set(node.anchor, { node, sized });
  return sized;
}

function readContent(node: Exclude<YamlNode, YamlAlias>, work: Work): Sized {
  count(1, node, work);
  switch (node.kind) {
    case 'map':
      mustBeTagged(node, MAP_TAGS, work);
      return readMap(node, work);
    case 'scalar':
      return { value: taggedScalar(node, work), size: 1 };
    case 'list': {
      const list: PlainValue[] = [];
      let size = 1;
      for (const item of node.items) {
        const sized = read(item, work);
        list.push(sized.value);
        size += sized.size;
      }
      if (node.tag === '!replace') {
        work.replacing.add(list);
      }
      mustBeTagged(node, LIST_TAGS, work);
      return { value: list, size };
    }
  }
}

function taggedScalar(node: YamlScalar, work: Work): PlainValue {
  const value = scalarValue(node);
  if (node.tag === undefined) {
    return value;
  }
  if (node.tag === '!!str') {
    return node.text;
  }
  mustBeTagged(node, SCALAR_TAGS, work);
  if (Object.hasOwn(TYPES, node.tag) && TYPES[node.tag] !== typeof value) {
    const message = `This is no value of the kind \`${node.tag}\`.`;
    report(work, { code: 'tag', offset: node.at, message });
  }
  return value;
}

function readMap(node: YamlMap, work: Work): Sized {
  const object: { [key: string]: PlainValue } = {};
  const merged: Sized[] = [];
  let size = 1;
  for (const pair of node.pairs) {
    if (isMergeKey(pair)) {
      merged.push(...mergeSources(pair.value, work));
      continue;
    }
    const name = keyText(pair.key, work);
    const sized = read(pair.value, work);
    if (name === undefined) {
      continue;
    }
    if (Object.hasOwn(object, name)) {
      reportTwice(node, pair.key, work);
    }
    object[name] = sized.value;
    size += sized.size;
  }
  for (const source of merged) {
    // A copy per merge: it must be counted like an alias that is written out.
    count(source.size, node, work);
    if (work.total <= MAX_VALUES && isObject(source.value)) {
      size += source.size;
      for (const name of Object.keys(source.value)) {
        if (!Object.hasOwn(object, name)) {
          object[name] = source.value[name] ?? null;
        }
      }
    }
  }
  return { value: object, size };
}

function reportTwice({ pairs }: YamlMap, key: YamlScalar, work: Work): void {
  const first = pairs.find((pair) => pair.key.text === key.text && !isMergeKey(pair));
  const earlier = { offset: first?.key.at ?? key.at, words: 'The first one is in' };
  const message = `\`${key.text.slice(0, 80)}\` stands here twice.`;
  report(work, { code: 'duplicate-key', offset: key.at, message, earlier });
}

function mergeSources(node: YamlNode, work: Work): readonly Sized[] {
  const sources = node.kind === 'list' ? node.items.map((item) => read(item, work)) : [read(node, work)];
  if (work.total <= MAX_VALUES && sources.some(({ value }) => !isObject(value))) {
    report(work, { code: 'yaml', offset: node.at, message: 'Only maps can be merged with `<<`.' });
  }
  return sources;
}

/** Numbers and booleans as keys are meant as they are written: `012:` is the key `012`. */
function keyText(key: YamlScalar, work: Work): string | undefined {
  if (key.anchor !== undefined) {
    work.anchors.set(key.anchor, { node: key, sized: { value: scalarValue(key), size: 1 } });
  }
  if (key.text === '__proto__') {
    report(work, { code: 'key', offset: key.at, message: '`__proto__` cannot be a key.' });
    return undefined;
  }
  return key.text;
}

function follow(alias: YamlAlias, work: Work): Sized {
  const anchor = work.anchors.get(alias.name);
  if (anchor?.sized === undefined) {
    if (work.problems.length < MAX_TEXT_PROBLEMS) {
      const name = alias.name.slice(0, 80);
      const message =
        anchor === undefined
          ? `There is no anchor \`&${name}\` before this alias.`
          : `\`*${name}\` stands inside what it refers to.`;
      report(work, { code: 'yaml', offset: alias.at, message });
    }
    return { value: null, size: 1 };
  }
  work.targets.set(alias, anchor.node);
  count(anchor.sized.size, alias, work);
  return anchor.sized;
}

function count(size: number, node: YamlNode, work: Work): void {
  const before = work.total;
  work.total += size;
  if (before <= MAX_VALUES && work.total > MAX_VALUES) {
    const message = `The file stands for more than ${MAX_VALUES} values when its aliases are followed.`;
    report(work, { code: 'too-many-values', offset: node.at, message });
  }
}

function mustBeTagged(node: YamlNode, known: readonly string[], work: Work): void {
  if (node.tag !== undefined && !known.includes(node.tag) && work.problems.length < MAX_TEXT_PROBLEMS) {
    const message = `The tag \`${node.tag.slice(0, 80)}\` is not known here; only lists may carry one, \`!replace\`.`;
    report(work, { code: 'tag', offset: node.at, message });
  }
}

function isObject(value: PlainValue): value is { [key: string]: PlainValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

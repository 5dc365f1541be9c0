import {
  emptyNode,
  hasProperties,
  NO_PROPERTIES,
  type NodeProperties,
  withProperties,
  type YamlAlias,
  type YamlList,
  type YamlMap,
  type YamlNode,
  type YamlPair,
  type YamlScalar,
} from './yaml-node.ts';
import { isColon, mustBePlain, readPlainLine, readPlainRest, readQuoted } from './yaml-scalars.ts';
import type { YamlText } from './yaml-text.ts';

/** A list or map in brackets, which the place stands at; its lines are indented more than `indent`. */
export function readFlow(source: YamlText, indent: number): YamlList | YamlMap {
  source.enter();
  const node = source.char === '[' ? readList(source, indent) : readMap(source, indent);
  source.leave();
  return node;
}

/** `&anchor` and `!tag` before a node, each at most once. */
export function readProperties(source: YamlText): NodeProperties {
  let { char } = source;
  if (char !== '&' && char !== '!') {
    return NO_PROPERTIES;
  }
  const found: { anchor?: string; tag?: string } = {};
  for (; char === '&' || char === '!'; { char } = source) {
    const name = char === '&' ? 'anchor' : 'tag';
    if (found[name] !== undefined) {
      source.fail(`A value has at most one ${name}.`);
    }
    source.part();
    const word = readWord(source);
    if (word === '&') {
      source.fail('A name must stand behind `&`.');
    }
    found[name] = name === 'anchor' ? word.slice(1) : word;
    if (!source.isGap(source.at) && !',]}'.includes(source.char)) {
      source.fail('A space must stand before this.');
    }
    source.blanks();
  }
  return found;
}

/** `*name`, which stands for what has the anchor of that name. */
export function readAlias(source: YamlText, properties: NodeProperties): YamlAlias {
  const { at } = source;
  if (hasProperties(properties)) {
    source.fail('An alias has no anchor or tag of its own.');
  }
  const name = readWord(source).slice(1);
  if (name === '') {
    source.fail('A name must stand behind `*`.', { offset: at });
  }
  return { kind: 'alias', at, name };
}

function readWord(source: YamlText): string {
  const { text, at } = source;
  let end = at;
  while (!source.isGap(end) && !',[]{}'.includes(text.charAt(end))) {
    end += 1;
  }
  if (text.charAt(end - 1) === ':') {
    source.fail('A space must stand before the colon; a name does not end with one.', { offset: end - 1 });
  }
  source.moveTo(end);
  return text.slice(at, end);
}

function readList(source: YamlText, indent: number): YamlList {
  const { at } = source;
  const items: YamlNode[] = [];
  for (const _ of elements(source, indent, ']')) {
    items.push(readItem(source, indent, at));
  }
  return { kind: 'list', at, items };
}

/** An item of a list; `a: b` in it is a map of its own. */
function readItem(source: YamlText, indent: number, open: number): YamlNode {
  const { lineStart } = source;
  const key = readNode(source, indent, open);
  source.blanks();
  if (!isColonBehind(source, key) || source.lineStart !== lineStart) {
    return key;
  }
  return { kind: 'map', at: key.at, pairs: [readPair(source, indent, open, keyOf(source, key))] };
}

function readMap(source: YamlText, indent: number): YamlMap {
  const { at } = source;
  const pairs: YamlPair[] = [];
  for (const _ of elements(source, indent, '}')) {
    const key = keyOf(source, readNode(source, indent, at));
    flowGap(source, indent, at);
    pairs.push(isColonBehind(source, key) ? readPair(source, indent, at, key) : { key, value: emptyNode(source.at) });
  }
  return { kind: 'map', at, pairs };
}

/** Stops at each element, which must be read then, and steps behind the closing bracket at last. */
function* elements(source: YamlText, indent: number, close: string): Generator<void> {
  const open = source.at;
  source.moveTo(open + 1);
  flowGap(source, indent, open);
  while (source.char !== close) {
    if (source.char === ',') {
      source.fail('Nothing stands before this comma.');
    }
    yield;
    flowGap(source, indent, open);
    if (source.char === ',') {
      source.moveTo(source.at + 1);
      flowGap(source, indent, open);
    } else if (source.char !== close) {
      const earlier = { offset: open, words: 'It begins in' };
      source.fail(`A comma or \`${close}\` must stand before this.`, { earlier });
    }
  }
  source.moveTo(source.at + 1);
}

function readPair(source: YamlText, indent: number, open: number, key: YamlScalar): YamlPair {
  source.moveTo(source.at + 1);
  flowGap(source, indent, open);
  const isEmpty = ',]}'.includes(source.char);
  return { key, value: isEmpty ? emptyNode(source.at) : readNode(source, indent, open) };
}

/** A colon that makes the node before it a key. Behind quotes it needs no space. */
function isColonBehind(source: YamlText, node: YamlNode): boolean {
  const isQuoted = node.kind !== 'scalar' || node.style === 'quoted';
  return source.char === ':' && (isQuoted || isColon(source, source.at, true));
}

function keyOf(source: YamlText, node: YamlNode): YamlScalar {
  return node.kind === 'scalar' ? node : source.fail('A key must be a text.', { code: 'key', offset: node.at });
}

function readNode(source: YamlText, indent: number, open: number): YamlNode {
  source.part();
  const properties = readProperties(source);
  flowGap(source, indent, open);
  return withProperties(readContent(source, indent, properties), properties);
}

function readContent(source: YamlText, indent: number, properties: NodeProperties): YamlNode {
  const { at, char } = source;
  switch (char) {
    case '[':
    case '{':
      return readFlow(source, indent);
    case '"':
    case "'":
      return readQuoted(source, indent);
    case '*':
      return readAlias(source, properties);
    default:
  }
  const isEmpty = ',]}'.includes(char) || isColon(source, at, true);
  if (isEmpty && hasProperties(properties)) {
    return emptyNode(at);
  }
  if (isColon(source, at, true)) {
    source.fail('A key must be a text.', { code: 'key' });
  }
  mustBePlain(source, true);
  const { text } = readPlainLine(source, true);
  return readPlainRest(source, text, { at, indent, flow: true });
}

/** To the next content of a collection that is open. */
function flowGap(source: YamlText, indent: number, open: number): void {
  const crossed = source.gap();
  const earlier = { offset: open, words: 'It begins in' };
  if (source.ended) {
    source.fail(`The \`${source.text.charAt(open)}\` that stands here is never closed.`, { offset: open });
  }
  if (crossed && ((source.column <= indent && !']}'.includes(source.char)) || source.isMarker())) {
    source.fail(`This line is not indented, although a \`${source.text.charAt(open)}\` is still open.`, { earlier });
  }
}

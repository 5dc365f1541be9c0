import { readBlockScalar } from './yaml-block-scalar.ts';
import { readAlias, readFlow, readProperties } from './yaml-flow.ts';
import {
  emptyNode,
  hasProperties,
  NO_PROPERTIES,
  type NodeProperties,
  withProperties,
  type YamlList,
  type YamlMap,
  type YamlNode,
  type YamlPair,
  type YamlScalar,
} from './yaml-node.ts';
import { isColon, mustBePlain, readPlainLine, readPlainRest, readQuoted } from './yaml-scalars.ts';
import type { YamlText } from './yaml-text.ts';

/** What stands before a value: `key:`, the `-` of a list, or a line end. */
type Behind = 'key' | 'entry' | 'line';

/**
 * The value that follows, in this line or in lines of its own that are indented more than `indent`. What is no YAML throws
 * a `YamlError`.
 */
export function readValue(source: YamlText, indent: number, behind: Behind): YamlNode {
  source.part();
  const start = source.at;
  let isFresh = source.gap() || behind === 'line';
  if (isAbsent(source, indent, behind, isFresh)) {
    return emptyNode(start);
  }
  let { column } = source;
  /** In lines before the content: they are the collection's. */
  let above = NO_PROPERTIES;
  /** In one line with the content: they are its own, and the key's where it is one. */
  let beside = readProperties(source);
  while (hasProperties(beside) && (source.gap() || source.ended)) {
    above = joined(source, above, beside);
    if (isAbsent(source, indent, behind, true)) {
      return withProperties(emptyNode(start), above);
    }
    isFresh = true;
    column = source.column;
    beside = readProperties(source);
  }
  const mayBlock = isFresh || behind === 'entry';
  if (source.isMark('-')) {
    if (!mayBlock || hasProperties(beside)) {
      source.fail('A list begins in a line of its own.');
    }
    mustNotBeTabbed(source, isFresh ? source.lineStart : start);
    return withProperties(readList(source, column), above);
  }
  const { lineStart } = source;
  const node = '|>'.includes(source.char) ? readBlockScalar(source, indent) : readInline(source, indent, beside);
  if (source.lineStart === lineStart && isColonNext(source)) {
    if (!mayBlock) {
      source.fail('A second key in the same line. Put the text in quotes, or the map into lines of its own.');
    }
    if (!isFresh) {
      mustNotBeTabbed(source, start, node.at);
    }
    return withProperties(readMap(source, column, asKey(source, node, beside)), above);
  }
  if (node.kind !== 'scalar' || node.style !== 'block') {
    source.endOfLine();
  }
  return withProperties(node, joined(source, above, beside));
}

/** The key that stands here; the place moves to its colon. */
export function readKey(source: YamlText, indent: number): YamlScalar {
  const properties = readProperties(source);
  if (source.isMark('-')) {
    source.fail('An entry of a list cannot stand among the keys of a map.');
  }
  const { at, lineStart } = source;
  const node = readInline(source, indent, properties);
  if (source.lineStart !== lineStart || !isColonNext(source)) {
    source.fail('A key must have a colon and a space behind it.', { offset: at });
  }
  return asKey(source, node, properties);
}

/** Does the collection whose parts are indented by `column` go on? Moves to what comes next. */
export function goesOn(source: YamlText, column: number): boolean {
  source.gap();
  if (source.ended || source.isMarker()) {
    return false;
  }
  mustNotBeTabbed(source, source.lineStart);
  if (source.column > column) {
    source.fail('This line is indented more than what it follows.');
  }
  return source.column === column;
}

function isAbsent(source: YamlText, indent: number, behind: Behind, isFresh: boolean): boolean {
  if (source.ended || !isFresh) {
    return source.ended;
  }
  mustNotBeTabbed(source, source.lineStart);
  // A list may stand as deep as the key that it belongs to.
  const isList = behind === 'key' && source.column === indent && source.isMark('-');
  return source.isMarker() || (source.column <= indent && !isList);
}

/** A text, an alias or a collection in brackets; of a text that a colon makes a key, the key alone. */
function readInline(source: YamlText, indent: number, properties: NodeProperties): YamlNode {
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
  if (isColon(source, at, false)) {
    source.fail('A key must be a text.', { code: 'key' });
  }
  mustBePlain(source, false);
  const { text, isKey } = readPlainLine(source, false);
  return isKey
    ? { kind: 'scalar', at, text, style: 'plain', length: text.length }
    : readPlainRest(source, text, { at, indent, flow: false });
}

function isColonNext(source: YamlText): boolean {
  const { at } = source;
  source.blanks();
  const isNext = isColon(source, source.at, false);
  if (!isNext) {
    source.moveTo(at);
  }
  return isNext;
}

function asKey(source: YamlText, node: YamlNode, properties: NodeProperties): YamlScalar {
  return node.kind === 'scalar'
    ? withProperties(node, properties)
    : source.fail('A key must be a text.', { code: 'key', offset: node.at });
}

/** From the colon of the first key on. */
function readMap(source: YamlText, column: number, first: YamlScalar): YamlMap {
  source.enter();
  const pairs: YamlPair[] = [];
  for (let key = first; ; key = readKey(source, column)) {
    source.moveTo(source.at + 1);
    pairs.push({ key, value: readValue(source, column, 'key') });
    if (!goesOn(source, column)) {
      break;
    }
  }
  source.leave();
  return { kind: 'map', at: first.at, pairs };
}

function readList(source: YamlText, column: number): YamlList {
  const { at } = source;
  source.enter();
  const items: YamlNode[] = [];
  do {
    source.moveTo(source.at + 1);
    items.push(readValue(source, column, 'entry'));
  } while (goesOn(source, column) && source.isMark('-'));
  source.leave();
  return { kind: 'list', at, items };
}

function joined(source: YamlText, above: NodeProperties, beside: NodeProperties): NodeProperties {
  const both = above.anchor !== undefined && beside.anchor !== undefined ? 'anchor' : 'tag';
  if (above[both] !== undefined && beside[both] !== undefined) {
    source.fail(`A value has at most one ${both}.`);
  }
  return hasProperties(above) ? { ...above, ...beside } : beside;
}

/** Fails when a tab stands between an offset and the place, which must be one of indentation alone. */
export function mustNotBeTabbed(source: YamlText, from: number, to = source.at): void {
  const tab = source.text.slice(from, to).indexOf('\t');
  if (tab !== -1) {
    source.fail('A tab cannot indent; use spaces.', { offset: from + tab });
  }
}

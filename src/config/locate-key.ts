import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { KeyPath } from './key-path.ts';
import { isMergeKey, keyOf, offsetOf } from './plain-value.ts';

/**
 * Offset of what stands at a path: of its key or of its value. When it is not there (a missing key), of the nearest
 * thing around it. Through an alias: the place where the value is written. Linear in the size of each map on the way.
 */
export function locateKey(document: Document.Parsed, path: KeyPath, at: 'key' | 'value', offset?: number): number {
  let node: unknown = document.contents;
  let found = 0;
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    const inside = resolve(document, node);
    if (inside === undefined && node !== document.contents) {
      return found;
    }
    if (isSeq(inside)) {
      const item = typeof part === 'number' ? inside.items[part] : undefined;
      if (item === undefined) {
        return found;
      }
      node = item;
      found = offsetOf(item);
      continue;
    }
    const pair = isMap(inside) ? findPair(document, inside.items, String(part)) : undefined;
    if (pair === undefined) {
      return found;
    }
    node = pair.value;
    // An empty value has no place of its own that would help anybody.
    const empty = isScalar(node) && node.source === '' && node.value === null;
    found = offsetOf(pair.value === null || empty || (last && at === 'key') || !last ? pair.key : pair.value);
  }
  const text = resolve(document, node);
  if (at === 'value' && isAlias(node)) {
    found = offsetOf(text);
  }
  return at === 'value' && offset !== undefined ? found + offsetInText(text, offset) : found;
}

/** Where a character of a text stands, seen from the beginning of its node; 0 when escapes or folding make it unknowable. */
function offsetInText(node: unknown, offset: number): number {
  if (!isScalar(node) || typeof node.value !== 'string' || node.range === undefined || node.range === null) {
    return 0;
  }
  const written = node.range[1] - node.range[0];
  if (node.type === 'PLAIN' && written === node.value.length) {
    return offset;
  }
  const quoted = node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE';
  return quoted && written === node.value.length + 2 ? offset + 1 : 0;
}

function findPair(document: Document.Parsed, pairs: readonly Pair[], name: string): Pair | undefined {
  for (const pair of pairs) {
    if (isScalar(pair.key) && !isMergeKey(pair) && keyOf(pair.key) === name) {
      return pair;
    }
  }
  for (const pair of pairs) {
    if (isMergeKey(pair)) {
      const source = resolve(document, pair.value);
      const sources = isSeq(source) ? source.items.map((item) => resolve(document, item)) : [source];
      for (const merged of sources) {
        const found = isMap(merged) ? findPair(document, merged.items, name) : undefined;
        if (found !== undefined) {
          return found;
        }
      }
    }
  }
  return undefined;
}

function resolve(document: Document.Parsed, node: unknown): Node | undefined {
  if (isAlias(node)) {
    return node.resolve(document);
  }
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
}

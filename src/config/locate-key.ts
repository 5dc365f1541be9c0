import type { KeyPath } from './key-path.ts';
import { isMergeKey, type YamlAlias, type YamlMap, type YamlNode, type YamlPair } from './yaml-node.ts';

/** Finds places in one file. Each map that is asked is indexed once, so that many problems in a large map cost no more than few. */
export class KeyLocator {
  readonly #root: YamlNode | undefined;
  readonly #targets: ReadonlyMap<YamlAlias, YamlNode>;
  readonly #indexes = new Map<YamlMap, ReadonlyMap<string, YamlPair>>();

  constructor(root: YamlNode | undefined, targets: ReadonlyMap<YamlAlias, YamlNode>) {
    this.#root = root;
    this.#targets = targets;
  }

  /**
   * Offset of what stands at a path: of its key or of its value. When it is not there (a missing key), of the nearest thing
   * around it. Through an alias: the place where the value is written.
   */
  locate(path: KeyPath, at: 'key' | 'value', offset?: number): number {
    let node = this.#root;
    let found = 0;
    for (const [index, part] of path.entries()) {
      const last = index === path.length - 1;
      const inside = this.#resolve(node);
      if (inside?.kind === 'list') {
        const item = typeof part === 'number' ? inside.items[part] : undefined;
        if (item === undefined) {
          return found;
        }
        node = item;
        found = item.at;
        continue;
      }
      const pair = inside?.kind === 'map' ? this.#find(inside, String(part)) : undefined;
      if (pair === undefined) {
        return found;
      }
      node = pair.value;
      // An empty value has no place of its own that would help anybody.
      const isEmpty = node.kind === 'scalar' && node.style === 'empty';
      found = isEmpty || (last && at === 'key') || !last ? pair.key.at : pair.value.at;
    }
    const written = this.#resolve(node);
    if (at === 'value' && node?.kind === 'alias' && written !== undefined) {
      found = written.at;
    }
    return at === 'value' && offset !== undefined ? found + offsetInText(written, offset) : found;
  }

  #find(map: YamlMap, name: string): YamlPair | undefined {
    let index = this.#indexes.get(map);
    if (index === undefined) {
      index = new Map(map.pairs.filter((pair) => !isMergeKey(pair)).map((pair) => [pair.key.text, pair]));
      this.#indexes.set(map, index);
    }
    return index.get(name) ?? this.#findMerged(map, name);
  }

  #findMerged(map: YamlMap, name: string): YamlPair | undefined {
    for (const pair of map.pairs.filter(isMergeKey)) {
      const source = this.#resolve(pair.value);
      for (const node of source?.kind === 'list' ? source.items : [source]) {
        const merged = this.#resolve(node);
        const found = merged?.kind === 'map' ? this.#find(merged, name) : undefined;
        if (found !== undefined) {
          return found;
        }
      }
    }
    return undefined;
  }

  #resolve(node: YamlNode | undefined): YamlNode | undefined {
    return node?.kind === 'alias' ? this.#targets.get(node) : node;
  }
}

/** Where a character of a text stands, seen from the beginning of its node; 0 when escapes or folding make it unknowable. */
function offsetInText(node: YamlNode | undefined, offset: number): number {
  if (node?.kind !== 'scalar') {
    return 0;
  }
  const { style, text, length } = node;
  if (style === 'plain' && length === text.length) {
    return offset;
  }
  return style === 'quoted' && length === text.length + 2 ? offset + 1 : 0;
}

import { type Alias, isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Scalar } from 'yaml';

/**
 * The same text as the `yaml` library reads it, in JSON, which tells apart all that matters, the order of keys included;
 * undefined where it finds a mistake. Keys are as written, merge keys are followed, no key may stand twice.
 */
export function libraryReading(text: string): string | undefined {
  const [document, second] = [...parseAllDocuments(text, { uniqueKeys: false, strict: true, logLevel: 'silent' })];
  if (document === undefined) {
    return '{}';
  }
  if (second !== undefined || document.errors.length > 0 || document.warnings.length > 0) {
    return undefined;
  }
  try {
    const value = new Reading().read(document.contents);
    return JSON.stringify(value ?? {}, (_, inner: unknown) =>
      typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner,
    );
  } catch (error) {
    if (error instanceof Refused) {
      return undefined;
    }
    throw error;
  }
}

class Refused extends Error {}

class Reading {
  /** What each anchor stands for so far; null while it is being read. */
  readonly #anchors = new Map<string, { readonly value: unknown } | null>();

  read(node: unknown): unknown {
    if (isAlias(node)) {
      return this.#follow(node);
    }
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) {
      this.#anchors.set(anchor, null);
    }
    const value = this.#readContent(node);
    if (anchor !== undefined) {
      this.#anchors.set(anchor, { value });
    }
    return value;
  }

  #readContent(node: unknown): unknown {
    if (isSeq(node)) {
      return node.items.map((item) => this.read(item));
    }
    return isMap(node) ? this.#readMap(node.items) : isScalar(node) ? node.value : null;
  }

  #readMap(pairs: readonly { readonly key: unknown; readonly value: unknown }[]): unknown {
    const entries = new Map<string, unknown>();
    const merged: unknown[] = [];
    for (const { key, value } of pairs) {
      if (isScalar(key) && key.type === 'PLAIN' && key.source === '<<') {
        merged.push(...(isSeq(value) ? value.items.map((item) => this.read(item)) : [this.read(value)]));
        continue;
      }
      const name = isScalar(key) ? this.#readKey(key) : undefined;
      if (name === undefined || name === '__proto__' || entries.has(name)) {
        throw new Refused();
      }
      entries.set(name, this.read(value));
    }
    for (const source of merged) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) {
        throw new Refused();
      }
      for (const [name, value] of Object.entries(source)) {
        entries.set(name, entries.has(name) ? entries.get(name) : value);
      }
    }
    return Object.fromEntries(entries);
  }

  /** An anchor may stand before a key as well. */
  #readKey({ anchor, value, source }: Scalar): string | undefined {
    if (anchor !== undefined) {
      this.#anchors.set(anchor, { value });
    }
    return typeof value === 'string' ? value : value === null && source === '' ? undefined : source;
  }

  #follow(alias: Alias): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined || target === null) {
      throw new Refused();
    }
    return target.value;
  }
}

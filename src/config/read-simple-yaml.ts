import type { PlainValue } from './plain-value.ts';

type PlainMap = { [key: string]: PlainValue };

interface Line {
  indent: number;
  text: string;
}

/** Deeper files go the long way, which has a limit of its own. */
const MAX_DEPTH = 24;
const PLAIN_KEY = /^([A-Za-z0-9_./][A-Za-z0-9_./*+=@$-]*):(?= |$)/;
const QUOTED_KEY = /^(?:"([^"\\]*)"|'([^']*)'):(?= |$)/;
const DOUBLE_QUOTED = /^"([^"\\]*)"(?: +#.*)?$/;
const SINGLE_QUOTED = /^'([^']*)'(?: +#.*)?$/;
const FLOW_PLAIN = /[A-Za-z0-9_./$~^-](?:[A-Za-z0-9_./$*+=@^()<>~-]|:(?=[A-Za-z0-9_/.])| (?=[A-Za-z0-9_./$(<~-]))*/y;
const FLOW_KEY = /([A-Za-z0-9_./][A-Za-z0-9_./*+=@$-]*|"[^"\\]*"|'[^']*'): */y;
const FLOW_QUOTED = /"([^"\\]*)"|'([^']*)'/y;
const SPACES = / */y;

/** Thrown inside this file alone, for whatever it does not know. */
class NotSimple extends Error {}

/**
 * Read the YAML that configuration is usually written in: block maps and lists, flow collections within a line, plain and
 * quoted words, comments. Undefined for everything else, right or wrong: `readYaml` knows it all, at ten times the cost, and
 * with places. What is returned is what `readYaml` would return; a property test holds the two together. Linear in the text.
 */
export function readSimpleYaml(text: string): PlainValue | undefined {
  // Other line ends, tabs, control and invisible characters have rules of their own.
  if (!/^[\n\x20-\x7e]*$/.test(text)) {
    return undefined;
  }
  try {
    return new SimpleYaml(text).read();
  } catch (error) {
    if (error instanceof NotSimple) {
      return undefined;
    }
    throw error;
  }
}

class SimpleYaml {
  readonly #lines: Line[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const content = line.trim();
      if (content === '' || content.startsWith('#')) {
        continue;
      }
      const indent = line.length - line.trimStart().length;
      if (indent === 0 && /^(?:%|---|\.\.\.)/.test(content)) {
        throw new NotSimple();
      }
      this.#lines.push({ indent, text: content });
    }
  }

  read(): PlainValue {
    if (this.#lines.length === 0) {
      return {};
    }
    const value = this.#map(this.#lines[0]?.indent ?? 0);
    if (this.#at < this.#lines.length) {
      throw new NotSimple();
    }
    return value;
  }

  #block(indent: number): PlainValue {
    const line = this.#lines[this.#at];
    this.#depth += 1;
    if (line === undefined || this.#depth > MAX_DEPTH) {
      throw new NotSimple();
    }
    const value = isEntry(line.text) ? this.#list(indent) : this.#map(indent);
    this.#depth -= 1;
    return value;
  }

  #map(indent: number): PlainMap {
    const map: PlainMap = Object.create(null);
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const key = keyOf(line.text);
      if (key === undefined) {
        // In a list whose entries stand as deep as this map's key, the list goes on.
        break;
      }
      put(map, key.name, this.#value(key.rest, indent, true));
    }
    this.#mustNotGoDeeper(indent);
    return map;
  }

  #list(indent: number): PlainValue[] {
    const list: PlainValue[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      if (!isEntry(line.text)) {
        break;
      }
      const rest = line.text.slice(1).trimStart();
      if (isEntry(rest)) {
        throw new NotSimple();
      }
      if (keyOf(rest) === undefined) {
        list.push(this.#value(rest, indent, false));
        continue;
      }
      // `- key: value`: a map that begins in the middle of the line.
      const inner = indent + line.text.length - rest.length;
      this.#lines[this.#at] = { indent: inner, text: rest };
      list.push(this.#block(inner));
    }
    this.#mustNotGoDeeper(indent);
    return list;
  }

  /** What follows a key or a dash, in the line or in the lines below it. */
  #value(rest: string, indent: number, ofKey: boolean): PlainValue {
    this.#at += 1;
    const next = this.#lines[this.#at];
    if (rest === '' || rest.startsWith('#')) {
      if (next !== undefined && next.indent > indent) {
        return this.#block(next.indent);
      }
      return ofKey && next?.indent === indent && isEntry(next.text) ? this.#block(indent) : null;
    }
    // A deeper line would go on with the same text.
    this.#mustNotGoDeeper(indent);
    return inline(rest);
  }

  #mustNotGoDeeper(indent: number): void {
    const next = this.#lines[this.#at];
    if (next !== undefined && next.indent > indent) {
      throw new NotSimple();
    }
  }
}

function isEntry(text: string): boolean {
  return text === '-' || text.startsWith('- ');
}

function keyOf(text: string): { readonly name: string; readonly rest: string } | undefined {
  const match = PLAIN_KEY.exec(text) ?? QUOTED_KEY.exec(text);
  if (match === null) {
    return undefined;
  }
  const [whole, plain, double] = match;
  const name = whole.startsWith('"') ? (plain ?? '') : whole.startsWith("'") ? (double ?? '') : (plain ?? '');
  return { name, rest: text.slice(whole.length).trimStart() };
}

function put(map: PlainMap, name: string, value: PlainValue): void {
  if (name === '__proto__' || Object.hasOwn(map, name)) {
    throw new NotSimple();
  }
  map[name] = value;
}

function inline(text: string): PlainValue {
  if (text.startsWith('[') || text.startsWith('{')) {
    return new SimpleFlow(text).read();
  }
  const quoted = DOUBLE_QUOTED.exec(text) ?? SINGLE_QUOTED.exec(text);
  if (quoted !== null) {
    return quoted[1] ?? '';
  }
  if (!/^(?:[A-Za-z0-9_./$~+(^]|-[^ ])/.test(text)) {
    throw new NotSimple();
  }
  const comment = text.indexOf(' #');
  const plain = comment === -1 ? text : text.slice(0, comment).trimEnd();
  if (plain.includes(': ') || plain.endsWith(':')) {
    throw new NotSimple();
  }
  return scalar(plain);
}

/** The core schema's words and whole numbers; other things that begin like numbers are left to the library. */
function scalar(text: string): PlainValue {
  switch (text) {
    case '~':
    case 'null':
    case 'Null':
    case 'NULL':
      return null;
    case 'true':
    case 'True':
    case 'TRUE':
      return true;
    case 'false':
    case 'False':
    case 'FALSE':
      return false;
    default:
  }
  if (/^[1-9][0-9]{0,14}$/.test(text)) {
    return Number(text);
  }
  if (/^[-+.0-9][-+._0-9a-fA-FoxX]*$/.test(text) || /^[-+]?\.(?:inf|nan)$/i.test(text)) {
    throw new NotSimple();
  }
  return text;
}

/** A flow collection that ends in the line in which it begins. */
class SimpleFlow {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PlainValue {
    const value = this.#collection();
    if (!/^ *(?: #.*)?$/.test(this.#text.slice(this.#at))) {
      throw new NotSimple();
    }
    return value;
  }

  #collection(): PlainValue {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw new NotSimple();
    }
    const value = this.#text[this.#at] === '[' ? this.#list() : this.#map();
    this.#depth -= 1;
    return value;
  }

  #list(): PlainValue[] {
    const list: PlainValue[] = [];
    this.#at += 1;
    this.#take(SPACES);
    while (!this.#ends(']', list.length > 0)) {
      list.push(this.#item());
      this.#take(SPACES);
    }
    return list;
  }

  #map(): PlainMap {
    const map: PlainMap = Object.create(null);
    let first = true;
    this.#at += 1;
    this.#take(SPACES);
    while (!this.#ends('}', !first)) {
      first = false;
      const written = this.#take(FLOW_KEY)?.[1];
      const before = this.#text[this.#at - 1];
      if (written === undefined || before !== ' ') {
        throw new NotSimple();
      }
      const name = /^["']/.test(written) ? written.slice(1, -1) : written;
      put(map, name, this.#item());
      this.#take(SPACES);
    }
    return map;
  }

  /** At the closing bracket; otherwise steps over the comma that must stand between two items. */
  #ends(bracket: ']' | '}', needsComma: boolean): boolean {
    if (this.#text[this.#at] === bracket) {
      this.#at += 1;
      return true;
    }
    if (needsComma) {
      if (this.#text[this.#at] !== ',') {
        throw new NotSimple();
      }
      this.#at += 1;
      this.#take(SPACES);
    }
    return false;
  }

  #item(): PlainValue {
    const begin = this.#text[this.#at];
    if (begin === '[' || begin === '{') {
      return this.#collection();
    }
    const quoted = this.#take(FLOW_QUOTED);
    if (quoted !== null) {
      return quoted[1] ?? quoted[2] ?? '';
    }
    const plain = this.#take(FLOW_PLAIN)?.[0];
    if (plain === undefined || /^-(?: |$)|: |:$/.test(plain)) {
      throw new NotSimple();
    }
    return scalar(plain);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    this.#at += match?.[0].length ?? 0;
    return match;
  }
}

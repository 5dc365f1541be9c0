import type { YamlScalar } from './yaml-node.ts';
import { isBlank, type YamlText } from './yaml-text.ts';

/** What ends a plain text inside a flow collection. */
const FLOW_MARKS = ',[]{}';

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
};
const LINE_END = 10;
const RETURN = 13;
const HASH = 35;
const COLON = 58;
/** `,`, `#` and `:` come before the letters, brackets among and behind them. */
const LAST_MARK = COLON;
const FIRST_BRACKET = 91;
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** What is not simply part of a quoted text. */
const DOUBLE_STOP = /["\\\r\n]/g;
const SINGLE_STOP = /['\r\n]/g;

/**
 * A text between quotes, from its first quote to behind its last; lines that it goes on in are indented more than `indent`.
 */
export function readQuoted(source: YamlText, indent: number): YamlScalar {
  const { at, char: quote, text } = source;
  const parts: string[] = [];
  source.moveTo(at + 1);
  for (;;) {
    const begin = source.at;
    const stop = quotedStop(source, quote);
    const char = text.charAt(stop);
    if (char === '') {
      source.fail(`The text that begins here with ${quote} has no end.`, { offset: at });
    } else if (char === '\n' || char === '\r') {
      parts.push(text.slice(begin, endWithoutBlanks(text, begin, stop)), folded(quotedLineEnds(source, indent, at)));
    } else if (char === '\\') {
      parts.push(text.slice(begin, stop), escaped(source, indent, at));
    } else if (quote === "'" && text.charAt(stop + 1) === "'") {
      parts.push(text.slice(begin, stop + 1));
      source.moveTo(stop + 2);
    } else {
      parts.push(text.slice(begin, stop));
      source.moveTo(stop + 1);
      return { kind: 'scalar', at, text: parts.join(''), style: 'quoted', length: source.at - at };
    }
  }
}

function quotedStop(source: YamlText, quote: string): number {
  const stops = quote === '"' ? DOUBLE_STOP : SINGLE_STOP;
  stops.lastIndex = source.at;
  source.moveTo(stops.test(source.text) ? stops.lastIndex - 1 : source.text.length);
  return source.at;
}

function quotedLineEnds(source: YamlText, indent: number, begin: number): number {
  const ends = lineEnds(source);
  if (!source.ended && (spacesAt(source) <= indent || source.isMarker())) {
    const earlier = { offset: begin, words: 'It begins in' };
    source.fail('This line is not indented, although a text in quotes is still open.', { earlier });
  }
  return ends;
}

/** What a backslash and the characters behind it stand for. */
function escaped(source: YamlText, indent: number, begin: number): string {
  source.part();
  const { text, at } = source;
  const char = text.charAt(at + 1);
  if (char === '\n' || (char === '\r' && text.charAt(at + 2) === '\n')) {
    source.moveTo(at + 1);
    return '\n'.repeat(quotedLineEnds(source, indent, begin) - 1);
  }
  if (Object.hasOwn(ESCAPES, char)) {
    source.moveTo(at + 2);
    return ESCAPES[char] ?? '';
  }
  const digits = Object.hasOwn(HEX_DIGITS, char) ? (HEX_DIGITS[char] ?? 0) : 0;
  const hex = text.slice(at + 2, at + 2 + digits);
  const code = Number.parseInt(hex, 16);
  if (digits === 0 || hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex) || code > 0x10_ffff) {
    source.fail('This stands for nothing in double quotes. Write `\\\\` for a backslash, or use single quotes.');
  }
  source.moveTo(at + 2 + digits);
  return String.fromCodePoint(code);
}

/** The part of a plain text that stands in one line. */
export interface PlainLine {
  readonly text: string;
  /** A colon ends it that makes it a key. */
  readonly isKey: boolean;
}

/** The plain text from here to the end of the line, a comment or the colon of a key. */
export function readPlainLine(source: YamlText, flow: boolean): PlainLine {
  const { text, at: begin } = source;
  let at = begin;
  let end = begin;
  let isKey = false;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === LINE_END || code === RETURN) {
      break;
    }
    if (isBlank(code)) {
      continue;
    }
    // Most characters are letters, which end nothing.
    if (code <= LAST_MARK || (flow && code >= FIRST_BRACKET)) {
      isKey = code === COLON && isColon(source, at, flow);
      const isComment = code === HASH && at > begin && isBlank(text.charCodeAt(at - 1));
      if (isKey || isComment || (flow && FLOW_MARKS.includes(text.charAt(at)))) {
        break;
      }
    }
    end = at + 1;
  }
  source.moveTo(at);
  source.moveTo(end);
  return { text: text.slice(begin, end), isKey };
}

/** A colon that stands behind a key. */
export function isColon(source: YamlText, offset: number, flow: boolean): boolean {
  const { text } = source;
  return (
    text.charAt(offset) === ':' && (source.isGap(offset + 1) || (flow && FLOW_MARKS.includes(text.charAt(offset + 1))))
  );
}

/** Fails where no plain text can begin. */
export function mustBePlain(source: YamlText, flow: boolean): void {
  const { char, at, text } = source;
  if ('-?:'.includes(char)) {
    if (source.isGap(at + 1) || (flow && FLOW_MARKS.includes(text.charAt(at + 1)))) {
      source.fail(`A \`${char}\` cannot stand here.`);
    }
  } else if (',[]{}#&*!|>\'"%@`'.includes(char)) {
    source.fail(`No text begins with \`${char}\`; put it in quotes.`);
  }
}

/** All of a plain text whose first line has been read: lines that are indented more than `indent` go on with it. */
export function readPlainRest(
  source: YamlText,
  first: string,
  { at, indent, flow }: { readonly at: number; readonly indent: number; readonly flow: boolean },
): YamlScalar {
  const parts = [first];
  for (;;) {
    const before = { at: source.at, lineStart: source.lineStart };
    const ends = lineEnds(source);
    if (ends === 0 || !goesOn(source, indent, flow)) {
      source.moveTo(before.at);
      source.lineStart = before.lineStart;
      break;
    }
    const line = readPlainLine(source, flow);
    if (line.isKey && !flow) {
      const earlier = { offset: at, words: 'That text begins in' };
      source.fail('A key cannot stand in a line that goes on with the text above it.', { earlier });
    }
    parts.push(folded(ends), line.text);
  }
  return { kind: 'scalar', at, text: parts.join(''), style: 'plain', length: source.at - at };
}

function goesOn(source: YamlText, indent: number, flow: boolean): boolean {
  if (source.ended || source.char === '#' || spacesAt(source) <= indent || source.isMarker()) {
    return false;
  }
  return !flow || !(FLOW_MARKS.includes(source.char) || isColon(source, source.at, true));
}

/** From a line end, over blank lines, to the first character behind them. How many lines ended. */
function lineEnds(source: YamlText): number {
  const { text } = source;
  let { at } = source;
  let ends = 0;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === LINE_END) {
      ends += 1;
      source.lineStart = at + 1;
    } else if (code !== RETURN && !isBlank(code)) {
      source.moveTo(at);
      return ends;
    }
    at += 1;
  }
}

/** One line end is a space, more are one line end less. */
function folded(ends: number): string {
  return ends === 1 ? ' ' : '\n'.repeat(ends - 1);
}

/** Spaces at the beginning of the line, as far as the place. */
function spacesAt({ text, lineStart, at }: YamlText): number {
  let end = lineStart;
  while (end < at && text.charAt(end) === ' ') {
    end += 1;
  }
  return end - lineStart;
}

function endWithoutBlanks(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(text.charCodeAt(end - 1))) {
    end -= 1;
  }
  return end;
}

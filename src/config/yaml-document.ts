import { goesOn, mustNotBeTabbed, readKey, readValue } from './yaml-block.ts';
import type { YamlMap, YamlNode, YamlPair } from './yaml-node.ts';
import { isGrave, MAX_TEXT_PROBLEMS, type TextProblem, YamlError, YamlText } from './yaml-text.ts';

export interface YamlDocument {
  /** Absent when the text has no content. */
  readonly root: YamlNode | undefined;
  readonly problems: readonly TextProblem[];
  /** Characters that were looked at: what it cost, whatever the machine. */
  readonly work: number;
}

/** A carriage return may stand before a line feed; no other control characters but tabs are text. */
const NOT_TEXT = /(?!\t|\r?\n)\p{Cc}/u;
const ONE_DOCUMENT = 'Only one document may stand in the file; remove the second `---`.';

/**
 * Read a text that holds one YAML document, in time linear in its length. A mistake takes away the key of the outermost map in
 * which it stands, and the rest is read on, so that all mistakes are found in one go. Never throws.
 */
export function readDocument(text: string): YamlDocument {
  const source = new YamlText(text);
  const problems: TextProblem[] = [];
  const control = text.search(NOT_TEXT);
  if (control !== -1) {
    const message = 'This is no text: a control character, or a line end that is a carriage return alone.';
    return { root: undefined, problems: [{ code: 'yaml', offset: control, message }], work: control };
  }
  const root = tried(problems, () => {
    const behind = readBeginning(source);
    return source.ended || source.isMarker()
      ? undefined
      : behind === 'line' && isRootMap(source)
        ? readRootMap(source, problems)
        : readValue(source, -1, behind);
  });
  tried(problems, () => readEnd(source));
  return { root, problems, work: source.work };
}

function tried<Result>(problems: TextProblem[], read: () => Result): Result | undefined {
  if (problems.some(isGrave) || problems.length >= MAX_TEXT_PROBLEMS) {
    return undefined;
  }
  try {
    return read();
  } catch (error) {
    if (!(error instanceof YamlError)) {
      throw error;
    }
    problems.push(error.problem);
    return undefined;
  }
}

/** Over directives and the marker of the document, to its content. `key`: the content stands in the marker's line. */
function readBeginning(source: YamlText): 'line' | 'key' {
  source.gap();
  const begin = source.at;
  while (source.column === 0 && source.char === '%') {
    const directive = /%YAML 1\.[0-9][ \t]*(?=\r?\n|#)/y;
    directive.lastIndex = source.at;
    if (directive.exec(source.text) === null) {
      source.fail('This directive is not known; only `%YAML 1.2` is.');
    }
    source.moveTo(directive.lastIndex);
    source.gap();
  }
  if (source.isMarker() && source.char === '-') {
    source.moveTo(source.at + 3);
    return source.gap() ? 'line' : 'key';
  }
  if (source.at !== begin) {
    source.fail('`---` must stand behind a directive.');
  }
  return 'line';
}

function readEnd(source: YamlText): void {
  source.gap();
  while (!source.ended) {
    if (!source.isMarker()) {
      source.fail('This belongs to nothing: it is indented less than what stands before it, or is another value.');
    }
    if (source.char === '-') {
      source.fail(ONE_DOCUMENT);
    }
    source.moveTo(source.at + 3);
    source.endOfLine();
    source.gap();
  }
}

/** Is the document written as keys in lines? Where there is no colon at all, a text was meant. */
function isRootMap(source: YamlText): boolean {
  return !'[{|>&!*'.includes(source.char) && !source.isMark('-') && source.text.includes(':');
}

function readRootMap(source: YamlText, problems: TextProblem[]): YamlMap {
  const { at, column } = source;
  mustNotBeTabbed(source, source.lineStart);
  const pairs: YamlPair[] = [];
  source.enter();
  for (let more = true; more; ) {
    const begin = source.at;
    const found = problems.length;
    more =
      tried(problems, () => {
        const key = readKey(source, column);
        source.moveTo(source.at + 1);
        pairs.push({ key, value: readValue(source, column, 'key') });
        return goesOn(source, column);
      }) ?? false;
    const problem = problems[found];
    if (problem !== undefined && !isGrave(problem)) {
      source.depth = 1;
      more = problems.length < MAX_TEXT_PROBLEMS && toNextKey(source, column, begin, problem.offset);
    }
  }
  source.leave();
  return { kind: 'map', at, pairs };
}

/** To the first line behind `begin`, not before that of `offset`, in which a key of the map stands. False: there is none. */
function toNextKey(source: YamlText, column: number, begin: number, offset: number): boolean {
  const { text } = source;
  let line = text.lastIndexOf('\n', Math.max(offset, begin) - 1) + 1;
  while (line < text.length) {
    const stop = text.indexOf('\n', line);
    const end = stop === -1 ? text.length : stop;
    if (line > begin && end - line > column && mayBeKey(text, line, column)) {
      source.moveTo(line + column);
      source.lineStart = line;
      return !source.isMarker();
    }
    source.moveTo(end);
    line = end + 1;
  }
  source.moveTo(text.length);
  return false;
}

function mayBeKey(text: string, line: number, column: number): boolean {
  const at = line + column;
  return text.slice(line, at).trim() === '' && /^(?![\s#\]},]|-\s)./s.test(text.slice(at, at + 2));
}

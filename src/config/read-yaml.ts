import { Composer, type CST, type Document, Lexer, Parser } from 'yaml';
import type { KeyPath } from './key-path.ts';
import { locateKey } from './locate-key.ts';
import { type NodeProblem, type PlainValue, plainValue } from './plain-value.ts';

/** A place in a file, both counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface YamlProblem {
  readonly code: 'too-large' | 'too-deep' | 'too-many-values' | 'yaml' | 'duplicate-key' | 'key' | 'tag';
  readonly place: Place;
  readonly message: string;
}

export type ReadYaml =
  | {
      readonly ok: true;
      readonly value: PlainValue;
      /** What is wrong although the rest can be understood: double keys, unknown tags, aliases of nothing. */
      readonly problems: readonly YamlProblem[];
      /** Lists written as `!replace [...]`. */
      readonly replacing: WeakSet<object>;
      /** The value's place, or that of its key; of the nearest thing around it when it is not there. */
      readonly locate: (path: KeyPath, at?: 'key' | 'value', offset?: number) => Place;
    }
  | { readonly ok: false; readonly problems: readonly YamlProblem[] };

/** What GitHub's API hands out whole. */
export const MAX_BYTES = 512_000;
const MAX_DEPTH = 48;
const ONE_DOCUMENT = 'Only one document may stand in the file; remove the second `---`.';
const MAX_MESSAGE = 300;
const MAX_PROBLEMS = 200;
/** A file of real configuration has one lexeme per three bytes or more; beyond this somebody plays with punctuation. */
const MAX_LEXEMES = 250_000;

/**
 * Read one YAML document (1.2 core schema, with anchors and merge keys). Never throws: too large, too deep or expanding
 * too far is refused before it costs anything. All problems at once, up to 200.
 */
export function readYaml(text: string): ReadYaml {
  const start = { line: 1, column: 1 };
  if (text.length > MAX_BYTES || new TextEncoder().encode(text).length > MAX_BYTES) {
    const message = `The file is larger than ${MAX_BYTES} bytes, the most that GitHub hands out whole.`;
    return { ok: false, problems: [{ code: 'too-large', place: start, message }] };
  }
  const places = lineFinder(text);
  const composed = compose(text);
  if (!composed.ok) {
    const { code, offset, message } = composed;
    return { ok: false, problems: [{ code, place: places(offset), message }] };
  }
  const [document, second] = composed.documents;
  if (document === undefined) {
    return { ok: true, value: {}, problems: [], replacing: new WeakSet(), locate: () => start };
  }
  const broken = syntaxProblems(document, places);
  if (second !== undefined) {
    broken.push({ code: 'yaml', place: places(second.range[0]), message: ONE_DOCUMENT });
  }
  if (broken.length > 0) {
    return { ok: false, problems: broken };
  }
  const found: NodeProblem[] = [];
  const plain = plainValue(document.contents, (problem) => found.push(problem));
  const problems = found.slice(0, MAX_PROBLEMS).map(({ code, offset, message, first }) => {
    const earlier = first === undefined ? '' : ` The first one is in line ${places(first).line}.`;
    return { code, place: places(offset), message: message + earlier };
  });
  if (problems.some(({ code }) => code === 'too-many-values')) {
    return { ok: false, problems };
  }
  return {
    ok: true,
    value: plain.value ?? {},
    problems,
    replacing: plain.replacing,
    locate: (path, at = 'value', offset) => places(locateKey(document, path, at, offset)),
  };
}

function syntaxProblems(document: Document.Parsed, places: (offset: number) => Place): YamlProblem[] {
  // A tag that is not known is reported with its node, in our words.
  const warnings = document.warnings.filter(({ code }) => code !== 'TAG_RESOLVE_FAILED');
  return [...document.errors, ...warnings].slice(0, MAX_PROBLEMS).map((error) => ({
    code: 'yaml',
    place: places(error.pos[0]),
    message: firstLine(error.message),
  }));
}

type Composed =
  | { readonly ok: true; readonly documents: readonly Document.Parsed[] }
  | {
      readonly ok: false;
      readonly code: 'too-deep' | 'too-many-values' | 'yaml';
      readonly offset: number;
      readonly message: string;
    };

/**
 * The stages of the yaml library one by one, because nesting must be stopped while it is read: the composer
 * recurses, and by then the stack is already at stake. Duplicate keys are found later, in linear time.
 */
function compose(text: string): Composed {
  const parser = new Parser();
  const composer = new Composer({
    uniqueKeys: false,
    strict: true,
    logLevel: 'silent',
    customTags: [{ tag: '!replace', collection: 'seq' }],
  });
  const documents: Document.Parsed[] = [];
  let offset = 0;
  let lexemes = 0;
  /** Errors between documents, directives, and commas with nothing between them: each costs the composer more than its text does. */
  let odd = 0;
  let before = '';
  const take = (token: CST.Token): void => {
    for (const document of composer.next(token)) {
      documents.push(document);
    }
  };
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      take(token);
      odd += token.type === 'error' || token.type === 'directive' ? 1 : 0;
    }
    odd += lexeme === ',' && before === ',' ? 1 : 0;
    before = lexeme.trim() === '' ? before : lexeme;
    if (odd > MAX_PROBLEMS || documents.length > 2) {
      const message = odd > MAX_PROBLEMS ? 'This is not YAML; reading stopped here.' : ONE_DOCUMENT;
      return { ok: false, code: 'yaml', offset, message };
    }
    offset += lexeme.length;
    lexemes += 1;
    if (lexemes > MAX_LEXEMES) {
      const message = `More than ${MAX_LEXEMES} marks and words: too much to read.`;
      return { ok: false, code: 'too-many-values', offset: Math.min(offset, text.length), message };
    }
    if (parser.stack.length > MAX_DEPTH) {
      const message = `More than ${MAX_DEPTH} levels inside each other.`;
      return { ok: false, code: 'too-deep', offset: Math.min(offset, text.length), message };
    }
  }
  for (const token of parser.end()) {
    take(token);
  }
  for (const document of composer.end(true, text.length)) {
    documents.push(document);
  }
  return { ok: true, documents };
}

function firstLine(message: string): string {
  const [line = message] = message.split('\n', 1);
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}...` : line;
}

/** Offset → place. The table of line starts is made when the first place is asked for: most files have no problem. */
function lineFinder(text: string): (offset: number) => Place {
  let starts: number[] | undefined;
  return (offset) => {
    starts ??= lineStarts(text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    starts.push(at + 1);
  }
  return starts;
}

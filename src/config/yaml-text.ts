/** What is wrong at an offset of a text; `earlier` is something before it that explains it, in words that a line number ends. */
export interface TextProblem {
  readonly code: 'yaml' | 'key' | 'tag' | 'duplicate-key' | 'too-deep' | 'too-many-values';
  readonly offset: number;
  readonly message: string;
  readonly earlier?: { readonly offset: number; readonly words: string };
}

/** Thrown where a text is no YAML, or none that is read here; never leaves `readYaml`. */
export class YamlError extends Error {
  readonly problem: TextProblem;

  constructor(problem: TextProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Nobody reads more problems of one file. */
export const MAX_TEXT_PROBLEMS = 200;
/** What a file may stand for, with aliases and merge keys followed. The largest that people write stand for half as much. */
export const MAX_VALUES = 100_000;
const MAX_DEPTH = 48;
const LINE_END = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;
const HASH = 35;

/** A text and a place in it. What moves the place or looks ahead counts the characters, so that a test can hold the cost. */
export class YamlText {
  readonly text: string;
  at = 0;
  lineStart = 0;
  /** Collections that are open. */
  depth = 0;
  /** Characters looked at so far. */
  work = 0;
  #parts = 0;

  constructor(text: string) {
    this.text = text;
    if (text.startsWith('\ufeff')) {
      this.at = 1;
      this.lineStart = 1;
    }
  }

  get char(): string {
    return this.text.charAt(this.at);
  }

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  /** Characters before the place in its line: the indentation, where nothing else stands there. */
  get column(): number {
    return this.at - this.lineStart;
  }

  moveTo(offset: number): void {
    this.work += Math.abs(offset - this.at);
    this.at = offset;
  }

  /** Over white space, line ends and comments. True when a line end was crossed. */
  gap(): boolean {
    const { text, lineStart } = this;
    let at = this.at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === SPACE || code === TAB || code === RETURN) {
        at += 1;
      } else if (code === LINE_END) {
        at += 1;
        this.lineStart = at;
      } else if (code === HASH && (at === this.lineStart || isBlank(text.charCodeAt(at - 1)))) {
        const end = text.indexOf('\n', at);
        at = end === -1 ? text.length : end;
      } else {
        break;
      }
    }
    this.moveTo(at);
    return this.lineStart !== lineStart;
  }

  /** Over spaces and tabs. */
  blanks(): void {
    let at = this.at;
    while (isBlank(this.text.charCodeAt(at))) {
      at += 1;
    }
    this.moveTo(at);
  }

  /** Nothing but white space and a comment may follow in this line. */
  endOfLine(): void {
    const before = this.at;
    this.blanks();
    if (!this.isGap(this.at) && !(this.char === '#' && this.at > before)) {
      this.fail('This follows in the same line as a value that ends before it.');
    }
  }

  /** White space, a line end or the end of the text stands at the offset. */
  isGap(offset: number): boolean {
    const code = this.text.charCodeAt(offset);
    return code === LINE_END || code === RETURN || isBlank(code) || offset >= this.text.length;
  }

  /** `-`, `?` or `:` as a mark of its own, with a gap behind it. */
  isMark(mark: string): boolean {
    return this.char === mark && this.isGap(this.at + 1);
  }

  /** `---` or `...` at the beginning of a line. */
  isMarker(): boolean {
    const { text, at } = this;
    return this.column === 0 && (text.startsWith('---', at) || text.startsWith('...', at)) && this.isGap(at + 3);
  }

  /** A tab stands before the place in its line. */
  isTabbed(): boolean {
    return this.text.slice(this.lineStart, this.at).includes('\t');
  }

  enter(): void {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) {
      this.fail(`More than ${MAX_DEPTH} levels inside each other.`, { code: 'too-deep' });
    }
  }

  /** One more of what costs more than its characters do: a value, an anchor, a tag, an escape. */
  part(): void {
    this.#parts += 1;
    if (this.#parts > MAX_VALUES) {
      const message = `More than ${MAX_VALUES} values, anchors, tags and escapes are too much to read.`;
      this.fail(message, { code: 'too-many-values' });
    }
  }

  leave(): void {
    this.depth -= 1;
  }

  fail(message: string, more: Partial<Omit<TextProblem, 'message'>> = {}): never {
    throw new YamlError({ code: 'yaml', offset: this.at, ...more, message });
  }
}

/** Behind such a problem nothing is read any more. */
export function isGrave({ code }: TextProblem): boolean {
  return code === 'too-deep' || code === 'too-many-values';
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

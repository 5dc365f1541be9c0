import { ANYTHING, type TagQuery, type TagQueryExpression } from '../domain/tag-query.ts';
import { joinPath } from './repo-path.ts';
import { type TagQueryError, type TagQueryToken, tagQueryTokens } from './tag-query-tokens.ts';

export type { TagQueryError } from './tag-query-tokens.ts';

export type ParsedTagQuery =
  | { readonly ok: true; readonly query: TagQuery }
  | { readonly ok: false; readonly error: TagQueryError };

/** What a query is asked about. Tags are exactly those given: `dir:` and `workspace:` tags are the caller's to add. */
export interface TagSubject {
  readonly tags: ReadonlySet<string> | readonly string[];
  readonly dir: string;
  readonly workspace: string;
  /** Directory of the dependent, for `relative_dir:` in `depends_on`; without it `relative_dir:` matches nothing. */
  readonly relativeTo?: string;
}

/** Longer queries are refused; the longest sensible one is some hundred characters. */
export const MAX_QUERY_LENGTH = 8_192;
const MAX_QUERY_DEPTH = 100;

/**
 * Parse a tag query. `not` binds tighter than `and` (which may be left out), `and` tighter than `or`;
 * an empty text matches everything. Linear in the length, never throws.
 * The language is Terrateam's: https://docs.terrateam.io/advanced-workflows/tags
 */
export function parseTagQuery(text: string): ParsedTagQuery {
  if (text.length > MAX_QUERY_LENGTH) {
    const message = `The query is longer than ${MAX_QUERY_LENGTH} characters.`;
    return { ok: false, error: { code: 'too-long', column: MAX_QUERY_LENGTH + 1, message } };
  }
  const tokens = tagQueryTokens(text);
  if ('code' in tokens) {
    return { ok: false, error: tokens };
  }
  if (tokens.length === 0) {
    return { ok: true, query: { ...ANYTHING, text } };
  }
  const parsed = new Parser(tokens).parse();
  return 'code' in parsed ? { ok: false, error: parsed } : { ok: true, query: { text, expression: parsed } };
}

/** Does the query select this dirspace? Linear in the size of the query. */
export function matchTagQuery(query: TagQuery, subject: TagSubject): boolean {
  return holds(query.expression, subject);
}

function holds(expression: TagQueryExpression, subject: TagSubject): boolean {
  switch (expression.kind) {
    case 'anything':
      return true;
    case 'tag':
      return 'has' in subject.tags ? subject.tags.has(expression.tag) : subject.tags.includes(expression.tag);
    case 'in-dir':
      return expression.path !== '' && `/${subject.dir}/`.includes(`/${expression.path}/`);
    case 'relative-dir':
      return subject.relativeTo !== undefined && joinPath(subject.relativeTo, expression.path) === subject.dir;
    case 'not':
      return !holds(expression.of, subject);
    case 'and':
      return expression.of.every((part) => holds(part, subject));
    case 'or':
      return expression.of.some((part) => holds(part, subject));
  }
}

/** Recursive descent; only parentheses recurse, and their depth is capped. */
class Parser {
  readonly #tokens: readonly TagQueryToken[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly TagQueryToken[]) {
    this.#tokens = tokens;
  }

  parse(): TagQueryExpression | TagQueryError {
    const expression = this.#or();
    const rest = this.#peek();
    if ('code' in expression || rest === undefined) {
      return expression;
    }
    return rest.kind === ')'
      ? { code: 'missing-opening', column: rest.column, message: 'This `)` has no opening parenthesis.' }
      : { code: 'unexpected-symbol', column: rest.column, message: `Unexpected \`${rest.text}\`.` };
  }

  #peek(): TagQueryToken | undefined {
    return this.#tokens[this.#at];
  }

  #or(): TagQueryExpression | TagQueryError {
    const parts: TagQueryExpression[] = [];
    for (;;) {
      const part = this.#and();
      if ('code' in part) {
        return part;
      }
      parts.push(part);
      if (this.#peek()?.kind !== 'or') {
        return only(parts) ?? { kind: 'or', of: parts };
      }
      this.#at += 1;
    }
  }

  #and(): TagQueryExpression | TagQueryError {
    const parts: TagQueryExpression[] = [];
    for (;;) {
      const part = this.#operand();
      if ('code' in part) {
        return part;
      }
      parts.push(part);
      const next = this.#peek()?.kind;
      if (next === 'and') {
        this.#at += 1;
      } else if (next !== 'text' && next !== 'not' && next !== '(') {
        return only(parts) ?? { kind: 'and', of: parts };
      }
    }
  }

  #operand(): TagQueryExpression | TagQueryError {
    const token = this.#peek();
    if (token === undefined || token.kind === 'and' || token.kind === 'or' || token.kind === 'in') {
      return this.#missingOperand(token);
    }
    this.#at += 1;
    switch (token.kind) {
      case '(':
        return this.#group(token);
      case ')':
        return this.#strayClosing(token);
      case 'not':
        return this.#negated(token);
      case 'text':
        return this.#text(token);
    }
  }

  #group(open: TagQueryToken): TagQueryExpression | TagQueryError {
    const next = this.#peek();
    if (next?.kind === ')') {
      const message = 'Parentheses must contain an expression, `()` is not allowed.';
      return { code: 'empty-parentheses', column: open.column, message };
    }
    this.#depth += 1;
    if (this.#depth > MAX_QUERY_DEPTH) {
      const message = `More than ${MAX_QUERY_DEPTH} parentheses inside each other.`;
      return { code: 'too-deep', column: open.column, message };
    }
    const missing = {
      code: 'missing-closing',
      column: open.column,
      message: 'This `(` has no closing parenthesis.',
    } as const;
    if (next === undefined) {
      return missing;
    }
    const inner = this.#or();
    if ('code' in inner) {
      return inner;
    }
    const close = this.#peek();
    if (close?.kind === ')') {
      this.#at += 1;
      this.#depth -= 1;
      return inner;
    }
    return close === undefined
      ? missing
      : { code: 'unexpected-symbol', column: close.column, message: `Unexpected \`${close.text}\`.` };
  }

  #negated(not: TagQueryToken): TagQueryExpression | TagQueryError {
    const next = this.#peek();
    if (next?.kind !== 'text' && next?.kind !== '(') {
      const message = '`not` must be followed by a tag or by a parenthesis.';
      return next?.kind === ')' && this.#depth === 0
        ? this.#strayClosing(next)
        : { code: 'missing-operand', column: (next ?? not).column, message };
    }
    this.#at += 1;
    if (next.kind === '(') {
      const inner = this.#group(next);
      return 'code' in inner ? inner : { kind: 'not', of: inner };
    }
    const after = this.#peek();
    if (after?.kind === 'in') {
      const message = '`not` binds to the tag alone here; write `not (x in dir)`.';
      return { code: 'unexpected-symbol', column: after.column, message };
    }
    return { kind: 'not', of: atom(next.text) };
  }

  #text(token: TagQueryToken): TagQueryExpression | TagQueryError {
    const operator = this.#peek();
    if (operator?.kind !== 'in') {
      return atom(token.text);
    }
    this.#at += 1;
    const right = this.#peek();
    if (right?.kind === 'text' && right.text === 'dir') {
      this.#at += 1;
      return { kind: 'in-dir', path: token.text };
    }
    const got = right === undefined ? 'nothing' : `\`${right.text}\``;
    const message = `The \`in\` operator only accepts \`dir\` on the right hand side, got ${got}.`;
    return { code: 'in-needs-dir', column: (right ?? operator).column, message };
  }

  #missingOperand(token: TagQueryToken | undefined): TagQueryError {
    const before = this.#tokens[this.#at - 1];
    if (token !== undefined) {
      const message = `\`${token.text}\` needs a tag or a parenthesis on its left; quote it to mean a tag of that name.`;
      return { code: 'unexpected-symbol', column: token.column, message };
    }
    const message = `\`${before?.text ?? ''}\` needs a tag or a parenthesis on its right.`;
    return { code: 'missing-operand', column: before?.column ?? 1, message };
  }

  #strayClosing(token: TagQueryToken): TagQueryError {
    return this.#depth === 0
      ? { code: 'missing-opening', column: token.column, message: 'This `)` has no opening parenthesis.' }
      : {
          code: 'missing-operand',
          column: token.column,
          message: 'A tag or a parenthesis is missing before this `)`.',
        };
  }
}

function only(parts: readonly TagQueryExpression[]): TagQueryExpression | undefined {
  return parts.length === 1 ? parts[0] : undefined;
}

function atom(text: string): TagQueryExpression {
  if (text.startsWith('relative_dir:')) {
    return { kind: 'relative-dir', path: text.slice('relative_dir:'.length) };
  }
  return text.startsWith('dir~') ? { kind: 'in-dir', path: text.slice('dir~'.length) } : { kind: 'tag', tag: text };
}

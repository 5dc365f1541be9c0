/** `column` counts characters from 1. */
export interface TagQueryError {
  readonly code: TagQueryErrorCode;
  readonly column: number;
  readonly message: string;
}

export type TagQueryErrorCode =
  | 'too-long'
  | 'too-deep'
  | 'unterminated-string'
  | 'empty-parentheses'
  | 'missing-closing'
  | 'missing-opening'
  | 'in-needs-dir'
  | 'missing-operand'
  | 'unexpected-symbol';

export type TagQueryToken =
  | { readonly kind: 'text'; readonly text: string; readonly column: number }
  | { readonly kind: 'and' | 'or' | 'not' | 'in' | '(' | ')'; readonly text: string; readonly column: number };

const WORD_END = /[\s'"()]/;
const SPACE = /\s/;

/** Cut a query into words, quoted texts, keywords and parentheses, in one pass. Quoted texts are never keywords. */
export function tagQueryTokens(text: string): readonly TagQueryToken[] | TagQueryError {
  const tokens: TagQueryToken[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    const column = at + 1;
    if (SPACE.test(char)) {
      at += 1;
    } else if (char === '(' || char === ')') {
      tokens.push({ kind: char, text: char, column });
      at += 1;
    } else if (char === "'" || char === '"') {
      const quoted = quotedText(text, at);
      if (quoted === undefined) {
        return { code: 'unterminated-string', column, message: `The text that begins here with ${char} has no end.` };
      }
      tokens.push({ kind: 'text', text: quoted.value, column });
      at = quoted.end;
    } else {
      const start = at;
      while (at < text.length && !WORD_END.test(text.charAt(at))) {
        at += 1;
      }
      tokens.push(word(text.slice(start, at), column));
    }
  }
  return tokens;
}

function word(text: string, column: number): TagQueryToken {
  const lower = text.toLowerCase();
  return lower === 'and' || lower === 'or' || lower === 'not' || lower === 'in'
    ? { kind: lower, text, column }
    : { kind: 'text', text, column };
}

function quotedText(text: string, start: number): { readonly value: string; readonly end: number } | undefined {
  const quote = text.charAt(start);
  const parts: string[] = [];
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === quote) {
      return { value: parts.join(''), end: at + 1 };
    }
    if (char === '\\') {
      at += 1;
      parts.push(text.charAt(at));
    } else {
      parts.push(char);
    }
  }
  return undefined;
}

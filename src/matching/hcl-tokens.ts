/**
 * A piece of HCL, as far as finding paths needs it. `text` of a string is what stands between its quotes; `template` says that
 * it has `${}` or `%{}` in it, and then `text` is unchanged, else escapes are resolved. Comments are gone, heredocs are `other`, line ends are marks.
 */
export type HclToken =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string; readonly template: boolean }
  | { readonly kind: 'mark'; readonly text: string }
  | { readonly kind: 'other' };

const WORD = /[\p{ID_Start}_][\p{ID_Continue}_-]*/uy;
const HEREDOC = /<<-?([\p{ID_Start}_][\p{ID_Continue}_-]*)[ \t]*\r?\n/uy;
const SPACE = /\s+/y;
const NUMBER = /[0-9][0-9A-Za-z.]*/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

/**
 * Cut HCL into tokens, in one pass. What is broken is passed over: a string ends with its line, a comment or heredoc with the
 * file. Syntax: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
 */
export function* hclTokens(text: string): Generator<HclToken> {
  let at = 0;
  const take = (expression: RegExp): RegExpExecArray | null => {
    expression.lastIndex = at;
    const found = expression.exec(text);
    at += found?.[0].length ?? 0;
    return found;
  };
  while (at < text.length) {
    const char = text.charAt(at);
    const space = take(SPACE);
    if (space !== null) {
      if (space[0].includes('\n')) {
        yield { kind: 'mark', text: '\n' };
      }
    } else if (char === '#' || text.startsWith('//', at)) {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    } else if (text.startsWith('/*', at)) {
      at = endOf(text, '*/', at + 2);
    } else if (char === '"') {
      const end = stringEnd(text, at + 1);
      yield stringToken(text.slice(at + 1, end));
      at = text.charAt(end) === '"' ? end + 1 : end;
    } else if (char === '<') {
      const heredoc = take(HEREDOC);
      at = heredoc === null ? at + 1 : heredocEnd(text, at, heredoc[1] ?? '');
      yield { kind: 'other' };
      if (heredoc !== null) {
        yield { kind: 'mark', text: '\n' };
      }
    } else {
      const word = take(WORD);
      if (word !== null) {
        yield { kind: 'word', text: word[0] };
      } else if (take(NUMBER) !== null) {
        yield { kind: 'other' };
      } else {
        at += 1;
        yield { kind: 'mark', text: char };
      }
    }
  }
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}

function heredocEnd(text: string, from: number, name: string): number {
  for (let at = from; at < text.length; ) {
    const end = endOf(text, '\n', at);
    if (text.slice(at, end).trim() === name) {
      return end;
    }
    at = end;
  }
  return text.length;
}

const IN_STRING = -1;

/** Where the string that begins at `from` ends: at its closing quote, or at the end of a line. Templates nest strings in it. */
function stringEnd(text: string, from: number): number {
  // What we are in: a string, or a template with that many braces open.
  const inside: number[] = [IN_STRING];
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    const top = inside.at(-1) ?? IN_STRING;
    if (top === IN_STRING) {
      if (char === '\\') {
        at += 1;
      } else if (char === '\n' && inside.length === 1) {
        return at;
      } else if (char === '"') {
        inside.pop();
        if (inside.length === 0) {
          return at;
        }
      } else if ((char === '$' || char === '%') && text.charAt(at + 1) === '{') {
        inside.push(0);
        at += 1;
      } else if ((char === '$' || char === '%') && text.startsWith(`${char}{`, at + 1)) {
        at += 2;
      }
    } else if (char === '"') {
      inside.push(IN_STRING);
    } else if (char === '{') {
      inside[inside.length - 1] = top + 1;
    } else if (char === '}' && top === 0) {
      inside.pop();
    } else if (char === '}') {
      inside[inside.length - 1] = top - 1;
    }
  }
  return text.length;
}

function stringToken(raw: string): HclToken {
  if (/(?:^|[^$])\$\{|(?:^|[^%])%\{/.test(raw)) {
    return { kind: 'string', text: raw, template: true };
  }
  const text = raw
    .replaceAll(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (all, short, long, char) => {
      const code = Number.parseInt(short ?? long ?? '', 16);
      return char === undefined ? (code > 0x10_ffff ? all : String.fromCodePoint(code)) : (ESCAPES[char] ?? all);
    })
    .replaceAll('$${', '$'.concat('{'))
    .replaceAll('%%{', '%{');
  return { kind: 'string', text, template: false };
}

/**
 * The part of GitHub Actions' expression language that workflow files of ours use: contexts with dotted or indexed
 * access, literals, `== != && || !`, and the functions `fromJSON toJSON format contains startsWith endsWith`.
 */

export type Contexts = Readonly<Record<string, unknown>>;

/** Replace each `${{ … }}` in a text. A text that is one expression keeps the expression's own type. */
export function evaluateTemplate(template: unknown, contexts: Contexts): unknown {
  if (typeof template !== 'string') {
    return template;
  }
  const whole = /^\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*$/s.exec(template);
  if (whole?.[1] !== undefined) {
    return evaluateExpression(whole[1], contexts);
  }
  return template.replaceAll(/\$\{\{(.*?)\}\}/gs, (_all, inner: string) => asText(evaluateExpression(inner, contexts)));
}

/** How Actions writes a value into a text. */
export function asText(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (value === null || value === undefined) {
    return '';
  }
  return JSON.stringify(value);
}

function evaluateExpression(source: string, contexts: Contexts): unknown {
  const tokens = tokenize(source);
  const parser = new Parser(tokens, contexts);
  const value = parser.or();
  parser.expectEnd();
  return value;
}

type Token = { readonly kind: 'name' | 'text' | 'number' | 'sign'; readonly text: string };

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_][\w-]*)|'(?<text>(?:[^']|'')*)'|(?<number>-?\d+(?:\.\d+)?)|(?<sign>==|!=|&&|\|\||[!().,[\]]))/y;

function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  const text = source.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) {
      throw new Error(`the world cannot read the expression ${source.trim()}`);
    }
    const { name, text: quoted, number, sign } = groups;
    if (name !== undefined) {
      tokens.push({ kind: 'name', text: name });
    } else if (quoted !== undefined) {
      tokens.push({ kind: 'text', text: quoted.replaceAll("''", "'") });
    } else if (number !== undefined) {
      tokens.push({ kind: 'number', text: number });
    } else {
      tokens.push({ kind: 'sign', text: sign ?? '' });
    }
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #contexts: Contexts;
  #at = 0;

  constructor(tokens: readonly Token[], contexts: Contexts) {
    this.#tokens = tokens;
    this.#contexts = contexts;
  }

  or(): unknown {
    let left = this.#and();
    while (this.#take('||')) {
      const right = this.#and();
      left = truthy(left) ? left : right;
    }
    return left;
  }

  expectEnd(): void {
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) {
      throw new Error(`the world cannot read the expression from ${rest.text} on`);
    }
  }

  #and(): unknown {
    let left = this.#comparison();
    while (this.#take('&&')) {
      const right = this.#comparison();
      left = truthy(left) ? right : left;
    }
    return left;
  }

  #comparison(): unknown {
    const left = this.#unary();
    if (this.#take('==')) {
      return equal(left, this.#unary());
    }
    return this.#take('!=') ? !equal(left, this.#unary()) : left;
  }

  #unary(): unknown {
    return this.#take('!') ? !truthy(this.#unary()) : this.#access();
  }

  #access(): unknown {
    let value = this.#primary();
    for (;;) {
      if (this.#take('.')) {
        value = member(value, this.#next('name').text);
      } else if (this.#take('[')) {
        value = member(value, asText(this.or()));
        this.#expect(']');
      } else {
        return value;
      }
    }
  }

  #primary(): unknown {
    if (this.#take('(')) {
      const value = this.or();
      this.#expect(')');
      return value;
    }
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'text') {
      return token.text;
    }
    if (token?.kind === 'number') {
      return Number(token.text);
    }
    if (token?.kind === 'name') {
      return this.#take('(') ? this.#call(token.text) : this.#named(token.text);
    }
    throw new Error(`the world cannot read an expression: ${token?.text ?? 'it ends too early'}`);
  }

  #named(name: string): unknown {
    if (name === 'true' || name === 'false') {
      return name === 'true';
    }
    if (name === 'null') {
      return null;
    }
    if (!(name in this.#contexts)) {
      throw new Error(`Unrecognized named-value: '${name}'`);
    }
    return this.#contexts[name];
  }

  #call(name: string): unknown {
    const values: unknown[] = [];
    while (!this.#take(')')) {
      values.push(this.or());
      this.#take(',');
    }
    return callFunction(name, values);
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind === 'sign' && token.text === sign) {
      this.#at += 1;
      return true;
    }
    return false;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) {
      throw new Error(`the world expected ${sign} in an expression`);
    }
  }

  #next(kind: Token['kind']): Token {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== kind) {
      throw new Error(`the world expected a ${kind} in an expression`);
    }
    return token;
  }
}

function callFunction(name: string, values: readonly unknown[]): unknown {
  const [first, second] = values;
  switch (name.toLowerCase()) {
    case 'fromjson': {
      const parsed: unknown = JSON.parse(asText(first));
      return parsed;
    }
    case 'tojson':
      return JSON.stringify(first, undefined, 2);
    case 'format':
      return asText(first).replaceAll(/\{(\d+)\}/g, (_all, index: string) => asText(values[Number(index) + 1]));
    case 'contains':
      return Array.isArray(first)
        ? first.some((one) => equal(one, second))
        : asText(first).toLowerCase().includes(asText(second).toLowerCase());
    case 'startswith':
      return asText(first).toLowerCase().startsWith(asText(second).toLowerCase());
    case 'endswith':
      return asText(first).toLowerCase().endsWith(asText(second).toLowerCase());
    default:
      throw new Error(`Unrecognized function: '${name}'`);
  }
}

/** A missing member is null, never an error: that is how Actions reads contexts. Names are case-insensitive. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const key = Object.keys(value).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? null : Object.entries(value).find(([one]) => one === key)?.[1];
}

function truthy(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false && value !== '' && value !== 0;
}

function equal(left: unknown, right: unknown): boolean {
  if (typeof left === 'string' && typeof right === 'string') {
    return left.toLowerCase() === right.toLowerCase();
  }
  return (left ?? null) === (right ?? null);
}

export type JsonSchema = { readonly [key: string]: unknown };

/**
 * Turns one type of GitHub's generated `types.d.ts` (as openapi-typescript writes it) into JSON Schema. Only the
 * grammar that those files use: object types, unions, intersections, arrays, literals, and `components["schemas"][…]`.
 */
export function schemaFromType(source: string): JsonSchema {
  const reader = new TypeReader(tokenize(source));
  return reader.type();
}

/** The source of each schema in a `types.d.ts`, by name. */
export function schemaSources(file: string): ReadonlyMap<string, string> {
  const start = file.indexOf('\n  schemas: {') + 1;
  const sources = new Map<string, string>();
  let name: string | undefined;
  let lines: string[] = [];
  for (const line of file.slice(start).split('\n').slice(1)) {
    const head = /^ {4}(?:"([^"]+)"|([\w-]+)):(.*)$/.exec(line);
    if (head !== null) {
      keep();
      name = head[1] ?? head[2];
      lines = [head[3] ?? ''];
    } else if (/^ {2}\}/.test(line)) {
      break;
    } else {
      lines.push(line);
    }
  }
  keep();
  return sources;

  function keep(): void {
    if (name !== undefined) {
      sources.set(name, lines.join('\n').trim().replace(/;$/, ''));
    }
  }
}

function tokenize(source: string): readonly string[] {
  const bare = source.replaceAll(/\/\*[\s\S]*?\*\//g, '');
  return bare.match(/"(?:[^"\\]|\\.)*"|[\w$-]+|[{}[\]()|&<>?:;,]/g) ?? [];
}

class TypeReader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  type(): JsonSchema {
    this.#take('|');
    const members = [this.#intersection()];
    while (this.#take('|')) {
      members.push(this.#intersection());
    }
    const [only] = members;
    return members.length === 1 && only !== undefined ? only : joined(members);
  }

  #intersection(): JsonSchema {
    const members = [this.#postfix()];
    while (this.#take('&')) {
      members.push(this.#postfix());
    }
    const [only] = members;
    return members.length === 1 && only !== undefined ? only : { allOf: members };
  }

  #postfix(): JsonSchema {
    let schema = this.#primary();
    while (this.#tokens[this.#at] === '[' && this.#tokens[this.#at + 1] === ']') {
      this.#at += 2;
      schema = { type: 'array', items: schema };
    }
    return schema;
  }

  #primary(): JsonSchema {
    const token = this.#tokens[this.#at++] ?? '';
    if (token === '{') {
      return this.#object();
    }
    if (token === '(') {
      const inner = this.type();
      this.#expect(')');
      return inner;
    }
    if (token.startsWith('"')) {
      return { const: JSON.parse(token) };
    }
    if (token === 'components') {
      return this.#reference();
    }
    if (token === 'OneOf') {
      return this.#oneOf();
    }
    if (token === 'Record') {
      while (this.#tokens[this.#at++] !== '>') {
        // `Record<string, never>` is how an empty object is written.
      }
      return { type: 'object' };
    }
    return plain(token);
  }

  #object(): JsonSchema {
    const properties: Record<string, JsonSchema> = {};
    const required: string[] = [];
    let rest: JsonSchema | undefined;
    while (!this.#take('}')) {
      if (this.#take('[')) {
        this.#at += 3;
        this.#expect(']');
        this.#expect(':');
        rest = this.type();
      } else {
        const key = (this.#tokens[this.#at++] ?? '').replace(/^"(.*)"$/, '$1');
        const optional = this.#take('?');
        this.#expect(':');
        properties[key] = this.type();
        if (!optional) {
          required.push(key);
        }
      }
      this.#take(';');
    }
    return {
      type: 'object',
      ...(Object.keys(properties).length === 0 ? {} : { properties }),
      ...(required.length === 0 ? {} : { required }),
      ...(rest === undefined || Object.keys(rest).length === 0 ? {} : { additionalProperties: rest }),
    };
  }

  #reference(): JsonSchema {
    this.#expect('[');
    this.#expect('"schemas"');
    this.#expect(']');
    this.#expect('[');
    const name: unknown = JSON.parse(this.#tokens[this.#at++] ?? '""');
    this.#expect(']');
    return { $ref: `#/definitions/${String(name)}` };
  }

  #oneOf(): JsonSchema {
    this.#expect('<');
    this.#expect('[');
    const members: JsonSchema[] = [];
    while (!this.#take(']')) {
      members.push(this.type());
      this.#take(',');
    }
    this.#take(',');
    this.#expect('>');
    return { anyOf: members };
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] === token) {
      this.#at += 1;
      return true;
    }
    return false;
  }

  #expect(token: string): void {
    if (!this.#take(token)) {
      const around = this.#tokens.slice(Math.max(this.#at - 5, 0), this.#at + 5).join(' ');
      throw new Error(`expected ${token} near ${around}`);
    }
  }
}

function plain(token: string): JsonSchema {
  switch (token) {
    case 'string':
    case 'boolean':
    case 'number':
    case 'null':
      return { type: token };
    // JSON numbers; the generator writes `number | bigint` for int64.
    case 'bigint':
      return { type: 'number' };
    case 'unknown':
    // JSON has no undefined: a member that may be it may be left out, which `required` says already.
    case 'undefined':
      return {};
    case 'true':
    case 'false':
      return { const: token === 'true' };
    case 'never':
      return { not: {} };
    default:
      if (/^-?\d+$/.test(token)) {
        return { const: Number(token) };
      }
      throw new Error(`unknown type ${token}`);
  }
}

/** Literals become an `enum`, plain types one `type` list; what is left stands in `anyOf`. */
function joined(members: readonly JsonSchema[]): JsonSchema {
  if (members.every((one) => 'const' in one || (one.type === 'null' && Object.keys(one).length === 1))) {
    return { enum: members.map((one) => ('const' in one ? one.const : null)) };
  }
  if (members.every((one) => typeof one.type === 'string' && Object.keys(one).length === 1)) {
    return { type: [...new Set(members.map((one) => one.type))] };
  }
  return { anyOf: members };
}

import { parseAst } from 'rolldown/parseAst';

/** A part of a syntax tree, as far as it is looked at here. */
interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** What a text below a node counts as; null: as nothing. */
type Count = 'counts' | 'table' | null;
type Look = (node: Node, key: string, before: Count) => Count;

/**
 * Texts that a test asserts: in the arguments of a matcher (`expect(…).toBe('x')`), or as an element of a row of `it.each`.
 * What a test is given (properties of a row, arguments of a call) is not asserted, and a comment is not looked at.
 */
export function assertedTexts(source: string): ReadonlySet<string> {
  const program = asNode(parseAst(source, { lang: 'ts' }));
  return textsIn({ program, start: null, look: inTests, tables: tablesIn(program) });
}

function inTests(node: Node, key: string, before: Count): Count {
  if (node.type === 'CallExpression' && key === 'arguments') {
    const name = calledMember(node);
    const other = before === 'counts' ? before : null;
    return /^to[A-Z]/u.test(name) ? 'counts' : name === 'each' ? 'table' : other;
  }
  return before === 'table' && node.type === 'ObjectExpression' ? null : before;
}

/** Texts that a module makes as values: not in types, comparisons, cases and sets, which only look at them. */
export function madeTexts(source: string): ReadonlySet<string> {
  const program = asNode(parseAst(source, { lang: 'ts' }));
  return textsIn({ program, start: 'counts', look: inModules, tables: new Map() });
}

function inModules(node: Node, key: string, before: Count): Count {
  const compares = node.type === 'BinaryExpression' && /^[!=]==?$/u.test(String(node.operator));
  const isSet = node.type === 'NewExpression' && nameOf(node.callee) === 'Set';
  const asks = node.type === 'CallExpression' && key === 'arguments' && /^(?:includes|has)$/u.test(calledMember(node));
  const isType = node.type.startsWith('TS') && key !== 'expression';
  const isKey = key === 'key' || key === 'test' || key === 'source';
  return compares || isSet || asks || isType || isKey ? null : before;
}

interface Walk {
  readonly program: Node;
  readonly start: Count;
  readonly look: Look;
  readonly tables: ReadonlyMap<string, Node>;
}

function textsIn({ program, start, look, tables }: Walk): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: unknown, count: Count): void => {
    if (Array.isArray(value)) {
      for (const one of value) {
        visit(one, count);
      }
    }
    if (!isNode(value)) {
      return;
    }
    if (value.type === 'Literal' && typeof value.value === 'string' && count !== null) {
      found.add(value.value);
    }
    if (value.type === 'Identifier' && count === 'table') {
      visit(tables.get(nameOf(value)), count);
    }
    for (const [key, child] of Object.entries(value)) {
      visit(child, look(value, key, count));
    }
  };
  visit(program, start);
  return found;
}

/** What constants of the file hold, by name: a table may be written before it is used. */
function tablesIn(program: Node): ReadonlyMap<string, Node> {
  const found = new Map<string, Node>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(visit);
    } else if (isNode(value)) {
      if (value.type === 'VariableDeclarator' && isNode(value.init)) {
        found.set(nameOf(value.id), value.init);
      }
      Object.values(value).forEach(visit);
    }
  };
  visit(program);
  return found;
}

function calledMember({ callee }: Node): string {
  return isNode(callee) && callee.type === 'MemberExpression' ? nameOf(callee.property) : '';
}

function nameOf(value: unknown): string {
  return isNode(value) && typeof value.name === 'string' ? value.name : '';
}

function asNode(value: unknown): Node {
  if (!isNode(value)) {
    throw new TypeError('no syntax tree');
  }
  return value;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

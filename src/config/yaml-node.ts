/** What a YAML file says, each part with the offset at which it is written. */
export type YamlNode = YamlScalar | YamlList | YamlMap | YamlAlias;

/** Written before a node: `&anchor` and `!tag`. */
export interface NodeProperties {
  readonly anchor?: string;
  readonly tag?: string;
}

interface Written extends NodeProperties {
  /** Where the content begins, behind its properties. */
  readonly at: number;
}

export interface YamlScalar extends Written {
  readonly kind: 'scalar';
  readonly text: string;
  /** `empty`: nothing is written where a value may stand. */
  readonly style: 'plain' | 'quoted' | 'block' | 'empty';
  /** Characters from `at` that stand for it; differs from the text's length where lines are folded or escapes resolved. */
  readonly length: number;
}

export interface YamlList extends Written {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

export interface YamlMap extends Written {
  readonly kind: 'map';
  readonly pairs: readonly YamlPair[];
}

export interface YamlPair {
  readonly key: YamlScalar;
  readonly value: YamlNode;
}

export interface YamlAlias extends Written {
  readonly kind: 'alias';
  readonly name: string;
}

export const NO_PROPERTIES: NodeProperties = {};

export function hasProperties({ anchor, tag }: NodeProperties): boolean {
  return anchor !== undefined || tag !== undefined;
}

/** The node with what is written before it. */
export function withProperties<Node extends YamlNode>(node: Node, properties: NodeProperties): Node {
  return hasProperties(properties) ? { ...node, ...properties } : node;
}

/** Nothing, which stands for null. */
export function emptyNode(at: number): YamlScalar {
  return { kind: 'scalar', at, text: '', style: 'empty', length: 0 };
}

/** A plain `<<`; a quoted one is an ordinary key. */
export function isMergeKey({ key }: YamlPair): boolean {
  return key.style === 'plain' && key.text === '<<';
}

/** Numbers and booleans by the core schema of YAML 1.2; everything else that is not quoted is a text. */
export function scalarValue({ text, style }: YamlScalar): string | number | boolean | null {
  if (style === 'quoted' || style === 'block' || !/^[-+.0-9~tTfFnN]|^$/.test(text)) {
    return text;
  }
  switch (text) {
    case '':
    case '~':
    case 'null':
    case 'Null':
    case 'NULL':
      return null;
    case 'true':
    case 'True':
    case 'TRUE':
      return true;
    case 'false':
    case 'False':
    case 'FALSE':
      return false;
    default:
      return numberOf(text) ?? text;
  }
}

function numberOf(text: string): number | undefined {
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|^0x[0-9a-fA-F]+$|^0o[0-7]+$/.test(text)) {
    return Number(text);
  }
  const named = /^([-+]?)\.(?:inf|Inf|INF)$/.exec(text);
  if (named !== null) {
    return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? Number.NaN : undefined;
}

import { type HclToken, hclTokens } from './hcl-tokens.ts';

/** `name = value` directly in a top-level block: the block's type and the tokens of the value. */
export interface HclAttribute {
  readonly block: string;
  readonly name: string;
  readonly value: readonly HclToken[];
}

const OPENING = '{[(';
const CLOSING = '}])';

/** The attributes directly inside top-level blocks. A value ends with its line, or where its block ends. */
export function hclAttributes(text: string): readonly HclAttribute[] {
  const found: HclAttribute[] = [];
  const tokens = [...hclTokens(text)];
  let depth = 0;
  let block = '';
  let open: { block: string; name: string; value: HclToken[] } | undefined;
  for (const [at, token] of tokens.entries()) {
    const mark = token.kind === 'mark' ? token.text : '';
    if (depth === 0 && mark === '{') {
      block = blockType(tokens, at);
    }
    if (depth === 1 && token.kind === 'word' && isAssignment(tokens, at)) {
      open = { block, name: token.text, value: [] };
      found.push(open);
    } else if (depth === 1 && (mark === '}' || mark === '\n')) {
      open = undefined;
    } else {
      open?.value.push(token);
    }
    if (mark !== '' && OPENING.includes(mark)) {
      depth += 1;
    } else if (mark !== '' && CLOSING.includes(mark)) {
      depth = Math.max(0, depth - 1);
    }
  }
  return found.map(({ value, ...attribute }) => ({ ...attribute, value: value.slice(1) }));
}

/** The first word of the line that ends with this brace: `module` of `module "vpc" {`. */
function blockType(tokens: readonly HclToken[], brace: number): string {
  let type = '';
  for (let at = brace - 1; at >= 0; at -= 1) {
    const token = tokens[at];
    if (token?.kind === 'word') {
      type = token.text;
    } else if (token?.kind !== 'string') {
      return token?.kind === 'mark' && (token.text === '\n' || token.text === '}') ? type : '';
    }
  }
  return type;
}

function isAssignment(tokens: readonly HclToken[], at: number): boolean {
  const [next, after] = [tokens[at + 1], tokens[at + 2]];
  const isEqual = (token: HclToken | undefined): boolean => token?.kind === 'mark' && token.text === '=';
  return isEqual(next) && !isEqual(after) && !(after?.kind === 'mark' && after.text === '>');
}

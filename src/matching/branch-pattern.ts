import { RE2JS } from 're2js';

/** A compiled regular expression; not anchored, as people expect of a regular expression. */
export interface BranchPattern {
  readonly matches: (text: string) => boolean;
}

/** Longer expressions are refused; branch names are at most 250 characters themselves. */
export const MAX_REGEX_LENGTH = 512;
/** RE2 expands counted repetition into copies, so what costs is the product of nested counts, not the text's length. */
const MAX_REPEAT_PRODUCT = 250;

/**
 * Is this a regular expression we can run? Undefined when it is, else a sentence that says what is wrong.
 * RE2's syntax (https://github.com/google/re2/wiki/Syntax): no back references and no look-around, hence linear time.
 */
export function checkRegex(pattern: string): string | undefined {
  const compiled = compileRegex(pattern);
  return compiled.ok ? undefined : compiled.problem;
}

/** Compile a regular expression, or say what is wrong with it. Never throws. */
export function compileRegex(
  pattern: string,
): { readonly ok: true; readonly pattern: BranchPattern } | { readonly ok: false; readonly problem: string } {
  if (pattern.length > MAX_REGEX_LENGTH) {
    return { ok: false, problem: `longer than ${MAX_REGEX_LENGTH} characters` };
  }
  if (repeatProduct(pattern) > MAX_REPEAT_PRODUCT) {
    return { ok: false, problem: `counted repetitions multiply to more than ${MAX_REPEAT_PRODUCT}` };
  }
  try {
    const compiled = RE2JS.compile(pattern);
    return { ok: true, pattern: { matches: (text) => compiled.test(text) } };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : 'not a regular expression' };
  }
}

/** The product of all counts in the text: an upper bound of what nesting can make of them. */
function repeatProduct(pattern: string): number {
  let product = 1;
  for (const [, low = '', high = ''] of pattern.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g)) {
    product *= Math.max(1, Number(low), Number(high));
  }
  return product;
}

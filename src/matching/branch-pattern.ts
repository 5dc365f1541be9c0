import { RE2JS } from 're2js';
import { regexSize } from './regex-size.ts';

/** A compiled regular expression; not anchored, as people expect of a regular expression. */
export interface BranchPattern {
  readonly matches: (text: string) => boolean;
}

/** Longer expressions are refused; branch names are at most 250 characters themselves. */
export const MAX_REGEX_LENGTH = 512;
/** Ten times what anybody writes; some milliseconds. */
export const MAX_REGEX_SIZE = 2_500;

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
  if (regexSize(pattern) > MAX_REGEX_SIZE) {
    const problem = `more than ${MAX_REGEX_SIZE} characters when counted repetitions are written out, a Unicode class counting as 16`;
    return { ok: false, problem };
  }
  try {
    const compiled = RE2JS.compile(pattern);
    return { ok: true, pattern: { matches: (text) => compiled.test(text) } };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : 'not a regular expression' };
  }
}

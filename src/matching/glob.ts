import { Minimatch, type MinimatchOptions, minimatch } from 'minimatch';
import { globSize } from './glob-size.ts';

/** A compiled glob over paths relative to the repository root. */
export interface Glob {
  readonly matches: (path: string) => boolean;
}

export type CompiledGlob =
  | { readonly ok: true; readonly glob: Glob }
  | { readonly ok: false; readonly problem: string };

/** Longer patterns are refused. Git's own limit on a path is 4096 bytes, and no pattern needs more than a path. */
export const MAX_GLOB_LENGTH = 1_024;
/** Braces may stand for this many patterns, and for this many characters in all. */
export const MAX_ALTERNATIVES = 256;
const MAX_EXPANDED_LENGTH = 32_768;
const MAX_GROUPS = 16;

const OPTIONS: MinimatchOptions = {
  dot: true,
  nonegate: true,
  nocomment: true,
  braceExpandMax: 1_000,
  platform: 'linux',
};

/**
 * Is this a glob we can run? Undefined when it is, else a sentence that says what is wrong.
 * A leading `!` belongs to the caller (see `splitNegation`) and is an ordinary character here.
 */
export function checkGlob(pattern: string): string | undefined {
  const compiled = compileGlob(pattern);
  return compiled.ok ? undefined : compiled.problem;
}

/**
 * Compile a glob: `*` and `?` within a name, `**` over directories, `[a-z]`, `{a,b}`, backslash takes the next character as
 * it is; dot files match like others; case counts unless `ignoreCase`. Never throws.
 */
export function compileGlob(pattern: string, options: { readonly ignoreCase?: boolean } = {}): CompiledGlob {
  if (pattern === '') {
    return { ok: false, problem: 'empty' };
  }
  if (pattern.length > MAX_GLOB_LENGTH) {
    return { ok: false, problem: `longer than ${MAX_GLOB_LENGTH} characters` };
  }
  if (pattern.includes('\u0000')) {
    return { ok: false, problem: 'contains a NUL character' };
  }
  const size = globSize(pattern);
  if (size.alternatives > MAX_ALTERNATIVES || size.alternatives * pattern.length > MAX_EXPANDED_LENGTH) {
    return {
      ok: false,
      problem: `its braces stand for more than ${MAX_ALTERNATIVES} patterns or ${MAX_EXPANDED_LENGTH} characters`,
    };
  }
  if (size.groups > MAX_GROUPS) {
    return { ok: false, problem: `more than ${MAX_GROUPS} groups such as \`+(a|b)\`` };
  }
  try {
    const compiled = new Minimatch(stripDotSlash(pattern), { ...OPTIONS, nocase: options.ignoreCase === true });
    return { ok: true, glob: { matches: (path) => compiled.match(path) } };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : 'not a glob' };
  }
}

/** Make any text match itself and nothing else when it is put into a glob. */
export function escapeGlob(text: string): string {
  return minimatch.escape(text, { magicalBraces: true });
}

/** Take a leading `!` off a pattern. */
export function splitNegation(pattern: string): { readonly negated: boolean; readonly glob: string } {
  return pattern.startsWith('!') ? { negated: true, glob: pattern.slice(1) } : { negated: false, glob: pattern };
}

function stripDotSlash(pattern: string): string {
  return pattern.startsWith('./') ? pattern.replace(/^(?:\.\/+)+/, '') : pattern;
}

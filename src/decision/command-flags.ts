import { normalPath } from '../matching/repo-path.ts';

/** Arguments for the engine that a comment may give, and what their value must look like; null: no value. */
const FLAGS: ReadonlyMap<string, RegExp | null> = new Map([
  ['-target', /^[^-].*$/u],
  ['-replace', /^[^-].*$/u],
  ['-var', /^[A-Za-z_][A-Za-z0-9_-]*=/u],
  ['-var-file', /^[^-~/\\:][^\\:]*$/u],
  ['-refresh', /^false$/u],
  ['-refresh-only', null],
  ['-parallelism', /^[1-9][0-9]{0,2}$/u],
  ['-lock-timeout', /^[0-9]{1,6}(?:s|m)$/u],
  ['-destroy', null],
]);

/** Flags that still mean something when a stored plan is applied. */
const AT_APPLY: ReadonlySet<string> = new Set(['-parallelism', '-lock-timeout']);
/** Flags that change what is refreshed or how fast, but not what the plan would do. */
const HARMLESS: ReadonlySet<string> = new Set(['-parallelism', '-lock-timeout']);

const MAX_FLAGS = 100;
const MAX_LENGTH = 1_000;
/** Characters that steer instead of being seen, those that turn the direction of writing among them. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

export type ParsedFlags =
  | { readonly ok: true; readonly flags: readonly string[] }
  | { readonly ok: false; readonly text: string };

/**
 * Words after `--` as arguments for the engine. The allow-list is closed: a flag of a newer engine is refused until
 * somebody has thought about it. `-name value` and `--name=value` become `-name=value`; the order is kept.
 */
export function parseFlags(words: readonly string[], at: 'plan' | 'apply'): ParsedFlags {
  const flags: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const equals = word.indexOf('=');
    const name = (equals < 0 ? word : word.slice(0, equals)).replace(/^--(?=[a-z])/u, '-');
    const rule = FLAGS.get(name);
    if (rule === undefined) {
      return { ok: false, text: `The argument ${word.slice(0, 60)} is not allowed in a comment.` };
    }
    if (at === 'apply' && !AT_APPLY.has(name)) {
      return { ok: false, text: `${name} belongs to the plan: an apply does exactly what was planned.` };
    }
    if (rule === null) {
      if (equals >= 0) {
        return { ok: false, text: `${name} takes no value.` };
      }
      flags.push(name);
      continue;
    }
    let value = word.slice(equals + 1);
    if (equals < 0) {
      index += 1;
      value = words[index] ?? '';
    }
    const problem = valueProblem(name, value, rule);
    if (problem !== null) {
      return { ok: false, text: problem };
    }
    flags.push(`${name}=${value}`);
  }
  return flags.length > MAX_FLAGS ? { ok: false, text: `More than ${MAX_FLAGS} arguments.` } : { ok: true, flags };
}

function valueProblem(name: string, value: string, rule: RegExp): string | null {
  if (value.length + name.length + 1 > MAX_LENGTH) {
    return `The value of ${name} is too long.`;
  }
  if (CONTROL.test(value) || !rule.test(value)) {
    return `${name} cannot have this value.`;
  }
  if (name === '-var-file' && (normalPath(value) === undefined || value.split('/').includes('..'))) {
    return '-var-file must name a file inside the repository.';
  }
  return null;
}

/** Do these flags change what the plan would do? Such a plan needs an approval of its own. */
export function changesContent(flags: readonly string[]): boolean {
  return flags.some((flag) => !HARMLESS.has(flag.split('=', 1)[0] ?? flag));
}

/**
 * Arguments that a request may hand to the engine's `plan`. An allow-list: a new flag of a new engine is not there until
 * somebody has thought about it (`-chdir`, `-state`, `-plugin-dir`, `-backend-config` lead out of the dirspace).
 */
const ALLOWED: readonly { readonly name: string; readonly value: RegExp | null }[] = [
  { name: '-target', value: /^[^-].*$/ },
  { name: '-replace', value: /^[^-].*$/ },
  { name: '-var', value: /^[A-Za-z_][\w-]*=/ },
  { name: '-var-file', value: /^(?![/~\\-])(?!.*(^|\/)\.\.(\/|$))[^:\\]+$/ },
  { name: '-refresh', value: /^(true|false)$/ },
  { name: '-refresh-only', value: null },
  { name: '-parallelism', value: /^[1-9][0-9]{0,2}$/ },
  { name: '-lock-timeout', value: /^[0-9]{1,6}(s|m)$/ },
  { name: '-destroy', value: null },
];

const MAX_FLAG_LENGTH = 1_000;

/**
 * May this one argument (`-name` or `-name=value`, never split over two) be given to `plan`? A path of `-var-file`
 * is only seen to stay below by its text here; the runner follows symbolic links before it uses one.
 */
export function isAllowedFlag(flag: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
  if (flag.length > MAX_FLAG_LENGTH || /[\u0000-\u001f\u007f]/.test(flag)) {
    return false;
  }
  const equals = flag.indexOf('=');
  const name = equals < 0 ? flag : flag.slice(0, equals);
  const rule = ALLOWED.find((candidate) => candidate.name === name);
  if (rule === undefined) {
    return false;
  }
  if (equals < 0) {
    return rule.value === null;
  }
  return rule.value?.test(flag.slice(equals + 1)) ?? false;
}

/** The flags that still mean something when a stored plan is applied: everything else is inside the plan. */
export function applyFlags(flags: readonly string[]): readonly string[] {
  return flags.filter((flag) => flag.startsWith('-parallelism=') || flag.startsWith('-lock-timeout='));
}

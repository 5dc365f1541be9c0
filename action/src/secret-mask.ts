type Env = Readonly<Record<string, string | undefined>>;

/** Shorter values are words like `true` or `dev`: masking them wrecks the text and hides nothing. */
const SHORTEST = 8;
const SECRET_NAME =
  /(secret|token|passw|credential|private|apikey|api_key|access_key|account_key|_key$|_pat$|auth(?!or)|dsn|conn(ection)?_?str)/i;
/** Names that match but hold settings, not secrets. */
const HARMLESS = /(_ID|_FILE|_PATH|_URL|_ARN|_NAME|AUTH_SOCK)$/i;

/** Replaces known secrets in a text. `add` makes more known, from now on; `ignoreShorter`: values below this length stay visible. */
export interface SecretMask {
  readonly mask: (text: string) => string;
  readonly add: (values: readonly string[], ignoreShorter?: number) => void;
}

/**
 * Values of the environment that are secrets by their variable's name, and `more`. Also found: each line of a value of
 * several lines, its JSON-escaped and its base64 form. Works on whole texts only, so no split can let one through.
 */
export function secretMask(env: Env, more: readonly string[]): SecretMask {
  const values = Object.entries(env)
    .filter(([name, value]) => value !== undefined && SECRET_NAME.test(name) && !HARMLESS.test(name))
    .map(([, value]) => value ?? '');
  const forms = new Set<string>();
  let pattern: RegExp | null = null;
  function add(added: readonly string[], ignoreShorter = SHORTEST): void {
    for (const value of added) {
      for (const form of [
        value,
        value.trim(),
        JSON.stringify(value).slice(1, -1),
        Buffer.from(value).toString('base64'),
        ...value.split(/\r?\n/),
      ]) {
        if (form.length >= ignoreShorter && !/^-----(BEGIN|END) [A-Z ]+-----$/.test(form)) {
          forms.add(form);
        }
      }
    }
    // Longest first, so that a secret that contains another leaves no rest.
    const sorted = [...forms].sort((a, b) => b.length - a.length);
    pattern = sorted.length === 0 ? null : new RegExp(sorted.map(escaped).join('|'), 'g');
  }
  add([...values, ...more]);
  return { mask: (text) => (pattern === null ? text : text.replace(pattern, '***')), add };
}

/** Every text inside a JSON-like value, masked; keys stay. */
export function maskDeep(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') {
    return mask(value);
  }
  if (Array.isArray(value)) {
    return value.map((entry) => maskDeep(entry, mask));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, maskDeep(entry, mask)]));
  }
  return value;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

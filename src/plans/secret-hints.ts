import type { HiddenBecause } from '../domain/plan-model.ts';

/**
 * Words that make an attribute's name a secret's name. Compared word by word (`db_password`, `dbPassword`,
 * `DB-PASSWORD`), so that `secretary` or `tokenizer` are not caught.
 */
const SECRET_WORDS = new Set([
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'secrets',
  'token',
  'credential',
  'credentials',
  'apikey',
  'privatekey',
  'secretkey',
  'authkey',
  'connectionstring',
  'dsn',
]);

/** Two words that are a secret's name only together. */
const SECRET_PAIRS = new Set([
  'private key',
  'api key',
  'access key',
  'secret key',
  'auth key',
  'signing key',
  'encryption key',
  'account key',
  'connection string',
  'key material',
  'user data',
  'custom data',
]);

/** Last words that turn a secret's name into the name of something about a secret. */
const HARMLESS_ENDS = new Set([
  'arn',
  'id',
  'ids',
  'name',
  'names',
  'path',
  'type',
  'length',
  'version',
  'ttl',
  'expiry',
  'expiration',
  'rotation',
  'policy',
  'enabled',
  'algorithm',
  'count',
  'url',
  'uri',
  'endpoint',
  'ref',
  'reference',
  'status',
]);

/** Attributes whose entries are an environment: names may be shown, values may not. */
const ENVIRONMENT_WORDS = new Set(['env', 'environment', 'environments', 'environmentvariables', 'envvars']);

/** What secrets look like by their own form, whatever they are called. */
const SECRET_SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{30,}/,
  /\bgithub_pat_[A-Za-z0-9_]{30,}/,
  /\bglpat-[A-Za-z0-9_-]{16,}/,
  /\bxox[abpors]-[A-Za-z0-9-]{10,}/,
  /\bsk_(?:live|test)_[A-Za-z0-9]{16,}/,
  /\bhvs\.[A-Za-z0-9_-]{20,}/,
  /\bnpm_[A-Za-z0-9]{30,}/,
  /\bAIza[A-Za-z0-9_-]{30,}/,
  /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/,
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/@:]{0,80}:[^\s/@]{1,200}@/i,
  /\b(?:AccountKey|SharedAccessKey|Password|Pwd)=[^;\s]{6,}/i,
];

/** No shape above matches less. */
const SHORTEST_SECRET = 8;

/** Splits an attribute name into lower-case words. Linear in its length. */
export function nameWords(name: string): readonly string[] {
  return name
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** Attribute names repeat a thousandfold in a plan; their words are looked at once. */
const secretNames = new Map<string, boolean>();
const environmentNames = new Map<string, boolean>();
const MAX_REMEMBERED = 10_000;

function remembered(memory: Map<string, boolean>, name: string, find: (name: string) => boolean): boolean {
  const known = memory.get(name);
  if (known !== undefined) {
    return known;
  }
  if (memory.size >= MAX_REMEMBERED) {
    memory.clear();
  }
  const found = find(name);
  memory.set(name, found);
  return found;
}

/** Is this the name of something secret? */
export function isSecretName(name: string): boolean {
  return remembered(secretNames, name, namesSecret);
}

function namesSecret(name: string): boolean {
  const words = nameWords(name);
  const last = words.at(-1);
  if (last === undefined || HARMLESS_ENDS.has(last)) {
    return false;
  }
  return words.some((word, index) => SECRET_WORDS.has(word) || SECRET_PAIRS.has(`${words[index - 1] ?? ''} ${word}`));
}

/** Is this the name of a map or list of environment variables? */
export function isEnvironmentName(name: string): boolean {
  return remembered(environmentNames, name, namesEnvironment);
}

function namesEnvironment(name: string): boolean {
  const words = nameWords(name);
  return (
    ENVIRONMENT_WORDS.has(words.join('')) ||
    ENVIRONMENT_WORDS.has(words.at(-1) ?? '') ||
    (words.at(-1) === 'variables' && words.some((word) => ENVIRONMENT_WORDS.has(word)))
  );
}

/** Does this text have the form of a key, a token, or an address with a password in it? */
export function looksLikeSecret(text: string): boolean {
  return text.length >= SHORTEST_SECRET && SECRET_SHAPES.some((shape) => shape.test(text));
}

/** Replaces what has the form of a secret inside running text: diagnostics, output of engines without JSON. */
export function maskSecretShapes(text: string): string {
  const whole = text.replace(
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g,
    '(hidden)',
  );
  return SECRET_SHAPES.reduce(
    (masked, shape) => masked.replace(new RegExp(shape, `${shape.flags}g`), '(hidden)'),
    whole,
  );
}

/** Why the value of an attribute is not shown although the engine does not call it sensitive. */
export function hiddenBecause(name: string, value: string | number): HiddenBecause | undefined {
  if (value === '') {
    return undefined;
  }
  if (typeof value === 'string' && looksLikeSecret(value)) {
    return 'looks-like-secret';
  }
  return isSecretName(name) && typeof value === 'string' ? 'name' : undefined;
}

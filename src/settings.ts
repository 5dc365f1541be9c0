import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseKeyRing } from './vault/key-ring.ts';

/** Where rows and root keys are kept: all that commands on the database alone need. */
export interface StorageSettings {
  /** Absent: the embedded database. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** `id:base64,id:base64`, first is active; absent: kept in the data folder. */
  readonly encryptionKeys: string | null;
}

/** What the service is told by its environment. */
export interface Settings extends StorageSettings {
  readonly appId: number;
  /** PEM. */
  readonly privateKey: string;
  /** One secret, or two while rotating: a webhook signed with any of them is accepted. */
  readonly webhookSecrets: readonly string[];
  /** Where GitHub and runners reach us; also the audience of runner tokens. No trailing slash. */
  readonly publicUrl: string;
  readonly githubApiUrl: string;
  readonly oidcIssuer: string;
  readonly port: number;
  readonly host: string;
  readonly logLevel: LogLevel;
  readonly planLifeMs: number;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A setting that is missing or wrong. Never holds the value. */
export interface SettingProblem {
  readonly name: string;
  readonly problem: string;
}

export type SettingsResult<T extends StorageSettings = Settings> =
  | { readonly ok: true; readonly settings: T }
  | { readonly ok: false; readonly problems: readonly SettingProblem[] };

type Env = Readonly<Record<string, string | undefined>>;

const MIN_SECRET_BYTES = 20;
const MAX_PLAN_HOURS = 14 * 24;

/** Read all settings; every problem is reported at once, by name and without its value. */
export function readSettings(env: Env): SettingsResult {
  const problems: SettingProblem[] = [];
  const wrong = (name: string, problem: string): void => {
    problems.push({ name, problem });
  };
  const text = (name: string): string | null => textOf(env, name);
  const required = (name: string, what: string): string => {
    const value = text(name);
    if (value === null) {
      wrong(name, `is required: ${what}`);
    }
    return value ?? '';
  };
  const integer = (name: string, fallback: number | null, min: number, max: number): number => {
    const value = text(name);
    if (value === null) {
      return fallback ?? 0;
    }
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      wrong(name, `must be a whole number from ${min} to ${max}`);
    }
    return number;
  };
  const url = (name: string, value: string): string => {
    if (value !== '' && !isHttpUrl(value)) {
      wrong(name, 'must be a URL such as https://plumbline.example.com, without user, query or fragment');
    }
    return value.replace(/\/+$/, '');
  };

  const appIdText = required('APP_ID', 'the number GitHub shows on the settings page of your App');
  const settings: Settings = {
    appId: appIdText === '' ? 0 : integer('APP_ID', null, 1, Number.MAX_SAFE_INTEGER),
    privateKey: readPrivateKey(required('PRIVATE_KEY', 'a PEM, its base64, or the path of the .pem file'), wrong),
    webhookSecrets: readSecrets(required('WEBHOOK_SECRET', 'the secret of the App’s webhook'), wrong),
    publicUrl: url('PUBLIC_URL', required('PUBLIC_URL', 'the address under which GitHub reaches this service')),
    githubApiUrl: url('GITHUB_API_URL', text('GITHUB_API_URL') ?? 'https://api.github.com'),
    oidcIssuer: url('OIDC_ISSUER', text('OIDC_ISSUER') ?? 'https://token.actions.githubusercontent.com'),
    ...readStorage(env, wrong),
    port: integer('PORT', 3000, 0, 65_535),
    host: text('HOST') ?? '0.0.0.0',
    logLevel: readLogLevel(text('LOG_LEVEL') ?? 'info', wrong),
    planLifeMs: integer('PLAN_LIFE_HOURS', MAX_PLAN_HOURS, 1, MAX_PLAN_HOURS) * 3_600_000,
  };
  if (settings.databaseUrl !== null && settings.encryptionKeys === null) {
    // A key made in the data folder would be another one in each process and on each new machine.
    wrong('ENCRYPTION_KEYS', 'is required with DATABASE_URL: k1: and 32 bytes of base64, the same for every process');
  }
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}

/** Read only where rows and root keys are kept, as `readSettings` does; the App's own settings may be missing. */
export function readStorageSettings(env: Env): SettingsResult<StorageSettings> {
  const problems: SettingProblem[] = [];
  const settings = readStorage(env, (name, problem) => problems.push({ name, problem }));
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}

/** The problems as lines for a terminal. */
export function settingsReport(problems: readonly SettingProblem[]): string {
  const lines = problems.map(({ name, problem }) => `  ${name} ${problem}`);
  return `The settings are not complete:\n${lines.join('\n')}\nSee .env.example for all of them.`;
}

type Wrong = (name: string, problem: string) => void;

function textOf(env: Env, name: string): string | null {
  return env[name]?.trim() || null;
}

function readStorage(env: Env, wrong: Wrong): StorageSettings {
  return {
    databaseUrl: readDatabaseUrl(textOf(env, 'DATABASE_URL'), wrong),
    dataDir: textOf(env, 'DATA_DIR') ?? '.plumbline',
    encryptionKeys: readKeys(textOf(env, 'ENCRYPTION_KEYS'), wrong),
  };
}

function readKeys(value: string | null, wrong: Wrong): string | null {
  const read = value === null ? null : parseKeyRing(value);
  if (read !== null && !read.ok) {
    wrong('ENCRYPTION_KEYS', `cannot be read: ${read.problem}`);
  }
  return value;
}

function readPrivateKey(value: string, wrong: Wrong): string {
  if (value === '') {
    return '';
  }
  const pem = pemOf(value);
  try {
    createPrivateKey(pem ?? '');
    return pem ?? '';
  } catch {
    wrong('PRIVATE_KEY', 'is neither a PEM private key, nor the base64 of one, nor the path of a file that holds one');
    return '';
  }
}

function pemOf(value: string): string | null {
  if (value.includes('-----BEGIN')) {
    // Many env files cannot hold line ends; GitHub's own documentation writes them as \n.
    return value.replaceAll('\\n', '\n');
  }
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  if (decoded.includes('-----BEGIN')) {
    return decoded;
  }
  try {
    return readFileSync(value, 'utf8');
  } catch {
    return null;
  }
}

function readSecrets(value: string, wrong: Wrong): readonly string[] {
  if (value === '') {
    return [];
  }
  const secrets = value.split(',').map((secret) => secret.trim());
  if (secrets.length > 2) {
    wrong('WEBHOOK_SECRET', 'holds more than two secrets; give the new one and, while rotating, the old one');
  }
  if (secrets.some((secret) => Buffer.byteLength(secret) < MIN_SECRET_BYTES)) {
    wrong('WEBHOOK_SECRET', `must have at least ${MIN_SECRET_BYTES} bytes (each of them, if two are given)`);
  }
  return secrets;
}

function readDatabaseUrl(value: string | null, wrong: Wrong): string | null {
  if (value !== null && !/^postgres(ql)?:\/\//.test(value)) {
    wrong('DATABASE_URL', 'must begin with postgres:// (leave it out for the embedded database)');
  }
  return value;
}

function readLogLevel(value: string, wrong: Wrong): LogLevel {
  const level = LOG_LEVELS.find((name) => name === value);
  if (level === undefined) {
    wrong('LOG_LEVEL', `must be one of ${LOG_LEVELS.join(', ')}`);
  }
  return level ?? 'info';
}

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
}

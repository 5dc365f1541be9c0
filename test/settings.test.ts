import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings, settingsReport } from '../src/settings.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const ROOT_KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
const good = {
  APP_ID: '12',
  PRIVATE_KEY: privateKey,
  WEBHOOK_SECRET: 'a-secret-of-twenty-bytes',
  PUBLIC_URL: 'https://plumbline.example.com/',
};

function settingsOf(change: Record<string, string | undefined>) {
  const result = readSettings({ ...good, ...change });
  if (!result.ok) {
    throw new Error(settingsReport(result.problems));
  }
  return result.settings;
}

function problemsOf(change: Record<string, string | undefined>): readonly string[] {
  const result = readSettings({ ...good, ...change });
  return result.ok ? [] : result.problems.map((problem) => problem.name);
}

describe('settings', () => {
  it('need four values; the rest has defaults', () => {
    const settings = settingsOf({});
    expect(settings).toMatchObject({
      appId: 12,
      publicUrl: 'https://plumbline.example.com',
      githubApiUrl: 'https://api.github.com',
      oidcIssuer: 'https://token.actions.githubusercontent.com',
      databaseUrl: null,
      dataDir: '.plumbline',
      port: 3000,
      logLevel: 'info',
      planLifeMs: 14 * 24 * 3_600_000,
    });
  });

  it('take the private key as PEM, as PEM in one line, as base64 and as a path', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'settings-')), 'key.pem');
    writeFileSync(file, privateKey);
    for (const value of [
      privateKey,
      privateKey.replaceAll('\n', '\\n'),
      Buffer.from(privateKey).toString('base64'),
      file,
    ]) {
      expect(settingsOf({ PRIVATE_KEY: value }).privateKey).toContain('-----BEGIN PRIVATE KEY-----\n');
    }
  });

  it('take two webhook secrets while rotating', () => {
    expect(settingsOf({ WEBHOOK_SECRET: `${'a'.repeat(20)},${'b'.repeat(20)}` }).webhookSecrets).toHaveLength(2);
  });

  it('report all problems at once, by name', () => {
    expect(
      problemsOf({
        APP_ID: undefined,
        PRIVATE_KEY: 'nonsense',
        WEBHOOK_SECRET: 'short',
        PUBLIC_URL: 'ftp://x',
        PORT: 'x',
      }),
    ).toEqual(['APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET', 'PUBLIC_URL', 'PORT']);
  });

  it.each([
    ['an empty webhook secret', { WEBHOOK_SECRET: ' ' }, 'WEBHOOK_SECRET'],
    ['a webhook secret of 19 bytes', { WEBHOOK_SECRET: 'x'.repeat(19) }, 'WEBHOOK_SECRET'],
    ['a second webhook secret that is short', { WEBHOOK_SECRET: `${'x'.repeat(20)},y` }, 'WEBHOOK_SECRET'],
    ['three webhook secrets', { WEBHOOK_SECRET: Array(3).fill('x'.repeat(20)).join() }, 'WEBHOOK_SECRET'],
    ['PostgreSQL without root keys of its own', { DATABASE_URL: 'postgres://db/plumbline' }, 'ENCRYPTION_KEYS'],
    ['root keys that are none', { ENCRYPTION_KEYS: 'k1:short' }, 'ENCRYPTION_KEYS'],
    ['a database of another kind', { DATABASE_URL: 'mysql://x', ENCRYPTION_KEYS: ROOT_KEYS }, 'DATABASE_URL'],
    ['a plan life of more than fourteen days', { PLAN_LIFE_HOURS: '337' }, 'PLAN_LIFE_HOURS'],
    ['an app id that is no number', { APP_ID: '1e3' }, 'APP_ID'],
    ['an unknown log level', { LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    ['a user name in a URL', { GITHUB_API_URL: 'https://me@ghe' }, 'GITHUB_API_URL'],
  ])('refuse %s', (_name, change, name) => {
    expect(problemsOf(change)).toEqual([name]);
  });

  it('never print a value', () => {
    const secret = 'hunter2hunter2';
    const result = readSettings({
      APP_ID: secret,
      PRIVATE_KEY: secret,
      WEBHOOK_SECRET: secret,
      PUBLIC_URL: secret,
      DATABASE_URL: secret,
      PORT: secret,
    });
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain(secret);
  });
});

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAudit, sequenceAudit } from '../../src/store/audit.ts';
import { saveInstallation, seeRepositories } from '../../src/store/installations.ts';
import { listInstallationKeys, saveInstallationKey } from '../../src/store/keys.ts';
import { openDatabase } from '../../src/store/open.ts';
import { parseKeyRing } from '../../src/vault/key-ring.ts';
import { openInstallationVault } from '../../src/vault/vault.ts';
import { type DatabaseKind, dropDatabase, freshDatabaseUrl, hasPostgres } from '../database.ts';
import { plumbline } from './run-cli.ts';

const K1 = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
const K2 = `k2:${Buffer.alloc(32, 2).toString('base64')}`;
const INSTALLATION = 51;
const account = { id: 6, login: 'acme', type: 'Organization' };

const homes: string[] = [];
const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), 'plumbline-cli-'));
  homes.push(home);
  return home;
};
afterAll(() => homes.map((home) => rmSync(home, { recursive: true, force: true })));

// Each command opens the database anew, which takes the embedded one seconds: where there is a PostgreSQL, most is tried there.
const MOST: DatabaseKind = hasPostgres ? 'postgres' : 'embedded';

describe(`commands on the database (${MOST})`, { timeout: 180_000 }, () => {
  let home: string;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    home = newHome();
    const place: Record<string, string> =
      MOST === 'embedded' ? {} : { DATABASE_URL: await freshDatabaseUrl({ empty: true }) };
    env = { DATA_DIR: join(home, 'data'), ...place };
  });
  afterAll(async () => {
    if (env.DATABASE_URL !== undefined) {
      await dropDatabase(env.DATABASE_URL);
    }
  });

  const run = (...args: readonly string[]) => plumbline(args, { cwd: home, env });
  const withDb = async <T>(work: (db: Awaited<ReturnType<typeof openDatabase>>['db']) => Promise<T>): Promise<T> => {
    const database = await openDatabase({ databaseUrl: env.DATABASE_URL, dataDir: env.DATA_DIR ?? '' });
    try {
      return await work(database.db);
    } finally {
      await database.close();
    }
  };

  it('pause wants a database that is there and migrated', async () => {
    const { code, stderr } = await run('pause');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(MOST === 'embedded' ? /There is no database/ : /Run `plumbline migrate` first/),
    ]);
  });

  it('migrate says what it did, and does it once', async () => {
    const first = await run('migrate', '--json');
    expect([first.code, JSON.parse(first.stdout)]).toEqual([
      0,
      { database: MOST, applied: expect.arrayContaining(['0001-start']) },
    ]);
    const second = await run('migrate');
    expect([second.code, second.stdout]).toEqual([0, 'Nothing to do.\n']);
  });

  it('pause and resume switch, list and audit', async () => {
    await withDb(async (db) => {
      await saveInstallation(db, { id: INSTALLATION, account, state: 'active' });
      const infra = { repositoryId: 7, owner: 'Acme', name: 'infra' };
      await db.transaction().execute((tx) => seeRepositories(tx, INSTALLATION, [infra]));
    });
    expect((await run('pause')).stdout).toBe('Nothing is paused.\n');
    const paused = await run('pause', '--repository', 'acme/Infra');
    expect([paused.code, paused.stdout]).toEqual([0, expect.stringMatching(/^Repository Acme\/infra is paused: /)]);
    expect((await run('pause', '--repository', 'acme/infra')).stdout).toContain('was paused already');
    expect((await run('pause', '--installation', `${INSTALLATION}`)).code).toBe(0);
    expect((await run('pause', '--applies')).stdout).toMatch(/^All applies are paused: /);
    const list = await run('resume', '--json');
    expect(JSON.parse(list.stdout)).toEqual({
      paused: [
        { installationId: null, repositoryId: null, name: 'applies' },
        { installationId: INSTALLATION, repositoryId: null, name: 'acme' },
        { installationId: INSTALLATION, repositoryId: 7, name: 'Acme/infra' },
      ],
    });
    expect((await run('resume', '--installation', `${INSTALLATION}`)).stdout).toContain('is not paused any more');
    const audit = await withDb((db) =>
      db
        .selectFrom('audit')
        .select(['action', 'actor'])
        .where('installation_id', '=', INSTALLATION)
        .orderBy('id')
        .execute(),
    );
    expect(audit).toEqual([
      { action: 'paused', actor: 'operator' },
      { action: 'paused', actor: 'operator' },
      { action: 'resumed', actor: 'operator' },
    ]);
  });

  it('pause exits 1 for what is not known, and refuses nonsense', async () => {
    const { code, stderr } = await run('pause', '--repository', 'acme/none');
    expect([code, stderr]).toEqual([1, 'Repository acme/none is not known here. Is the App installed there?\n']);
    expect((await run('pause', '--installation', '5x')).code).toBe(1);
    expect((await run('pause', '--installation', '51', '--repository', 'a/b')).stderr).toContain('cannot be used');
    expect((await run('pause', '--applies', '--repository', 'a/b')).stderr).toContain('cannot be used');
  });

  it('audit verify finds the first line that was changed', async () => {
    await withDb(async (db) => {
      await appendAudit(db, { installationId: 0, repositoryId: null, action: 'x', actor: 'eve', detail: {} });
      await sequenceAudit(db);
    });
    const good = await run('audit', 'verify');
    expect([good.code, good.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^no installation: 2 lines intact, head \w{64}\ninstallation 51: 3 lines intact, head \w{64}\n$/,
      ),
    ]);
    await withDb(async (db) => {
      await sql`alter table audit disable trigger user`.execute(db);
      await sql`update audit set actor = 'eve' where action = 'resumed'`.execute(db);
      await sql`alter table audit enable trigger user`.execute(db);
    });
    const bad = await run('audit', 'verify', '--installation', '51', '--json');
    expect([bad.code, JSON.parse(bad.stdout)]).toEqual([
      1,
      { intact: false, chains: [{ installation: 51, intact: false, seq: 3, problem: 'changed' }] },
    ]);
    expect((await run('audit', 'verify')).stderr).toContain('installation 51: BROKEN, line 3 was changed');
    expect((await run('audit', 'verify', '--installation', '0')).code).toBe(0);
  });

  it('keys rotate wraps keys under the first root key, and what they encrypt stays readable', async () => {
    const ringOf = (keys: string) => {
      const parsed = parseKeyRing(keys);
      if (!parsed.ok) {
        throw new Error(parsed.problem);
      }
      return parsed.ring;
    };
    const open = (keys: string) =>
      withDb(async (db) => {
        const store = {
          read: async () => (await listInstallationKeys(db))[0]?.wrapped,
          save: (id: number, wrapped: string) => saveInstallationKey(db, id, wrapped),
        };
        return (await openInstallationVault(ringOf(keys), store, INSTALLATION))?.digestKeyFor(7);
      });
    const before = await open(K1);
    const missing = await run('keys', 'rotate');
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('There is no root key')]);
    const without = await plumbline(['keys', 'rotate'], { cwd: home, env: { ...env, ENCRYPTION_KEYS: K2 } });
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining('the key ring has no key "k1"')]);
    const both = { ...env, ENCRYPTION_KEYS: `${K2},${K1}` };
    const rotated = await plumbline(['keys', 'rotate'], { cwd: home, env: both });
    expect([rotated.code, rotated.stdout]).toEqual([
      0,
      'Installation keys: 1 wrapped under k2, 0 were already. Root keys other than k2 are not needed any more.\n',
    ]);
    const again = await plumbline(['keys', 'rotate', '--json'], { cwd: home, env: both });
    expect(JSON.parse(again.stdout)).toMatchObject({ active: 'k2', rewrapped: 0, already: 1 });
    expect(await open(K2)).toEqual(before);
    const audited = await withDb((db) =>
      db.selectFrom('audit').select('detail').where('action', '=', 'key-rotated').execute(),
    );
    expect(audited).toEqual([{ detail: { rootKey: 'k2' } }]);
  });

  it('everything refuses a database of a newer version', async () => {
    await withDb((db) => sql`insert into migration (name, timestamp) values ('9999-later', 'x')`.execute(db));
    for (const args of [['migrate'], ['pause'], ['keys', 'rotate']]) {
      const { code, stderr } = await run(...args);
      expect([code, stderr]).toEqual([
        1,
        'The database was migrated by a newer Plumbline (9999-later). Start that version or a newer one.\n',
      ]);
    }
  });
});

describe('commands on the embedded database', { timeout: 120_000 }, () => {
  // Making one takes seconds: both tests have the same.
  const home = newHome();
  const env = { DATA_DIR: join(home, 'data') };
  const run = (...args: readonly string[]) => plumbline(args, { cwd: home, env });

  it('want one that is there, that is migrated and that nobody has open', async () => {
    const none = await run('pause');
    expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/There is no database in .*data\./)]);
    expect(existsSync(join(home, 'data'))).toBe(false);
    const migrated = await run('migrate', '--json');
    expect([migrated.code, JSON.parse(migrated.stdout)]).toMatchObject([0, { database: 'embedded' }]);
    expect((await run('pause')).stdout).toBe('Nothing is paused.\n');
    const database = await openDatabase({ dataDir: env.DATA_DIR });
    const busy = await run('pause');
    await database.close();
    expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining(`in use by process ${process.pid}`)]);
  });

  it('name root keys in a file that cannot be read by their place', async () => {
    writeFileSync(join(env.DATA_DIR, 'encryption-keys'), 'hunter2');
    const { code, stderr } = await run('keys', 'rotate');
    expect([code, stderr]).toEqual([2, expect.stringContaining('encryption-keys: entry 1 is not id:key')]);
    expect(stderr).not.toContain('hunter2');
  });
});

describe('settings of commands', () => {
  it.each([['migrate'], ['pause'], ['audit', 'verify'], ['keys', 'rotate']])(
    'are checked first (%j %j)',
    async (...args) => {
      const env = { DATABASE_URL: 'mysql://me:hunter2@there' };
      const { code, stderr } = await plumbline(args.filter(Boolean), { cwd: newHome(), env });
      expect([code, stderr]).toEqual([2, expect.stringContaining('DATABASE_URL must begin with postgres://')]);
      expect(stderr).not.toContain('hunter2');
    },
  );

  it('migrate exits 1 when the database cannot be reached, without a password', async () => {
    const env = { DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:9/none' };
    const { code, stderr } = await plumbline(['migrate'], { cwd: newHome(), env });
    expect([code, stderr]).toEqual([1, expect.stringContaining('the database cannot be reached')]);
    expect(stderr).not.toContain('hunter2');
  });
});

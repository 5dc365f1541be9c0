import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataFolder } from '../../src/store/data-lock.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/open.ts';
import { now } from '../../src/store/values.ts';

describe('the lock of the data folder', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plumbline-lock-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('refuses a second process, and lets one in when the first is done', () => {
    const release = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(/in use by process/);
    release();
    const again = lockDataFolder(folder);
    again();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 22 + 1, started: '1' }],
    ['a process whose number is used again', { pid: process.pid, started: 'another start' }],
  ])('is taken over from %s', (_name, owner) => {
    writeFileSync(join(folder, 'plumbline.lock'), JSON.stringify(owner));
    const release = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(/in use/);
    release();
  });

  it('is taken over when it cannot be read', () => {
    writeFileSync(join(folder, 'plumbline.lock'), 'half a li');
    lockDataFolder(folder)();
  });

  it('keeps the embedded database to one, and the data from one start to the next', async () => {
    const first = await openDatabase({ dataDir: folder });
    await migrate(first.db);
    await expect(openDatabase({ dataDir: folder })).rejects.toThrow(/in use/);
    await first.db.insertInto('oidc_jti').values({ jti: 'kept', expires_at: now() }).execute();
    await first.close();
    const second = await openDatabase({ dataDir: folder });
    expect(await migrate(second.db)).toEqual([]);
    expect(await second.db.selectFrom('oidc_jti').select('jti').execute()).toEqual([{ jti: 'kept' }]);
    await second.close();
  });
});

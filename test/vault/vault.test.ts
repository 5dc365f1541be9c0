import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { openKeyRing, parseKeyRing } from '../../src/vault/key-ring.ts';
import { KEY_BYTES, newKey, open, SEAL_OVERHEAD, seal } from '../../src/vault/seal.ts';
import { hashToken, isSameSecret, newToken } from '../../src/vault/token.ts';
import { type KeyStore, openInstallationVault, planAad, rewrapInstallationKey } from '../../src/vault/vault.ts';

const key = (fill: number) => Buffer.alloc(KEY_BYTES, fill).toString('base64');

function ringOf(text: string) {
  const result = parseKeyRing(text);
  if (!result.ok) {
    throw new Error(result.problem);
  }
  return result.ring;
}

/** As the store's table does it: the first key stays, and a destroyed one does not come back. */
function memoryStore() {
  const rows = new Map<number, string>();
  const destroyed = new Set<number>();
  const store: KeyStore = {
    read: async (id) => rows.get(id),
    save: async (id, wrapped) => {
      if (destroyed.has(id)) {
        return undefined;
      }
      rows.set(id, rows.get(id) ?? wrapped);
      return rows.get(id);
    },
  };
  return { rows, store, destroy: (id: number) => destroyed.add(id) && rows.delete(id) };
}

async function vaultOf(ring: ReturnType<typeof ringOf>, store: KeyStore, id: number) {
  const vault = await openInstallationVault(ring, store, id);
  if (vault === undefined) {
    throw new Error('the installation is gone');
  }
  return vault;
}

describe('sealing', () => {
  it('gives back what was sealed, for any bytes and any record', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string(), (plain, aad) => {
        const secret = newKey();
        const sealed = seal(secret, plain, aad);
        expect(sealed.length).toBe(plain.length + SEAL_OVERHEAD);
        expect(open(secret, sealed, aad)).toEqual(plain);
      }),
    );
  });

  it.each([
    ['another record', (sealed: Uint8Array) => ({ sealed, aad: 'record 2' })],
    [
      'a changed byte',
      (sealed: Uint8Array) => ({ sealed: sealed.with(-1, (sealed.at(-1) ?? 0) ^ 1), aad: 'record 1' }),
    ],
    ['a changed nonce', (sealed: Uint8Array) => ({ sealed: sealed.with(0, (sealed[0] ?? 0) ^ 1), aad: 'record 1' })],
    ['a cut end', (sealed: Uint8Array) => ({ sealed: sealed.slice(0, -1), aad: 'record 1' })],
    ['nothing at all', () => ({ sealed: new Uint8Array(), aad: 'record 1' })],
  ])('does not open %s', (_name, change) => {
    const secret = newKey();
    const { sealed, aad } = change(seal(secret, new Uint8Array([1, 2, 3]), 'record 1'));
    expect(() => open(secret, sealed, aad)).toThrow(expect.objectContaining({ code: 'secret-unreadable' }));
  });
});

describe('the key ring', () => {
  it('has the first key active, and all of them to read with', () => {
    const ring = ringOf(`new:${key(1)}, old:${key(2)}`);
    expect(ring.active).toBe('new');
    expect([...ring.keys.keys()]).toEqual(['new', 'old']);
  });

  it.each([
    ['a key without an id', key(1), 1],
    ['a short key', `a:${Buffer.alloc(16).toString('base64')}`, 1],
    ['an id that is there twice', `a:${key(1)},a:${key(2)}`, 2],
    ['nothing', '', 1],
  ])('refuses %s by its position, and does not repeat it', (_name, text, position) => {
    const result = parseKeyRing(text);
    expect(result).toMatchObject({ ok: false });
    expect(JSON.stringify(result)).toContain(`entry ${position}`);
    expect(JSON.stringify(result)).not.toContain(key(1));
  });

  describe('in the data folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'plumbline-vault-'));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('is made on first use, for its owner alone, and says so once', () => {
      const first = openKeyRing({ dataDir: folder });
      expect(first.generated).toBe(join(folder, 'encryption-keys'));
      expect(statSync(join(folder, 'encryption-keys')).mode & 0o777).toBe(0o600);
      const second = openKeyRing({ dataDir: folder });
      expect(second).toEqual({ ring: first.ring, generated: null });
      const given = openKeyRing({ keys: `a:${key(1)}`, dataDir: folder });
      expect(given.ring.active).toBe('a');
      expect(readFileSync(join(folder, 'encryption-keys'), 'utf8')).toMatch(/^k1:/);
    });
  });
});

describe('an installation’s vault', () => {
  it('makes its key once, and opens what it wrapped', async () => {
    const ring = ringOf(`a:${key(1)}`);
    const { store, rows } = memoryStore();
    const [one, two] = await Promise.all([vaultOf(ring, store, 1), vaultOf(ring, store, 1)]);
    const { key: planKey, wrapped } = one.newPlanKey('p1');
    expect(two.openPlanKey('p1', wrapped)).toEqual(planKey);
    expect(rows.get(1)).toMatch(/^a\./);
  });

  it('opens a plan key for that plan and that installation alone', async () => {
    const ring = ringOf(`a:${key(1)}`);
    const { store, rows } = memoryStore();
    const one = await vaultOf(ring, store, 1);
    const { wrapped } = one.newPlanKey('p1');
    expect(() => one.openPlanKey('p2', wrapped)).toThrow(/could not be opened/);
    rows.set(2, rows.get(1) ?? '');
    await expect(openInstallationVault(ring, store, 2), 'a swapped installation key').rejects.toThrow(
      /could not be opened/,
    );
  });

  it('is erased with its key: what it wrapped stays closed for ever', async () => {
    const ring = ringOf(`a:${key(1)}`);
    const { store, destroy } = memoryStore();
    const { wrapped } = (await vaultOf(ring, store, 1)).newPlanKey('p1');
    destroy(1);
    expect(await openInstallationVault(ring, store, 1)).toBeUndefined();
    const other = await vaultOf(ring, store, 3);
    expect(() => other.openPlanKey('p1', wrapped)).toThrow(/could not be opened/);
  });

  it('moves to a new root key without touching what it wrapped', async () => {
    const { store, rows } = memoryStore();
    const old = ringOf(`old:${key(1)}`);
    const { key: planKey, wrapped } = (await vaultOf(old, store, 1)).newPlanKey('p1');
    const both = ringOf(`new:${key(2)},old:${key(1)}`);
    const moved = rewrapInstallationKey(both, 1, rows.get(1) ?? '');
    expect(moved).toMatch(/^new\./);
    expect(rewrapInstallationKey(both, 1, moved ?? '')).toBeUndefined();
    rows.set(1, moved ?? '');
    const fresh = ringOf(`new:${key(2)}`);
    expect((await vaultOf(fresh, store, 1)).openPlanKey('p1', wrapped)).toEqual(planKey);
  });

  it('names the root key that is missing', async () => {
    const { store } = memoryStore();
    await vaultOf(ringOf(`old:${key(1)}`), store, 1);
    await expect(openInstallationVault(ringOf(`new:${key(2)}`), store, 1)).rejects.toThrow(/no key "old"/);
  });

  it('digests under a key of the repository, the same each time', async () => {
    const ring = ringOf(`a:${key(1)}`);
    const { store } = memoryStore();
    const vault = await vaultOf(ring, store, 1);
    expect(vault.digestKeyFor(7)).toEqual((await vaultOf(ring, store, 1)).digestKeyFor(7));
    expect(vault.digestKeyFor(7)).not.toEqual(vault.digestKeyFor(8));
    expect(vault.digestKeyFor(7)).not.toEqual((await vaultOf(ring, store, 2)).digestKeyFor(7));
  });
});

describe('tokens', () => {
  it('are never the same, and are known by their hash', () => {
    const tokens = Array.from({ length: 100 }, newToken);
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(100);
    for (const { token, hash } of tokens) {
      expect(hashToken(token)).toBe(hash);
      expect(hash).not.toContain(token);
    }
  });

  it('compare without regard to length', () => {
    expect(isSameSecret('abc', 'abc')).toBe(true);
    expect(isSameSecret('abc', 'abd')).toBe(false);
    expect(isSameSecret('abc', 'abcd')).toBe(false);
  });

  it('bind a plan’s bytes to plan, run and repository', () => {
    const place = { repositoryId: 1, planId: 'p', runId: 'r' };
    const others = [
      { ...place, repositoryId: 2 },
      { ...place, planId: 'q' },
      { ...place, runId: 's' },
    ];
    expect(new Set([place, ...others].map(planAad)).size).toBe(4);
  });
});

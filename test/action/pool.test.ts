import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockedProviders, openPluginCache } from '../../action/src/plugin-cache.ts';
import { forEachPooled } from '../../action/src/pool.ts';
import { tempDir } from './start-runner.ts';

it('keeps to its size, never has two of one key at once, and does not wait for the slowest', async () => {
  const items = Array.from({ length: 40 }, (_, n) => ({ n, key: `k${n % 7}` }));
  const running = new Set<string>();
  let most = 0;
  const done: number[] = [];
  const slow = Promise.withResolvers<void>();
  await forEachPooled(items, { size: 3, key: (item) => item.key }, async (item) => {
    expect(running.has(item.key)).toBe(false);
    running.add(item.key);
    most = Math.max(most, running.size);
    await (item.n === 0 ? slow.promise : Promise.resolve());
    running.delete(item.key);
    done.push(item.n);
    if (done.length === 34) {
      // All but the key of the slow one are through by now.
      slow.resolve();
    }
  });
  expect(most).toBe(3);
  expect(done.toSorted((a, b) => a - b)).toEqual(items.map(({ n }) => n));
  expect(done.indexOf(0)).toBe(34);
});

it('begins another while one that made room is still on its way, and has at most twice its size in hand', async () => {
  const begun: number[] = [];
  const sent = Promise.withResolvers<void>();
  const all = forEachPooled([0, 1, 2, 3, 4, 5], { size: 2, key: String }, async (item, makeRoom) => {
    begun.push(item);
    makeRoom();
    makeRoom();
    if (begun.length === 4) {
      sent.resolve();
    }
    await sent.promise;
    if (item === 0) {
      expect(begun).toEqual([0, 1, 2, 3]);
    }
  });
  await all;
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
});

const LOCK = 'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.1.0"\n  hashes = []\n}\n';

it('reads the pinned providers of a lock file', () => {
  expect(lockedProviders(LOCK)).toEqual(['registry.terraform.io/hashicorp/aws/5.1.0']);
});

it('lets one init at a time write to the provider cache, and everybody read what is there', async () => {
  using temp = tempDir();
  const cache = openPluginCache(temp.path);
  let inside = 0;
  let most = 0;
  const both = Promise.withResolvers<void>();
  const init = async (dir: string | null) => {
    expect(dir).toBe(temp.path);
    inside += 1;
    most = Math.max(most, inside);
    await Promise.resolve();
    inside -= 1;
  };
  await Promise.all([cache.during(LOCK, init), cache.during(LOCK, init), cache.during(LOCK, init)]);
  expect(most).toBe(1);
  mkdirSync(join(temp.path, 'registry.terraform.io/hashicorp/aws/5.1.0'), { recursive: true });
  const together = async () => {
    inside += 1;
    if (inside === 2) {
      both.resolve();
    }
    await both.promise;
  };
  await Promise.all([cache.during(LOCK, together), cache.during(LOCK, together)]);
  expect(inside).toBe(2);
});

it('keeps a root without a lock file away from the cache, and goes on after a failed init', async () => {
  using temp = tempDir();
  const cache = openPluginCache(temp.path);
  expect(await cache.during(null, async (dir) => dir)).toBe(null);
  await expect(cache.during(LOCK, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await cache.during(LOCK, async (dir) => dir)).toBe(temp.path);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}

const text = readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8');
const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(text);
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');
const direct = Object.entries({
  ...manifest.dependencies,
  ...manifest.devDependencies,
  ...manifest.optionalDependencies,
});

it('every dependency of ours is one exact version, and the lock file has that one', () => {
  expect(direct.length).toBeGreaterThan(20);
  for (const [name, version] of direct) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});

it('every package of the lock file is known by its content, from a registry, and runs nothing when it is installed', () => {
  expect(locked.length).toBeGreaterThan(100);
  for (const [path, { integrity, resolved, hasInstallScript }] of locked) {
    expect(integrity, path).toMatch(/^sha512-/);
    // An address in the lock file would win over the registry that `npm ci` is told to use.
    expect(resolved, path).toBeUndefined();
    expect(hasInstallScript, path).toBeUndefined();
  }
});

import { readFile } from 'node:fs/promises';
import type { ModuleCalls, ModuleIndex } from '../domain/change.ts';

/** Read a module index: `{"paths": {dir: {"modules": [relative paths]}}, "symlinks": [[link, target]]}`. Throws what is wrong with it. */
export async function readModuleIndex(file: string): Promise<ModuleIndex> {
  const value: unknown = JSON.parse(await readFile(file, 'utf8'));
  const paths: [string, ModuleCalls][] = membersOf(member(value, 'paths') ?? {}, `${file}: "paths"`).map(
    ([dir, calls]) => {
      const where = `${file}: "paths" → "${dir}"`;
      const dependencies = texts(member(calls, 'dependencies') ?? [], `${where} → "dependencies"`);
      return [
        dir,
        {
          modules: texts(member(calls, 'modules') ?? [], `${where} → "modules"`),
          ...(dependencies.length > 0 ? { dependencies } : {}),
        },
      ];
    },
  );
  const symlinks = list(member(value, 'symlinks') ?? [], `${file}: "symlinks"`).map((pair) => {
    const [link, target, ...more] = texts(pair, `${file}: "symlinks"`);
    if (link === undefined || target === undefined || more.length > 0) {
      throw new TypeError(`${file}: "symlinks" must be pairs of link and target`);
    }
    return [link, target] as const;
  });
  return { paths: Object.fromEntries(paths), symlinks };
}

function membersOf(value: unknown, where: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${where} must be an object`);
  }
  return Object.entries(value);
}

function member(value: unknown, key: string): unknown {
  return membersOf(value, 'a module index').find(([name]) => name === key)?.[1];
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new TypeError(`${where} must be a list`);
  }
  return value;
}

function texts(value: unknown, where: string): readonly string[] {
  const all = list(value, where);
  const found = all.filter((one) => typeof one === 'string');
  if (found.length < all.length) {
    throw new TypeError(`${where} must have texts alone`);
  }
  return found;
}

import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { ModuleIndex } from '../../src/domain/change.ts';
import { buildModuleIndex, isIndexed, type SourceFile } from '../../src/matching/module-index.ts';

/** A file of configuration above this is generated; its module calls are not looked for. */
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 100_000;

/** Which directories of a checkout call which modules. Reads files, answers with names alone. Symbolic links are named, never followed. */
export async function discover(checkout: string): Promise<ModuleIndex> {
  const files: SourceFile[] = [];
  const symlinks: (readonly [string, string])[] = [];
  const pending = [''];
  for (let dir = pending.pop(); dir !== undefined && files.length < MAX_FILES; dir = pending.pop()) {
    const entries = await readdir(join(checkout, dir), { withFileTypes: true });
    for (const entry of entries) {
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`;
      if (entry.isSymbolicLink()) {
        const link = await linkInside(checkout, path);
        symlinks.push(...(link === null ? [] : [link]));
      } else if (entry.isDirectory()) {
        if (path !== '.git') {
          pending.push(path);
        }
      } else if (entry.isFile() && isIndexed(path)) {
        const text = await smallText(join(checkout, path));
        files.push(...(text === null ? [] : [{ path, text }]));
      }
    }
  }
  return buildModuleIndex(files, symlinks);
}

/** Link and target, when the target is inside the repository as well. */
async function linkInside(checkout: string, path: string): Promise<readonly [string, string] | null> {
  const target = await readlink(join(checkout, path));
  if (posix.isAbsolute(target)) {
    return null;
  }
  const inside = posix.normalize(posix.join(dirname(path), target));
  return inside === '..' || inside.startsWith('../') ? null : [path, inside];
}

async function smallText(path: string): Promise<string | null> {
  return (await stat(path)).size > MAX_FILE_BYTES ? null : readFile(path, 'utf8');
}

import type { ModuleIndex } from '../domain/change.ts';
import { isIndexed } from './module-index.ts';
import { dirOf, normalPath } from './repo-path.ts';

/**
 * An index as far as it can be about this tree: callers are directories that have a file to read there, links are entries of
 * the tree. What a runner sends is untrusted, and a caller or link that it made up would move other directories about.
 */
export function indexWithin(index: ModuleIndex, files: readonly string[]): ModuleIndex {
  const dirs = new Set(files.filter(isIndexed).map(dirOf));
  const entries = new Set(index.symlinks.length === 0 ? [] : files);
  const paths = Object.entries(index.paths).filter(([dir]) => dirs.has(normalPath(dir) ?? ''));
  // As pairs: a directory may be called `__proto__`.
  return { paths: Object.fromEntries(paths), symlinks: index.symlinks.filter(([link]) => entries.has(link)) };
}

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { ChangedFile } from '../domain/change.ts';
import { normalPath } from '../matching/repo-path.ts';
import { entries, git } from './git.ts';

/** One path per line, from a file or from standard input (`-`). Empty lines and a leading `./` do not count. */
export async function readPaths(source: string): Promise<readonly string[]> {
  const content = source === '-' ? await text(process.stdin) : await readFile(source, 'utf8');
  return content
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .flatMap((line) => (line.trim() === '' ? [] : (normalPath(line) ?? [])));
}

/** Paths without a diff: what is not in the tree any more was removed. */
export function changedPaths(paths: readonly string[], tree: ReadonlySet<string>): readonly ChangedFile[] {
  return paths.map((path) => ({ path, status: tree.has(path) ? 'modified' : 'removed' }));
}

/** `A..B` or `A...B` (from where they parted), with both sides named. */
export function parseRange(range: string): { readonly from: string; readonly to: string } | undefined {
  const parts = /^([^\s.-][^\s]*?)\.{2,3}([^\s.-][^\s]*)$/.exec(range);
  return parts?.[1] === undefined || parts[2] === undefined ? undefined : { from: parts[1], to: parts[2] };
}

/** The files that differ between two commits, renames under both names. */
export async function diffFiles(repo: string, range: string): Promise<readonly ChangedFile[]> {
  const output = await git(repo, [
    'diff',
    '--name-status',
    '-z',
    '-M',
    '--no-ext-diff',
    '--relative',
    '--end-of-options',
    range,
    '--',
  ]);
  const fields = entries(output);
  const changed: ChangedFile[] = [];
  for (let at = 0; at < fields.length; ) {
    const status = fields[at]?.charAt(0) ?? '';
    const path = fields[at + 1] ?? '';
    const renamed = fields[at + 2] ?? '';
    if (status === 'R') {
      changed.push({ path: renamed, previousPath: path, status: 'renamed' });
    } else if (status === 'C') {
      changed.push({ path: renamed, status: 'added' });
    } else {
      changed.push({ path, status: status === 'A' ? 'added' : status === 'D' ? 'removed' : 'modified' });
    }
    at += status === 'R' || status === 'C' ? 3 : 2;
  }
  return changed;
}

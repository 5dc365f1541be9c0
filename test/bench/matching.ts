import { Minimatch } from 'minimatch';
import type { ChangedFile } from '../../src/domain/change.ts';
import { compileRegex } from '../../src/matching/branch-pattern.ts';
import { changeIn } from '../../src/matching/compute-change.ts';
import { compileGlob, escapeGlob } from '../../src/matching/glob.ts';
import { openRepository, type Repository } from '../../src/matching/repository.ts';
import { parseTagQuery } from '../../src/matching/tag-query.ts';
import { configOf } from '../matching/config-of.ts';
import { type BenchTable, best, round } from './bench-table.ts';

const CHANGED = 3_000;
const OPTIONS = { dot: true, nonegate: true, nocomment: true } as const;

/** Figures of matching: the promised size, growth with the repository, hostile input. Milliseconds, best of several. */
export async function benchMatching(): Promise<readonly BenchTable[]> {
  return await Promise.resolve([promisedSize(), growth(), hostile()]);
}

function promisedSize(): BenchTable {
  const tree = treeOf(5_000);
  const changed = changedOf(tree);
  const repository = opened(tree);
  const indexed = best(7, () => changeIn(repository, { changed }).dirspaces.length);
  // The whole of it takes a minute; every file costs the same here, so a fiftieth says it all.
  const part = changed.slice(0, CHANGED / 50);
  const patterns = tree.dirs.flatMap((dir) =>
    ['*.tf', '*.tfvars'].map((glob) => new Minimatch(`${escapeGlob(dir)}/${glob}`, OPTIONS)),
  );
  const naive = 50 * best(1, () => part.filter(({ path }) => patterns.some((pattern) => pattern.match(path))).length);
  return {
    name: '5,000 root directories × 3,000 changed files, matching alone',
    promise: { text: 'at most 50 ms', kept: indexed <= 50 },
    rows: [
      { matcher: 'index by literal directory', ms: round(indexed), ratio: '1.0' },
      {
        matcher: 'every pattern on every file (extrapolated from 60 files)',
        ms: round(naive),
        ratio: (naive / indexed).toFixed(0),
      },
    ],
  };
}

function growth(): BenchTable {
  const rows = [100, 1_000, 5_000, 10_000, 50_000].map((size) => {
    const tree = treeOf(size);
    // As many hits everywhere, so that what grows can only be the search.
    const changed = changedOf({ ...tree, dirs: tree.dirs.slice(0, 100) });
    const opening = best(3, () => opened(tree).dirspaces.length);
    const repository = opened(tree);
    const matching = best(9, () => changeIn(repository, { changed }).dirspaces.length);
    return {
      directories: size,
      'µs per changed file': round((1_000 * matching) / CHANGED),
      'ms to open the tree': round(opening),
      files: tree.files.length,
    };
  });
  const perFile = rows.map((row) => row['µs per changed file']);
  return {
    name: 'Matching: time per changed file by size of the repository',
    // Fifty thousand directories do not fit the processor's caches; the work is the same.
    promise: {
      text: 'flat from 100 to 50,000 directories (at most 3 ×)',
      kept: Math.max(...perFile) <= 3 * Math.min(...perFile),
    },
    rows,
  };
}

function hostile(): BenchTable {
  const path = `${'a'.repeat(200)}/${'a/'.repeat(1_000)}${'a'.repeat(60)}`;
  const globs = [
    '*a*a*a*a*a*a*a*b',
    `${'*a'.repeat(500)}b`,
    `${'**/a/'.repeat(200)}b`,
    '{a,b}'.repeat(200),
    '+(+(+(a)))b',
    '!(a)'.repeat(16),
    '{1..99999999}',
  ];
  const regexes = ['(a+)+$', '(a|a)*b', '(a*)*'.repeat(90), '((a{9}){9}){9}', `${'a?'.repeat(170)}${'a'.repeat(170)}`];
  const queries = ['('.repeat(8_000), 'a or '.repeat(1_600), '"\\'.repeat(4_000), 'not ('.repeat(1_500)];
  const worst = (all: readonly string[], run: (text: string) => unknown): number =>
    Math.max(...all.map((text) => best(3, () => run(text))));
  const rows = [
    {
      input: `${globs.length} globs, compiled and asked once`,
      ms: round(
        worst(globs, (text) => {
          const compiled = compileGlob(text);
          return compiled.ok && compiled.glob.matches(path);
        }),
      ),
    },
    {
      input: `${regexes.length} regular expressions, compiled and asked once`,
      ms: round(
        worst(regexes, (text) => {
          const compiled = compileRegex(text);
          return compiled.ok && compiled.pattern.matches(`${'a'.repeat(250)}!`);
        }),
      ),
    },
    { input: `${queries.length} tag queries, parsed`, ms: round(worst(queries, (text) => parseTagQuery(text).ok)) },
  ];
  return {
    name: 'Matching: hostile input, the worst of each kind',
    promise: { text: 'refused or done in 50 ms', kept: rows.every(({ ms }) => ms <= 50) },
    rows,
  };
}

interface Tree {
  readonly dirs: readonly string[];
  readonly files: readonly string[];
}

function treeOf(size: number): Tree {
  const dirs = Array.from({ length: size }, (_, at) => `live/account-${at % 50}/region-${at % 7}/service-${at}`);
  return { dirs, files: dirs.flatMap((dir) => [`${dir}/main.tf`, `${dir}/variables.tf`, `${dir}/README.md`]) };
}

function changedOf({ dirs }: Tree): readonly ChangedFile[] {
  return Array.from({ length: CHANGED }, (_, at) => ({
    path: `${dirs[(at * 7) % dirs.length] ?? ''}/${at % 3 === 0 ? 'README.md' : 'main.tf'}`,
    status: 'modified',
  }));
}

function opened({ files }: Tree): Repository {
  return openRepository({ config: configOf(), files, head: 'feature', base: 'main' });
}

import { expect, it } from 'vitest';
import type { Change } from '../../src/domain/change.ts';
import { dirspaceName } from '../../src/domain/dirspace.ts';
import { computeChange } from '../../src/matching/compute-change.ts';
import { mergeChanges } from '../../src/matching/merge-changes.ts';
import { configOf } from './config-of.ts';

const FILES = ['a/main.tf', 'b/main.tf', 'c/main.tf'];

function changeOf(dirs: object, changed: readonly string[] = FILES): Change {
  return computeChange({
    config: configOf({ dirs }),
    files: FILES,
    changed: changed.map((path) => ({ path, status: 'modified' })),
    head: 'feature',
    base: 'main',
  });
}

const ignored = { when_modified: { file_patterns: [] } };

it('a dirspace that only the default branch knows is in the change all the same', () => {
  const merged = mergeChanges(changeOf({ a: ignored }), changeOf({ a: { tags: ['guarded'] } }));
  expect(merged.dirspaces.map(dirspaceName)).toEqual(['a', 'b', 'c']);
  expect(merged.unmatched).toEqual([]);
  expect(merged.dirspaces[0]?.defaultTags).toContain('guarded');
});

it('one that both know has the tags of the head, those of the default branch beside them, and the stricter settings', () => {
  const head = { a: { tags: ['open'], when_modified: { autoapply: true }, lock_branch_target: 'dest_branch' } };
  const merged = mergeChanges(changeOf(head), changeOf({ a: { tags: ['guarded'] } }));
  expect(merged.dirspaces[0]).toMatchObject({ autoapply: false, lockBranchTarget: 'all' });
  expect(merged.dirspaces[0]?.tags).toContain('open');
  expect(merged.dirspaces[0]?.tags).not.toContain('guarded');
  expect(merged.dirspaces[0]?.defaultTags).toContain('guarded');
});

it('what the default branch adds waits for what it waited for there, and layers have no holes', () => {
  const after = (query: string): object => ({ when_modified: { depends_on: query } });
  const head = changeOf({ b: after('dir:a'), c: ignored });
  const merged = mergeChanges(head, changeOf({ c: after('dir:b') }));
  expect(merged.layers.map((layer) => layer.map(dirspaceName))).toEqual([['a'], ['b'], ['c']]);
});

it('an error of either is an error of both', () => {
  const after = (query: string): object => ({ when_modified: { depends_on: query } });
  const broken = changeOf({ a: after('dir:b'), b: after('dir:a') });
  expect(mergeChanges(changeOf({}), broken).errors).toHaveLength(1);
  expect(mergeChanges(broken, changeOf({})).dirspaces).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import type { ChangedFile } from '../../src/domain/change.ts';
import { dirspaceName } from '../../src/domain/dirspace.ts';
import { computeChange } from '../../src/matching/compute-change.ts';
import { changeOf, DIR, names, WORKSPACE } from './change-of.ts';
import { configOf } from './config-of.ts';

describe('without a configuration', () => {
  it.each([
    ['a changed .tf', ['a/main.tf'], ['a']],
    ['a changed .tfvars', ['a/x.tfvars'], ['a']],
    ['a changed README', ['a/README.md'], []],
    ['the root', ['main.tf'], ['.']],
    ['a hidden file', ['a/.x.tf'], ['a']],
    ['one that was deleted, in a directory that remains', ['a/gone.tf'], ['a']],
    ['a directory that is gone', ['gone/main.tf'], []],
    ['a directory with documents alone', ['docs/x.tf'], []],
    ['two directories', ['b/main.tf', 'a/main.tf'], ['a', 'b']],
  ])('%s', (_name, changed, expected) => {
    const files = ['main.tf', 'a/main.tf', 'a/README.md', 'a/x.tfvars', 'b/main.tf', 'docs/README.md'];
    expect(names({ files, changed })).toEqual(expected);
  });

  it('says what a dirspace is', () => {
    expect(changeOf({ files: ['a/main.tf'], changed: ['a/main.tf'] }).dirspaces[0]).toMatchObject({
      dir: 'a',
      workspace: 'default',
      tags: ['dir:a', 'workspace:default', 'stack_name:default'],
      workflow: null,
      layer: 0,
      autoplan: true,
      autoapply: false,
      because: [{ why: 'file', file: 'a/main.tf', pattern: `${DIR}/*.tf` }],
    });
  });

  it.each([
    'a@b',
    'a+b',
    'x=1',
    '(y)',
    '[z]',
    '{q}',
    'ä ö',
    'a*b',
    '!x',
    '#x',
    'a\\b',
    '$',
    '${DIR}',
    '-x',
    '__proto__',
    'constructor',
  ])('a directory may be called %s', (dir) => {
    const files = [`${dir}/main.tf`, `${dir}/sub/main.tf`, 'axb/main.tf', 'z/main.tf', 'q/main.tf'];
    expect(names({ files, changed: [`${dir}/main.tf`] })).toEqual([dir]);
  });
});

describe('a renamed file', () => {
  it('counts under both names', () => {
    const moved: ChangedFile = { path: 'b/x.tf', previousPath: 'a/x.tf', status: 'renamed' };
    expect(names({ files: ['a/main.tf', 'b/x.tf'], changed: [moved] })).toEqual(['a', 'b']);
    expect(names({ files: ['b/x.tf'], changed: [moved] })).toEqual(['b']);
  });
});

describe('file patterns', () => {
  const files = ['app/main.tf', 'app/prod.tfvars', 'app/dev.tfvars', 'app/gen.tf', 'shared/x/y.json', 'other/main.tf'];
  it.each([
    ['a pattern of another directory', [`${DIR}/*.tf`, 'shared/**'], 'shared/x/y.json', true],
    ['a relative one', [`${DIR}/../shared/**/*.json`], 'shared/x/y.json', true],
    ['a negation', [`${DIR}/*.tf`, `!${DIR}/gen.tf`], 'app/gen.tf', false],
    ['a negation in front', [`!${DIR}/gen.tf`, `${DIR}/*.tf`], 'app/gen.tf', false],
    ['a negation of something else', [`${DIR}/*.tf`, `!${DIR}/gen.tf`], 'app/main.tf', true],
    ['negations alone', [`!${DIR}/gen.tf`], 'app/main.tf', false],
    ['braces', [`${DIR}/{main,other}.tf`], 'app/main.tf', true],
    ['a question mark', [`${DIR}/ma?n.tf`], 'app/main.tf', true],
    ['a class', [`${DIR}/[l-n]ain.tf`], 'app/main.tf', true],
    ['textual parents of wildcards', ['foo/**/../../app/main.tf'], 'app/main.tf', true],
    ['a leading ./', ['./app/*.tf'], 'app/main.tf', true],
    ['one that leaves the repository', [`${DIR}/../../x.tf`], 'x.tf', false],
    ['the exact file', ['app/main.tf'], 'app/main.tf', true],
    ['an escaped character', ['app/\\main.tf'], 'app/main.tf', true],
    ['no pattern: ignored', [], 'app/main.tf', false],
  ])('%s', (_name, file_patterns, path, expected) => {
    const config = { dirs: { app: { when_modified: { file_patterns } } } };
    expect(names({ files: [...files, 'x.tf'], changed: [path], config }).includes('app')).toBe(expected);
  });

  it('may name the workspace', () => {
    const when_modified = { file_patterns: [`${DIR}/*.tf`, `${DIR}/${WORKSPACE}.tfvars`] };
    const config = { dirs: { app: { when_modified, workspaces: { prod: {}, dev: {} } } } };
    expect(names({ files, changed: ['app/prod.tfvars'], config })).toEqual(['app (prod)']);
    expect(names({ files, changed: ['app/main.tf'], config })).toEqual(['app (dev)', 'app (prod)']);
  });

  it('of the whole repository make roots of the directories that have such files', () => {
    const config = { when_modified: { file_patterns: ['**/*.tf', 'shared/**'] } };
    expect(names({ files, changed: ['shared/x/y.json'], config })).toEqual(['app', 'other']);
    expect(names({ files, changed: ['app/main.tf'], config })).toEqual(['app']);
  });

  it('are inherited key by key: workspace, directory, global', () => {
    const config = {
      when_modified: { autoplan: false, autoapply: true },
      dirs: {
        app: {
          when_modified: { file_patterns: [`${DIR}/*.tf`], autoapply: false },
          workspaces: { dev: { when_modified: { autoplan: true } }, prod: {} },
        },
      },
    };
    const { dirspaces } = changeOf({ files, changed: ['app/main.tf', 'other/main.tf'], config });
    expect(dirspaces.map((one) => [dirspaceName(one), one.autoplan, one.autoapply])).toEqual([
      ['app (dev)', true, false],
      ['app (prod)', false, false],
      ['other', false, true],
    ]);
  });
});

describe('keys of dirs', () => {
  const files = ['aws/prod/vpc/main.tf', 'aws/prod/vpc/x.tf', 'aws/dev/main.tf', 'gcp/main.tf'];
  const tagsOf = (config: object, path: string): readonly string[] =>
    changeOf({ files, changed: [path], config }).dirspaces[0]?.tags.filter((tag) => /^[a-z]+$/.test(tag)) ?? [];

  it.each([
    [
      'a literal key beats globs',
      { 'aws/**': { tags: ['glob'] }, 'aws/dev': { tags: ['literal'] } },
      'aws/dev/main.tf',
      ['literal'],
    ],
    [
      'the longest glob wins',
      { '**/*.tf': { tags: ['short'] }, 'aws/**/*.tf': { tags: ['long'] } },
      'aws/dev/main.tf',
      ['long'],
    ],
    ['globs are asked of files', { 'aws/*': { tags: ['glob'] } }, 'aws/dev/main.tf', []],
    ['through any file of the directory', { '**/x.tf': { tags: ['glob'] } }, 'aws/prod/vpc/main.tf', ['glob']],
    ['others have the global settings', { 'aws/**': { tags: ['glob'] } }, 'gcp/main.tf', []],
  ])('%s', (_name, dirs, path, expected) => {
    expect(tagsOf({ dirs }, path)).toEqual(expected);
  });

  it('that name no directory with files are dropped, unless it is to be made', () => {
    const when_modified = { file_patterns: ['templates/**'] };
    const dirs = { missing: { when_modified }, made: { when_modified, create_if_missing: true } };
    expect(names({ files: ['templates/x.tf'], changed: ['templates/x.json'], config: { dirs } })).toEqual(['made']);
  });
});

describe('tags and workflows', () => {
  const config = {
    dirs: { a: { tags: ['own', 'own'], workspaces: { w: { tags: ['ws'] } } } },
    tags: { branch: { rel: '^release/', any: '.' }, dest_branch: { main: '^main$' } },
    workflows: [{ tag_query: 'nope' }, { tag_query: 'dest_branch:main own' }, { tag_query: '' }],
  };

  it('are the own ones and the implicit ones; the first workflow that matches counts', () => {
    const [one] = changeOf({ files: ['a/main.tf'], changed: ['a/main.tf'], config, head: 'release/1' }).dirspaces;
    expect(one?.tags).toEqual([
      'own',
      'ws',
      'dir:a',
      'workspace:w',
      'branch:rel',
      'dest_branch:main',
      'stack_name:default',
    ]);
    expect(one?.workflow).toBe(1);
    const [other] = changeOf({ files: ['a/main.tf'], changed: ['a/main.tf'], config, base: 'x' }).dirspaces;
    expect(other?.tags).toContain('branch:any');
    expect(other?.workflow).toBe(2);
  });

  it('select with a query, and say which files that leaves out', () => {
    const given = { files: ['a/main.tf', 'b/main.tf'], changed: ['a/main.tf', 'b/main.tf'], query: 'dir:a' };
    expect(names(given)).toEqual(['a']);
    expect(changeOf(given).unmatched).toMatchObject([{ path: 'b/main.tf', code: 'query' }]);
  });
});

describe('a file that touches nothing has a reason', () => {
  const files = ['a/main.tf', 'a/README.md', 'ignored/main.tf', 'ex/main.tf', 'modules/m/main.tf'];
  const config = {
    dirs: {
      ignored: { when_modified: { file_patterns: [] } },
      ex: { when_modified: { file_patterns: [`${DIR}/*.tf`, `!${DIR}/skip.tf`] } },
    },
  };
  const index = { paths: { ignored: { modules: ['../modules/m'] } } };
  it.each([
    ['a/README.md', 'no-pattern'],
    ['ignored/main.tf', 'ignored'],
    ['ex/skip.tf', 'excluded'],
    ['gone/main.tf', 'directory-deleted'],
    ['modules/m/main.tf', 'module-not-called'],
  ])('%s: %s', (path, code) => {
    expect(changeOf({ files, changed: [path], config, index }).unmatched).toMatchObject([{ path, code }]);
  });
});

it('keeps what was applied from the pull request before', () => {
  const change = computeChange({
    config: configOf(),
    files: ['a/main.tf', 'b/main.tf'],
    changed: [],
    force: [
      { dir: 'b', workspace: 'default' },
      { dir: 'gone', workspace: 'default' },
    ],
    head: 'x',
    base: 'main',
  });
  expect(change.dirspaces).toMatchObject([{ dir: 'b', because: [{ why: 'applied-before' }] }]);
});

describe('a configuration that asks too much of a tree', () => {
  const tree = Array.from({ length: 20_000 }, (_, at) => `d${at % 4_000}/x/f${at}.tf`);
  const many = (one: (at: number) => object): object =>
    Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`d${at}/x`, one(at)]));
  it.each([
    ['globs as keys', { dirs: Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`**/q${at}*.tf`, {}])) }],
    ['queries that must be asked of all', { dirs: many((at) => ({ when_modified: { depends_on: `not t${at}` } })) }],
    ['patterns at the root', { dirs: many((at) => ({ when_modified: { file_patterns: [`**/*z${at}*/**`] } })) }],
  ])('by %s is refused instead of tried', (_name, config) => {
    const effective = configOf(config);
    const changed = tree.map((path) => ({ path, status: 'modified' }) as const);
    const before = performance.now();
    const change = computeChange({ config: effective, files: tree, changed, head: 'x', base: 'main' });
    expect(change.errors.map(({ code }) => code)).toEqual(['too-large']);
    expect(change.dirspaces).toEqual([]);
    expect(performance.now() - before).toBeLessThan(20_000);
  });
});

import { describe, expect, it } from 'vitest';
import { changeOf, DIR, layers, names } from './change-of.ts';

describe('depends_on', () => {
  const files = ['base/main.tf', 'db/main.tf', 'app/main.tf', 'alone/main.tf'];
  const dependsOn = (depends_on: unknown): object => ({ when_modified: { depends_on } });

  it('pulls in, to the fixpoint, and makes layers', () => {
    const config = { dirs: { db: dependsOn('dir:base'), app: dependsOn('dir:db') } };
    const given = { files, changed: ['base/main.tf', 'alone/main.tf'], config };
    expect(layers(given)).toEqual([['alone', 'base'], ['db'], ['app']]);
    expect(changeOf(given).dirspaces.find(({ dir }) => dir === 'db')?.because).toEqual([
      { why: 'depends-on', on: { dir: 'base', workspace: 'default' } },
    ]);
    expect(layers({ ...given, changed: ['app/main.tf'] })).toEqual([['app']]);
  });

  it('only orders with prune_on_no_change, and what follows still follows', () => {
    const prune = { tag_query: 'dir:base', prune_on_no_change: true };
    const config = { dirs: { db: dependsOn(prune), app: dependsOn('dir:db') } };
    expect(layers({ files, changed: ['base/main.tf'], config })).toEqual([['base'], ['app']]);
    expect(layers({ files, changed: ['base/main.tf', 'db/main.tf'], config })).toEqual([['base'], ['db'], ['app']]);
  });

  it('may be relative to the directory', () => {
    const config = { dirs: { '**/*.tf': dependsOn('relative_dir:../base') } };
    const tree = ['x/base/main.tf', 'x/app/main.tf', 'y/base/main.tf', 'y/app/main.tf'];
    expect(layers({ files: tree, changed: ['x/base/main.tf'], config })).toEqual([['x/base'], ['x/app']]);
  });

  it('that matches itself is no circle', () => {
    const config = { dirs: { '**/*.tf': { tags: ['all'], ...dependsOn('dir:base') } } };
    expect(layers({ files, changed: ['base/main.tf'], config })).toEqual([['base'], ['alone', 'app', 'db']]);
  });

  it('in a circle is an error that names it, wherever the change is', () => {
    const config = { dirs: { db: dependsOn('dir:app'), app: dependsOn('dir:db') } };
    const change = changeOf({ files, changed: ['alone/main.tf'], config });
    expect(change.dirspaces).toEqual([]);
    expect(change.errors).toMatchObject([{ code: 'dependency-cycle', about: ['db', 'app'] }]);
  });

  it('between thousands on both sides takes no square of time', () => {
    const tree = Array.from({ length: 4_000 }, (_, at) => `${at % 2 === 0 ? 'stage' : 'prod'}/s${at}/main.tf`);
    const config = { dirs: { 'prod/**': dependsOn('stage in dir') } };
    const before = performance.now();
    const { layers: found } = changeOf({ files: tree, changed: tree, config });
    expect(found.map((layer) => layer.length)).toEqual([2_000, 2_000]);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

describe('stacks', () => {
  const files = ['net/main.tf', 'app/main.tf', 'web/main.tf', 'rest/main.tf'];
  const names_ = (extra: object = {}): object => ({
    stacks: {
      names: {
        net: { tag_query: 'dir:net', variables: { region: 'eu', tier: 'low' } },
        app: { tag_query: 'dir:app', variables: { tier: 'high' } },
        web: { tag_query: 'dir:web' },
        front: {
          stacks: ['app', 'web'],
          variables: { region: 'us', tier: 'mid' },
          rules: { modified_by: ['net'], auto_apply: true },
        },
        ...extra,
      },
    },
  });

  it('give tags, variables (the inner wins) and rules to what they hold', () => {
    const { dirspaces } = changeOf({ files, changed: ['app/main.tf', 'rest/main.tf'], config: names_() });
    expect(dirspaces).toMatchObject([
      { dir: 'app', stack: 'app', stackVariables: { region: 'us', tier: 'high' }, autoapply: true },
      { dir: 'rest', stack: 'default', stackVariables: {}, autoapply: false },
    ]);
    expect(dirspaces[0]?.tags).toEqual(['dir:app', 'workspace:default', 'stack_name:app', 'stack_name:front']);
    expect(dirspaces[1]?.tags).toContain('stack_name:default');
  });

  it('are changed by the stacks they name, and wait for them', () => {
    const given = { files, changed: ['net/main.tf'], config: names_() };
    expect(layers(given)).toEqual([['net'], ['app', 'web']]);
    expect(changeOf(given).dirspaces[0]?.because).toEqual([{ why: 'stack', stack: 'app', modifiedBy: 'net' }]);
  });

  it('that only plan after others are not changed by them, also not through one that is absent', () => {
    const config = {
      stacks: {
        names: {
          net: { tag_query: 'dir:net' },
          app: { tag_query: 'dir:app', rules: { plan_after: ['net'] } },
          web: { tag_query: 'dir:web', rules: { plan_after: ['app'], apply_after: ['net'] } },
        },
      },
    };
    expect(layers({ files, changed: ['net/main.tf'], config })).toEqual([['net']]);
    expect(layers({ files, changed: ['net/main.tf', 'web/main.tf'], config })).toEqual([['net'], ['web']]);
    expect(changeOf({ files, changed: ['web/main.tf'], config }).dirspaces[0]?.applyAfter).toEqual(['net']);
  });

  it.each([
    ['two of them', { other: { tag_query: 'dir:app or dir:rest' } }, 'stack-ambiguous'],
    ['none, where default is taken', { default: { tag_query: 'dir:nowhere' } }, 'stack-none'],
  ])('a dirspace in %s is an error', (_name, extra, code) => {
    const change = changeOf({ files, changed: ['app/main.tf'], config: names_(extra) });
    expect(change.errors.map((error) => error.code)).toContain(code);
    expect(change.dirspaces).toEqual([]);
  });
});

describe('modules', () => {
  const files = [
    'prod/main.tf',
    'dev/main.tf',
    'modules/vpc/main.tf',
    'modules/base/main.tf',
    'modules/base/README.md',
    'lonely/main.tf',
  ];
  const index = { paths: { prod: { modules: ['../modules/vpc'] }, 'modules/vpc': { modules: ['../base'] } } };

  it.each([
    ['directly', 'modules/vpc/main.tf'],
    ['through another module', 'modules/base/main.tf'],
    ['by a deleted file', 'modules/base/gone.tf'],
  ])('touch the roots that call them %s', (_name, path) => {
    const given = { files, changed: [path], index };
    expect(names(given)).toEqual(['prod']);
    expect(changeOf(given)).toMatchObject({
      unmatched: [],
      dirspaces: [{ because: [{ why: 'module', file: path, module: path.replace(/\/[^/]*$/, '') }] }],
    });
  });

  it.each([
    ['their documents change', { changed: ['modules/base/README.md'] }, []],
    [
      'a called module changes that is a root by its own key',
      { changed: ['modules/vpc/main.tf'], config: { dirs: { 'modules/vpc': {} } } },
      ['modules/vpc', 'prod'],
    ],
    ['modules are off', { changed: ['modules/vpc/main.tf'], config: { modules: 'off' } }, ['modules/vpc']],
    [
      'the root excludes the module',
      {
        changed: ['modules/vpc/main.tf'],
        config: { dirs: { prod: { when_modified: { file_patterns: [`${DIR}/*.tf`, '!modules/**'] } } } },
      },
      [],
    ],
    [
      'the root is ignored',
      { changed: ['modules/vpc/main.tf'], config: { dirs: { prod: { when_modified: { file_patterns: [] } } } } },
      [],
    ],
    ['nobody calls it', { changed: ['lonely/main.tf'] }, ['lonely']],
  ])('when %s', (_name, given, expected) => {
    expect(names({ files, index, ...given })).toEqual(expected);
  });

  it('of Terragrunt touch what depends on them and stay roots', () => {
    const paths = { app: { modules: [], dependencies: ['../vpc', '..'] } };
    const tree = ['vpc/main.tf', 'vpc/terragrunt.hcl', 'app/main.tf', 'root.hcl'];
    expect(names({ files: tree, changed: ['vpc/main.tf'], index: { paths } })).toEqual(['app', 'vpc']);
    expect(names({ files: tree, changed: ['root.hcl'], index: { paths } })).toEqual(['app']);
  });

  it('that call each other in a circle end', () => {
    const paths = { a: { modules: ['../b'] }, b: { modules: ['../a', '../../out'] }, root: { modules: ['../a'] } };
    expect(names({ files: ['a/x.tf', 'b/x.tf', 'root/x.tf'], changed: ['b/x.tf'], index: { paths } })).toEqual([
      'root',
    ]);
  });
});

describe('symbolic links', () => {
  const files = ['real/main.tf', 'real/sub/main.tf', 'link', 'file.tf', 'other/link.tf', 'other/main.tf'];
  const index = {
    symlinks: [
      ['link', 'real'],
      ['other/link.tf', 'file.tf'],
    ],
  } as const;

  it.each([
    ['a file behind the link', ['real/main.tf'], ['link', 'real']],
    ['a deeper one', ['real/sub/main.tf'], ['link/sub', 'real/sub']],
    ['the link itself', ['link'], ['link', 'link/sub']],
    ['the target of a link to a file', ['file.tf'], ['.', 'other']],
  ])('%s', (_name, changed, expected) => {
    expect(names({ files, changed, index })).toEqual(expected);
  });

  it('that lead to a directory around them add nothing', () => {
    const loop = {
      symlinks: [
        ['a/loop', 'a'],
        ['a/b/up', 'a/b/up'],
        ['x', 'y'],
        ['y', 'x'],
      ],
    } as const;
    expect(names({ files: ['a/main.tf', 'a/b/main.tf'], changed: ['a/main.tf'], index: loop })).toEqual(['a']);
  });
});

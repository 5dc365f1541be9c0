import { describe, expect, it } from 'vitest';
import type { Change, ChangedFile, ModuleIndex } from '../../src/domain/change.ts';
import { dirspaceName } from '../../src/domain/dirspace.ts';
import { computeChange } from '../../src/matching/compute-change.ts';
import { parseTagQuery } from '../../src/matching/tag-query.ts';
import { configOf } from './config-of.ts';

const DIR = '$'.concat('{DIR}');
const WORKSPACE = '$'.concat('{WORKSPACE}');

interface Given {
  readonly files: readonly string[];
  readonly changed: readonly (string | ChangedFile)[];
  readonly config?: object | string;
  readonly index?: Partial<ModuleIndex>;
  readonly head?: string;
  readonly base?: string;
  readonly query?: string;
}

function changeOf({ files, changed, config = {}, index, head = 'feature', base = 'main', query }: Given): Change {
  const parsed = query === undefined ? undefined : parseTagQuery(query);
  return computeChange({
    config: configOf(config),
    files,
    changed: changed.map((file) => (typeof file === 'string' ? { path: file, status: 'modified' } : file)),
    head,
    base,
    ...(index === undefined ? {} : { index: { paths: {}, symlinks: [], ...index } }),
    ...(parsed?.ok === true ? { query: parsed.query } : {}),
  });
}

function names(given: Given): readonly string[] {
  return changeOf(given).dirspaces.map(dirspaceName);
}

function layers(given: Given): readonly (readonly string[])[] {
  return changeOf(given).layers.map((layer) => layer.map(dirspaceName));
}

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

import { describe, expect, it } from 'vitest';
import { CONFIG_PATHS, centralPaths, isConfigPath } from '../../src/config/config-paths.ts';
import { KEY_ORIGINS } from '../../src/config/key-trust.ts';
import { effectiveForDefault, effectiveForPull, type PullSources } from '../../src/config/pull-config.ts';
import { RawRepoConfig } from '../../src/config/schema.ts';
import { parsed } from './samples.ts';

type Texts = {
  readonly [Key in Exclude<keyof PullSources, 'central'>]?: string;
} & { readonly central?: Readonly<Record<string, string>> };

function sources(texts: Texts): PullSources {
  const { central, ...own } = texts;
  const files = Object.entries(own).map(([name, text]) => [name, parsed(text, `${name}.yml`)]);
  const centralFiles = Object.entries(central ?? {}).map(([name, text]) => [name, parsed(text, `central/${name}.yml`)]);
  return { ...Object.fromEntries(files), central: Object.fromEntries(centralFiles) };
}

function pull(texts: Texts) {
  return effectiveForPull(sources(texts));
}

/** A value for each key that is not its default, and another one. */
const VALUES: Readonly<Record<string, readonly [string, string]>> = {
  version: ['"1"', '"1"'],
  definitions: ['1', '2'],
  enabled: ['true', 'false'],
  access_control: ['{enabled: true}', '{enabled: false}'],
  apply_requirements: ['{approvals: plan}', '{approvals: head}'],
  destination_branches: ['[main]', '[evil]'],
  default_branch_overrides: ['[labels]', '[]'],
  automerge: ['{enabled: false}', '{enabled: true}'],
  drift: ['{enabled: false}', '{enabled: true}'],
  forks: ['off', '{plan: prod}'],
  base_moved: ['strict', 'paths'],
  stale_plans: ['mark', 'replan'],
  apply_partially: ['false', 'true'],
  trusted_bots: ['[a]', '[b]'],
  storage: ['{plans: {method: plumbline}}', '{plans: {method: cmd, store: [a], fetch: [b]}}'],
  plan_key: [`"${'A'.repeat(43)}="`, `"${'B'.repeat(42)}A="`],
  notifications: ['{summary: {enabled: true}}', '{summary: {enabled: false}}'],
  checks: ['statuses', 'summary'],
  labels: ['true', 'false'],
  command_aliases: ['[atlantis]', '[tofu]'],
  workflows: ['[{tag_query: a}]', '[{tag_query: b}]'],
  hooks: ['{all: {pre: [{type: run, cmd: [a]}]}}', '{all: {pre: [{type: run, cmd: [evil]}]}}'],
  engine: ['{name: tofu}', '{name: custom, plan: [evil]}'],
  default_tf_version: ['"1"', '"2"'],
  integrations: ['{resourcely: {enabled: false}}', '{resourcely: {enabled: true}}'],
  config_builder: ['{enabled: false}', '{enabled: true, script: evil}'],
  tree_builder: ['{enabled: false}', '{enabled: true, script: evil}'],
  cost_estimation: ['{enabled: true}', '{enabled: false}'],
  when_modified: ['{autoplan: true}', '{autoplan: false}'],
  dirs: ['{a: {}}', '{b: {}}'],
  tags: ['{branch: {a: a}}', '{branch: {b: b}}'],
  stacks: ['{names: {a: {tag_query: a}}}', '{names: {b: {tag_query: b}}}'],
  modules: ['auto', 'off'],
  indexer: ['{enabled: true}', '{enabled: false}'],
  create_and_select_workspace: ['true', 'false'],
  checkout_strategy: ['merge', 'checkout'],
  parallel_runs: ['1', '2'],
  batch_runs: ['{enabled: false}', '{enabled: true}'],
};

describe('effectiveForPull', () => {
  const cases = Object.entries(KEY_ORIGINS)
    .filter(([key]) => key !== 'version' && key !== 'definitions')
    .map(([key, origin]) => ({ key, origin }));

  it('knows an origin for every key', () => {
    expect(Object.keys(KEY_ORIGINS).sort()).toEqual(Object.keys(RawRepoConfig.shape).sort());
    expect(Object.keys(VALUES).sort()).toEqual(Object.keys(KEY_ORIGINS).sort());
  });

  it.each(cases)('takes $key as $origin', ({ key, origin }) => {
    const [safe = '', evil = ''] = VALUES[key] ?? [];
    const given = { default: `${key}: ${safe}`, head: `${key}: ${evil}` };
    const wanted = origin === 'head' ? given.head : given.default;
    expect(pull(given).raw).toEqual(pull({ default: wanted, head: wanted }).raw);
  });

  it.each(cases.filter(({ key }) => key !== 'default_branch_overrides'))(
    'takes $key from the head only where the default branch says so',
    ({ key, origin }) => {
      const [safe = '', evil = ''] = VALUES[key] ?? [];
      const head = `${key}: ${evil}\ndefault_branch_overrides: []`;
      const open = pull({ default: `${key}: ${safe}\ndefault_branch_overrides: []`, head });
      const closed = pull({ default: `${key}: ${safe}\ndefault_branch_overrides: [${key}]`, head });
      const fromHead = parsed(`${key}: ${evil}`).raw;
      const fromDefault = parsed(`${key}: ${safe}`).raw;
      expect(open.raw).toMatchObject(origin === 'default' ? fromDefault : fromHead);
      expect(closed.raw).toMatchObject(fromDefault);
    },
  );

  it('never takes environment, runner or lock policy from the head', () => {
    const { config } = pull({
      default: 'default_branch_overrides: []\nworkflows: [{tag_query: a, environment: safe, lock_policy: strict}]',
      head: 'workflows: [{tag_query: a, environment: prod, runs_on: mine, lock_policy: none, plan: [{type: run, cmd: [x]}]}]',
    });
    expect(config.placements).toMatchObject([{ environment: { plan: 'safe', apply: 'safe' }, lockPolicy: 'strict' }]);
    expect(config.placements[0]).not.toHaveProperty('runsOn');
    expect(config.workflows[0]?.plan[0]).toMatchObject({ type: 'run', cmd: ['x'] });
  });

  it('refuses credentials that the default branch does not know, where steps come from the head', () => {
    const step = (role: string) => `{type: oidc, role_arn: ${role}}`;
    const file = (role: string) =>
      `default_branch_overrides: []\nworkflows: [{tag_query: a, plan: [${step(role)}]}]\nhooks: {all: {pre: [${step(role)}]}}`;
    expect(pull({ default: file('mine'), head: file('mine') }).problems).toEqual([]);
    expect(
      pull({ default: file('mine'), head: file('admin') }).problems.map(({ file: name, line, code, path }) => [
        name,
        line,
        code,
        path,
      ]),
    ).toEqual([
      ['head.yml', 2, 'not-in-default-branch', 'workflows[0].plan[0]'],
      ['head.yml', 3, 'not-in-default-branch', 'hooks.all.pre[0]'],
    ]);
  });

  it.each<[string, string, string, boolean]>([
    [
      'both say so',
      'dirs: {a: {when_modified: {autoapply: true}}}',
      'dirs: {a: {when_modified: {autoapply: true}}}',
      true,
    ],
    ['only the head says so', 'dirs: {a: {}}', 'dirs: {a: {when_modified: {autoapply: true}}}', false],
    ['only the default branch says so', 'dirs: {a: {when_modified: {autoapply: true}}}', 'dirs: {a: {}}', false],
    [
      'the directory is new and all are',
      'when_modified: {autoapply: true}',
      'when_modified: {autoapply: true}\ndirs: {a: {}}',
      true,
    ],
    ['the directory is new and says so itself', '', 'dirs: {a: {when_modified: {autoapply: true}}}', false],
  ])('applies by itself when %s', (_name, main, head, expected) => {
    expect(pull({ default: main, head }).config.dirs[0]?.workspaces[0]?.whenModified.autoapply).toBe(expected);
  });

  it('guards the stack that applies by itself and the lock of a directory', () => {
    const head =
      'dirs: {a: {lock_branch_target: dest_branch}}\nstacks: {names: {s: {tag_query: x, rules: {auto_apply: true}}}}';
    const alone = pull({ default: '', head }).config;
    expect([alone.dirs[0]?.lockBranchTarget, alone.stacks[0]?.rules.autoApply]).toEqual(['all', false]);
    const agreed = pull({ default: head, head }).config;
    expect([agreed.dirs[0]?.lockBranchTarget, agreed.stacks[0]?.rules.autoApply]).toEqual(['dest_branch', true]);
  });

  it('keeps what the default branch says for those who must ask it', () => {
    const { underDefault, config } = pull({ default: 'dirs: {a: {tags: [x]}}', head: 'dirs: {a: {tags: [y]}}' });
    expect([underDefault.dirs[0]?.workspaces[0]?.tags, config.dirs[0]?.workspaces[0]?.tags]).toEqual([['x'], ['y']]);
  });

  it('lets nothing of a pull request count where the default branch has no file, but what matches', () => {
    const { config } = pull({ head: 'enabled: false\nworkflows: [{tag_query: a}]\ndirs: {a: {}}' });
    expect([config.enabled, config.workflows, config.dirs.length]).toEqual([true, [], 1]);
  });
});

describe('central configuration', () => {
  it('is weaker as defaults and stronger as overrides, in the order of the sources', () => {
    const order = pull({
      default: 'trusted_bots: [own]',
      builtDefault: 'trusted_bots: [built]',
      central: {
        globalDefaults: 'trusted_bots: [gd]',
        repoDefaults: 'trusted_bots: [rd]',
        globalOverrides: 'trusted_bots: [go]',
        repoOverrides: 'trusted_bots: [ro]',
      },
    });
    expect(order.config.trustedBots).toEqual(['ro', 'go', 'own', 'built', 'rd', 'gd']);
    expect(order.provenance.get('trusted_bots[0]')).toBe('central overrides of this repository');
  });

  it('may force: files of the repository do not count at all', () => {
    const { config } = pull({
      default: 'parallel_runs: 1',
      head: 'parallel_runs: 2\ndirs: {evil: {}}',
      built: 'dirs: {built: {}}',
      central: { forced: 'parallel_runs: 9', globalDefaults: 'labels: true', globalOverrides: 'labels: false' },
    });
    expect([config.parallelRuns, config.labels, config.dirs.map(({ key }) => key)]).toEqual([9, true, ['built']]);
  });

  it('places a conflict in the file that differs', () => {
    const { problems } = pull({
      default: 'stacks: {names: {a: {stacks: [gone]}}}',
      head: 'stacks: {names: {a: {tag_query: x}}}',
    });
    expect(problems.map(({ file, code }) => [file, code])).toEqual([['default.yml', 'stack-reference']]);
  });

  it('counts for the default branch alone as well', () => {
    const { config } = effectiveForDefault(
      sources({ default: 'labels: true', central: { globalOverrides: 'labels: false' } }),
    );
    expect(config.labels).toBe(false);
  });

  it('is read from a fixed list of paths', () => {
    expect(CONFIG_PATHS).toHaveLength(4);
    expect(centralPaths('web').forced).toEqual(['config/web/config.yml', 'config/web/config.yaml']);
    expect([isConfigPath('.terrateam/config.yml'), isConfigPath('terrateam/config.yml')]).toEqual([true, false]);
  });
});

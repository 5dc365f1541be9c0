import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import type { ModuleIndex } from '../../src/domain/change.ts';
import type { DiscoveryOrder, Run } from '../../src/domain/run.ts';
import type { Discovery, Snapshot } from '../../src/domain/snapshot.ts';
import {
  BASE,
  comment,
  discovery,
  type Given,
  HEAD,
  id,
  intents,
  NOW,
  planned,
  pullEvent,
  REPOSITORY,
  reasons,
  run,
  snapshotOf,
} from './build.ts';

const RUN = id(1);
const FILES = ['README.md', 'modules/vpc/main.tf', 'prod/main.tf', 'stage/main.tf', 'other/main.tf'];
const CALLS: ModuleIndex = {
  paths: { prod: { modules: ['../modules/vpc'] }, stage: { modules: ['../modules/vpc'] } },
  symlinks: [],
};
const MODULE_CHANGED: Given = { files: FILES, changed: ['modules/vpc/main.tf'] };
const AUTOMATIC: DiscoveryOrder = { automatic: true, query: null };
const event = { kind: 'discovered', repository: REPOSITORY, pull: 7, run: RUN } as const;

function unlooked(given: Given): Snapshot {
  return snapshotOf({ ...given, ours: { moduleIndex: null, ...given.ours } });
}

function looking(more: Partial<Run> = {}): Run {
  return run({
    state: 'claimed',
    discovers: AUTOMATIC,
    targets: [{ index: 0, dir: 'modules/vpc', workspace: 'default', planId: 'plan-vpc' }],
    ...more,
  });
}

/** The runner of a run has sent what it found. */
function found(index: ModuleIndex, given: Given = MODULE_CHANGED, more: Partial<Run> = {}): Snapshot {
  const sent = discovery({ index });
  return snapshotOf({
    ...given,
    ours: { runs: [looking(more)], discovery: sent, moduleIndex: sent, ...given.ours },
  });
}

function startedDirs(snapshot: Snapshot): readonly (readonly string[])[] {
  return intents(decide(snapshot, event), 'start-run').map((one) => one.run.targets.map(({ dir }) => dir));
}

function releasedDirs(snapshot: Snapshot): readonly string[] | undefined {
  return intents(decide(snapshot, event), 'release-manifest')[0]?.targets?.targets.map(({ dir }) => dir);
}

describe('a plan run looks first', () => {
  it.each<[string, Given, boolean]>([
    ['a file of a module changed', MODULE_CHANGED, true],
    ['a root changed, which may be somebody’s module', { files: FILES, changed: ['prod/main.tf'] }, true],
    [
      'a Terragrunt file changed',
      { files: [...FILES, 'prod/terragrunt.hcl'], changed: ['prod/terragrunt.hcl', 'prod/main.tf'] },
      true,
    ],
    ['values alone changed', { files: [...FILES, 'prod/a.tfvars'], changed: ['prod/a.tfvars'] }, false],
    ['modules are off', { ...MODULE_CHANGED, config: 'modules: off\n' }, false],
    [
      'only the pull request switches modules off',
      { ...MODULE_CHANGED, config: 'version: "1"\n', head: 'modules: off\n' },
      true,
    ],
    ['the index of this head and base is there', { ...MODULE_CHANGED, ours: { moduleIndex: discovery() } }, false],
    [
      'the index is of another head',
      { ...MODULE_CHANGED, ours: { moduleIndex: discovery({ headSha: '9'.repeat(40) }) } },
      true,
    ],
    [
      'the index is of another base',
      { ...MODULE_CHANGED, ours: { moduleIndex: discovery({ baseSha: '9'.repeat(40), treeSha: '8'.repeat(40) }) } },
      true,
    ],
  ])('%s', (_, given, expected) => {
    const decision = decide(unlooked(given), pullEvent('opened'));
    expect(intents(decision, 'start-run').map((one) => one.run.discovers)).toEqual([expected ? AUTOMATIC : null]);
  });

  it('also when nothing seems to be touched', () => {
    const config = 'dirs:\n  prod: {}\n  stage: {}\n  modules/vpc:\n    when_modified:\n      file_patterns: []\n';
    const decision = decide(unlooked({ ...MODULE_CHANGED, config }), pullEvent('opened'));
    expect(intents(decision, 'start-run')[0]?.run).toMatchObject({ targets: [], discovers: AUTOMATIC });
    expect(decision.reason).toBe('plan-started');
  });

  it('in one run, whatever environments the guess has', () => {
    const config =
      'workflows:\n  - tag_query: dir:prod\n    environment: production\n  - tag_query: ""\n    environment: other\n';
    const given = { files: FILES, changed: ['prod/main.tf', 'stage/main.tf'], config };
    expect(intents(decide(unlooked(given), pullEvent('opened')), 'start-run')).toHaveLength(1);
  });

  it('once: a second event while it looks starts nothing', () => {
    const snapshot = unlooked({ ...MODULE_CHANGED, ours: { runs: [looking({ targets: [] })] } });
    expect(decide(snapshot, pullEvent('reopened'))).toMatchObject({ reason: 'already-planned' });
  });

  it('again for a command, which keeps what was asked for before', () => {
    const snapshot = unlooked({ ...MODULE_CHANGED, ours: { runs: [looking()] } });
    const decision = decide(snapshot, comment('plumbline plan dir:prod'));
    expect(intents(decision, 'end-run')).toMatchObject([{ run: RUN, state: 'superseded' }]);
    expect(intents(decision, 'start-run')[0]?.run.discovers).toEqual({ automatic: true, query: 'dir:prod' });
  });

  it('and nothing is applied on a guess', () => {
    const snapshot = planned({ files: FILES, ours: { moduleIndex: null } });
    expect(reasons(decide(snapshot, comment('plumbline apply')))).toContain('modules-unknown');
  });
});

describe('the runner says who calls whom', () => {
  it('gets the roots that call the module, in place of the module', () => {
    const decision = decide(found(CALLS), event);
    expect(decision.reason).toBe('manifest-released');
    expect(releasedDirs(found(CALLS))).toEqual(['prod', 'stage']);
    expect(intents(decision, 'start-run')).toEqual([]);
    expect(decision.assumptions).toContainEqual({ that: 'run-state', run: RUN, states: ['claimed'] });
    const [saved] = intents(decision, 'save-change');
    expect(saved?.change?.dirspaces.map(({ dir }) => dir)).toEqual(['prod', 'stage']);
    expect(saved?.change?.unmatched).toMatchObject([{ path: 'modules/vpc/main.tf', code: 'called-as-module' }]);
  });

  it('gets what is of its own environment; the rest has runs of its own, on the same base', () => {
    const config = 'workflows:\n  - tag_query: dir:prod\n    environment: production\n';
    const snapshot = found(CALLS, { ...MODULE_CHANGED, config });
    expect(releasedDirs(snapshot)).toEqual(['stage']);
    const [other, ...more] = intents(decide(snapshot, event), 'start-run');
    expect(more).toEqual([]);
    expect(other?.run).toMatchObject({ environment: 'production', baseSha: BASE, headSha: HEAD, discovers: null });
    expect(startedDirs(snapshot)).toEqual([['prod']]);
    expect(intents(decide(snapshot, event), 'dispatch')).toHaveLength(1);
  });

  it('goes home when everything belongs elsewhere', () => {
    const config = 'workflows:\n  - tag_query: ""\n    environment: production\n';
    const decision = decide(found(CALLS, { ...MODULE_CHANGED, config }), event);
    expect(decision.reason).toBe('planned-elsewhere');
    expect(intents(decision, 'refuse-manifest')).toMatchObject([{ run: RUN, reason: 'planned-elsewhere' }]);
    expect(intents(decision, 'end-run')).toMatchObject([{ run: RUN }]);
    expect(startedDirs(found(CALLS, { ...MODULE_CHANGED, config }))).toEqual([['prod', 'stage']]);
  });

  it.each<[string, Given, Partial<Run>, string]>([
    ['the head moved', { ...MODULE_CHANGED, pull: { headSha: '9'.repeat(40) } }, {}, 'head-moved'],
    ['the pull request was closed', { ...MODULE_CHANGED, pull: { state: 'closed' } }, {}, 'pull-closed'],
    ['the repository was paused', { ...MODULE_CHANGED, ours: { repositoryPaused: true } }, {}, 'repository-paused'],
    ['the configuration broke', { ...MODULE_CHANGED, config: 'dirs: [1\n' }, {}, 'config-broken'],
    [
      'the workflow file went',
      { ...MODULE_CHANGED, github: { workflowFile: { known: true, value: null } } },
      {},
      'config-broken',
    ],
    ['nothing is touched', { files: FILES, changed: ['README.md'] }, { targets: [] }, 'no-directories'],
  ])('gets nothing when %s', (_, given, more, reason) => {
    const decision = decide(found({ paths: {}, symlinks: [] }, given, more), event);
    expect(decision.reason).toBe(reason);
    expect(intents(decision, 'refuse-manifest')).toMatchObject([{ run: RUN, reason }]);
    expect(intents(decision, 'release-manifest')).toEqual([]);
    expect(intents(decision, 'end-run')).toHaveLength(1);
  });

  it.each(['running', 'superseded', 'cancelled', 'succeeded'] as const)('is not heard when the run is %s', (state) => {
    expect(decide(found(CALLS, MODULE_CHANGED, { state }), event)).toMatchObject({ reason: 'run-over', intents: [] });
  });

  it('is not heard when another run found it', () => {
    const sent = discovery({ runId: id(2), index: CALLS });
    const snapshot = snapshotOf({ ...MODULE_CHANGED, ours: { runs: [looking()], discovery: sent } });
    expect(decide(snapshot, event)).toMatchObject({ reason: 'not-our-run', intents: [] });
  });

  it('plans what a command selected and nothing else, and says so when that is nothing', () => {
    const one = { discovers: { automatic: false, query: 'dir:stage' }, targets: [] } as const;
    expect(releasedDirs(found(CALLS, MODULE_CHANGED, one))).toEqual(['stage']);
    const none = { discovers: { automatic: false, query: 'dir:nowhere' }, targets: [] } as const;
    const decision = decide(found(CALLS, MODULE_CHANGED, none), event);
    expect(decision.reason).toBe('no-match');
    expect(intents(decision, 'reply')).toHaveLength(1);
  });

  it('keeps people out whom the rules keep out', () => {
    const config =
      'access_control:\n  policies:\n    - tag_query: dir:prod\n      plan: [user:bob]\n    - tag_query: ""\n';
    const snapshot = found(CALLS, { ...MODULE_CHANGED, config });
    expect(releasedDirs(snapshot)).toEqual(['stage']);
    expect(reasons(decide(snapshot, event))).toContain('access-denied');
  });
});

describe('an index cannot hide a root', () => {
  const prodChanged: Given = { files: FILES, changed: ['prod/main.tf'] };
  const hides = (caller: string): ModuleIndex => ({ paths: { [caller]: { modules: ['../prod'] } }, symlinks: [] });
  const own = { targets: [{ index: 0, dir: 'prod', workspace: 'default', planId: 'plan-prod' }] };

  it.each<[string, ModuleIndex, Given, readonly string[]]>([
    ['the caller does not exist', hides('nowhere'), prodChanged, ['prod']],
    [
      'the caller is never planned',
      hides('stage'),
      { ...prodChanged, config: 'dirs:\n  stage:\n    when_modified:\n      file_patterns: []\n' },
      ['prod'],
    ],
    [
      'they call each other and nobody else calls them',
      { paths: { prod: { modules: ['../stage'] }, stage: { modules: ['../prod'] } }, symlinks: [] },
      prodChanged,
      ['prod'],
    ],
    [
      'the root was applied before',
      hides('stage'),
      { ...prodChanged, ours: { lastApplies: [{ dir: 'prod', workspace: 'default', at: NOW - 1 }] } },
      ['prod', 'stage'],
    ],
    [
      'the configuration names the root',
      hides('stage'),
      { ...prodChanged, config: 'dirs:\n  prod: {}\n' },
      ['prod', 'stage'],
    ],
  ])('%s', (_, index, given, expected) => {
    expect(releasedDirs(found(index, given, own))).toEqual(expected);
  });

  it('without saying so: a root that was never applied is planned with its caller and told', () => {
    const decision = decide(found(hides('stage'), prodChanged, own), event);
    expect(intents(decision, 'release-manifest')[0]?.targets?.targets.map(({ dir }) => dir)).toEqual(['stage']);
    expect(intents(decision, 'save-change')[0]?.change?.unmatched).toMatchObject([
      { path: 'prod/main.tf', code: 'called-as-module' },
    ]);
  });

  it('nor take its rules away: tags under the default branch count for what only the head names', () => {
    const rules =
      'access_control:\n  policies:\n    - tag_query: secret\n      plan: [user:bob]\n    - tag_query: ""\n';
    const config = `${rules}dirs:\n  pro*/*.tf:\n    tags: [secret]\n`;
    const snapshot = found(hides('stage'), { ...prodChanged, config, head: `${config}  prod: {}\n` }, own);
    expect(releasedDirs(snapshot)).toEqual(['stage']);
    expect(reasons(decide(snapshot, event))).toContain('access-denied');
  });

  it('nor move a directory with a link that is not in the tree', () => {
    const index: ModuleIndex = { paths: {}, symlinks: [['prod', 'other']] };
    const config = 'dirs:\n  "**/secret.tf":\n    tags: [secret]\n';
    const files = [...FILES, 'other/secret.tf'];
    const change = intents(decide(found(index, { ...prodChanged, files, config }, own), event), 'save-change')[0]
      ?.change;
    expect(change?.dirspaces).toMatchObject([
      { dir: 'prod', tags: ['dir:prod', 'workspace:default', 'stack_name:default'] },
    ]);
  });
});

it('an apply after the discovery sees the same change', () => {
  const index = discovery({ index: CALLS });
  const snapshot = planned({ ...MODULE_CHANGED, ours: { moduleIndex: index } }, ['prod', 'stage']);
  const decision = decide(snapshot, comment('plumbline apply'));
  expect(decision.reason).toBe('apply-started');
  expect(intents(decision, 'start-run')[0]?.run.targets.map(({ dir }) => dir)).toEqual(['prod', 'stage']);
  expect(decide(snapshot, pullEvent('reopened')).reason).toBe('already-planned');
});

it.each([
  ['merge-conflict', 'Head and base conflict in prod/main.tf', 1],
  ['cancelled', 'The run was cancelled.', 0],
])('a run that ends before it has looked says why: %s', (code, message, replies) => {
  const report = { runId: RUN, treeSha: null, problem: { code, message }, outcomes: [] };
  const snapshot = unlooked({ ...MODULE_CHANGED, ours: { runs: [looking()], report } });
  const decision = decide(snapshot, { ...event, kind: 'run-reported' });
  expect(intents(decision, 'end-run')).toMatchObject([{ run: RUN, state: 'failed', reason: 'run-failed' }]);
  expect(intents(decision, 'reply').filter(({ body }) => body.includes('conflict in'))).toHaveLength(replies);
  expect(intents(decision, 'start-run')).toEqual([]);
});

describe('builders', () => {
  const config = 'config_builder:\n  enabled: true\n  script: make-config\nmodules: off\n';
  const given: Given = { files: FILES, changed: ['prod/main.tf'], config };
  const order = (more: Partial<DiscoveryOrder> = {}) => ({
    discovers: { ...AUTOMATIC, ...more },
    targets: [{ index: 0, dir: 'prod', workspace: 'default', planId: 'plan-prod' }],
  });
  const printed = (value: string) => ({ index: { paths: {}, symlinks: [] }, config: { ok: true, value } }) as const;

  function afterBuild(more: Partial<Discovery>, change: Given = given): Snapshot {
    const sent = discovery(more);
    return snapshotOf({ ...change, ours: { runs: [looking(order())], discovery: sent, moduleIndex: sent } });
  }

  it('are run by the run that looks, with the configuration of now', () => {
    const [started] = intents(decide(unlooked(given), pullEvent('opened')), 'start-run');
    expect(started?.run.discovers).toMatchObject({ automatic: true, build: { config: { script: 'make-config' } } });
    expect(JSON.parse(started?.run.discovers?.build?.config?.input ?? '')).toMatchObject({ modules: 'off' });
  });

  it('come from the default branch, not from the pull request', () => {
    const head = config.replace('make-config', 'steal-secrets');
    const [started] = intents(decide(unlooked({ ...given, head }), pullEvent('opened')), 'start-run');
    expect(started?.run.discovers?.build?.config?.script).toBe('make-config');
  });

  it('add dirspaces', () => {
    const text = JSON.stringify({ dirs: { prod: { workspaces: { blue: {}, green: {} } } } });
    const decision = decide(afterBuild(printed(text)), event);
    expect(decision.reason).toBe('manifest-released');
    const targets = intents(decision, 'release-manifest')[0]?.targets?.targets ?? [];
    expect(targets.map(({ workspace }) => workspace).sort()).toEqual(['blue', 'default', 'green']);
  });

  it('say nothing about what decides', () => {
    const text = JSON.stringify({ enabled: false, access_control: { enabled: false }, workflows: [] });
    expect(decide(afterBuild(printed(text)), event).reason).toBe('manifest-released');
  });

  it.each<[string, Partial<Discovery>, string]>([
    ['fails', { config: { ok: false, message: 'no such file' } }, 'builder-failed'],
    ['prints no configuration', printed('{"dirz": 1}'), 'config-broken'],
    ['prints rubbish', printed(']['), 'config-broken'],
  ])('plan nothing when one %s', (_, more, reason) => {
    const decision = decide(afterBuild(more), event);
    expect(decision.reason).toBe(reason);
    expect(intents(decision, 'release-manifest')).toEqual([]);
    expect(intents(decision, 'save-change')[0]?.notices).toHaveLength(1);
  });

  it('are asked again after a failure', () => {
    const failed = discovery({ config: { ok: false, message: 'x' } });
    const snapshot = snapshotOf({ ...given, ours: { moduleIndex: failed } });
    expect(intents(decide(snapshot, comment('plumbline plan')), 'start-run')).toHaveLength(1);
  });

  it('that make a tree add files and changes, and take none away', () => {
    const text = 'tree_builder:\n  enabled: true\n  script: make-tree\n';
    const tree = {
      ok: true,
      value: [
        { path: 'made/up/main.tf', changed: true },
        { path: 'prod/main.tf', changed: false },
        { path: '../out/main.tf', changed: true },
      ],
    } as const;
    const snapshot = afterBuild({ tree }, { ...given, config: text });
    expect(releasedDirs(snapshot)).toEqual(['made/up', 'prod']);
  });
});

import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { needFor } from '../../src/decision/need-for.ts';
import { triage } from '../../src/decision/triage.ts';
import type { Decision } from '../../src/domain/decision.ts';
import type { Event } from '../../src/domain/event.ts';
import { MINUTE, SECOND } from '../../src/domain/instant.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { MergeGroup } from '../../src/domain/merge-group.ts';
import { REASONS } from '../../src/domain/reason.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import {
  BASE,
  BOT,
  discovery,
  type Given,
  HEAD,
  id,
  intents,
  NOW,
  planFacts,
  planned,
  pullEvent,
  REPOSITORY,
  result,
  run,
  snapshotOf,
  storedPlan,
  TREE,
} from './build.ts';

const MERGE = '1'.repeat(40);
const BEFORE = '2'.repeat(40);
const OTHER_TREE = '3'.repeat(40);

type GroupEvent = Extract<Event, { kind: 'merge-group' }>;

/** The queue tries to merge the pull request onto the branch as it is; `baseSha`: onto the merge of the one before it. */
function requested(more: Partial<GroupEvent> = {}): GroupEvent {
  return {
    kind: 'merge-group',
    action: 'checks-requested',
    repository: REPOSITORY,
    pull: 7,
    headSha: MERGE,
    baseSha: BASE,
    baseBranch: 'main',
    ...more,
  };
}

function group(more: Partial<MergeGroup> = {}): MergeGroup {
  return { pull: 7, headSha: MERGE, baseSha: BASE, baseBranch: 'main', state: 'pending', since: NOW, ...more };
}

const ahead = (state: MergeGroup['state']): MergeGroup => group({ pull: 6, headSha: BEFORE, state });

function ourPull(mergeGroup: MergeGroup | null) {
  const { number, headSha, baseRef } = { number: 7, headSha: HEAD, baseRef: 'main' };
  return { number, headSha, baseRef, state: 'open', firstAppliedAt: null, unlockedAt: null, mergeGroup } as const;
}

/** Planned on the branch as it is, and in the queue. */
function queued(given: Given & { readonly groups?: readonly MergeGroup[]; readonly own?: MergeGroup } = {}): Snapshot {
  const ready = planned({ ...given, github: { treeOf: TREE, ...given.github } });
  const { groups: mergeGroups = [], own } = given;
  return { ...ready, ours: { ...ready.ours, mergeGroups, pull: ourPull(own ?? null) } };
}

/** On the merge of the one before it, of which these files changed since the branch. */
function stacked(files: readonly string[], given: Parameters<typeof queued>[0] = {}): Snapshot {
  const since = { [BASE]: known(files.map((path) => ({ path, status: 'modified' as const }))) };
  return queued({
    groups: [ahead('passed')],
    ...given,
    github: { treeOf: OTHER_TREE, baseFilesSince: since, ...given.github },
  });
}

const ON_BEFORE = requested({ baseSha: BEFORE });

function told(decision: Decision): readonly (string | null)[] {
  return intents(decision, 'check').map(({ name, sha, conclusion }) => {
    expect(sha).toBe(MERGE);
    return `${name} ${conclusion}`;
  });
}

const saved = (decision: Decision) =>
  intents(decision, 'save-merge-group').map((intent) => intent.group?.state ?? null);

describe('a merge that the queue tries', () => {
  it('passes when every dirspace is planned for it', () => {
    const decision = decide(queued(), requested());
    expect(decision.reason).toBe('merge-group-passed');
    expect(told(decision)).toEqual(['plumbline/plan success']);
    expect(saved(decision)).toEqual(['passed']);
    expect(intents(decision, 'start-run')).toEqual([]);
  });

  it('passes when the pull request touches nothing that is planned', () => {
    const decision = decide(snapshotOf({ changed: ['README.md'], github: { treeOf: TREE } }), requested());
    expect(decision.reason).toBe('merge-group-passed');
    expect(intents(decision, 'check')).toMatchObject([{ title: 'Nothing to plan' }]);
  });

  it.each<[string, Given, string, string]>([
    ['nobody planned it', {}, 'plan-missing', 'action_required'],
    ['its plan failed', { ours: { results: [result('prod', { state: 'plan-failed' })] } }, 'plan-failed', 'failure'],
    [
      'an apply may have half happened',
      { ours: { results: [result('prod', { state: 'unknown', kind: 'apply' })] } },
      'apply-unknown',
      'action_required',
    ],
    [
      'it was planned for an older commit',
      { ours: { results: [result('prod', { headSha: 'f'.repeat(40) })] } },
      'plan-stale-head',
      'action_required',
    ],
    ['the configuration is broken', { config: 'dirs: [1\n' }, 'config-broken', 'failure'],
    ['the files cannot be read', { github: { files: unknown('truncated') } }, 'files-unknown', 'action_required'],
    [
      'nobody knows which directory calls which',
      { ours: { moduleIndex: null }, config: 'modules: auto\n' },
      'modules-unknown',
      'action_required',
    ],
  ])('does not pass when %s, and says so on the pull request', (_, given, reason, conclusion) => {
    const decision = decide(snapshotOf({ ...given, github: { treeOf: TREE, ...given.github } }), requested());
    expect(decision.reason).toBe(reason);
    expect(told(decision)).toEqual([`plumbline/plan ${conclusion}`]);
    expect(saved(decision)).toEqual(['failed']);
    expect(intents(decision, 'reply')).toMatchObject([
      { pull: 7, key: `merge-group/${MERGE}`, body: expect.stringContaining(reason) },
    ]);
  });

  it('waits while the plan is being made, and is looked at again when that ends', () => {
    const decision = decide(queued({ ours: { runs: [run()] } }), requested());
    expect(decision.reason).toBe('merge-group-waits');
    expect(told(decision)).toEqual(['plumbline/plan null']);
    expect(intents(decision, 'set-timer')).toMatchObject([{ at: NOW + MINUTE, event: { action: 'again' } }]);
    const report = {
      runId: id(1),
      treeSha: TREE,
      problem: null,
      outcomes: [{ index: 0, state: 'planned' as const, digest: 'd', planStored: true, serial: 1 }],
    };
    const reported = snapshotOf({ ours: { runs: [run()], report, pull: ourPull(group()) } });
    const after = decide(reported, { kind: 'run-reported', repository: REPOSITORY, pull: 7, run: id(1) });
    expect(intents(after, 'emit').map(({ event }) => event)).toContainEqual({ ...requested(), action: 'again' });
  });

  it.each([
    [
      'is required',
      known({ requiredChecks: [{ name: 'plumbline/apply', appId: null }], requiredApprovals: 0, mergeQueue: true }),
      1,
    ],
    ['may be required, for nobody can tell', unknown('403'), 1],
    ['is not required', known({ requiredChecks: [], requiredApprovals: 0, mergeQueue: true }), 0],
  ] as const)('has the apply check where it %s', (_, rules, count) => {
    const open = decide(queued({ github: { rules } }), requested());
    expect(told(open).slice(1)).toEqual(count === 0 ? [] : ['plumbline/apply action_required']);
    expect(intents(open, 'check').slice(1)).toMatchObject(
      count === 0 ? [] : [{ summary: REASONS['merge-group-unapplied'] }],
    );
    const ours = { results: [result('prod', { state: 'applied', kind: 'apply' })] };
    const done = decide(queued({ github: { rules }, ours }), requested());
    expect(told(done).slice(1)).toEqual(count === 0 ? [] : ['plumbline/apply success']);
  });

  it('is none of ours where Plumbline does not work for the branch', () => {
    const decision = decide(queued({ pull: { baseRef: 'develop' } }), requested({ baseBranch: 'develop' }));
    expect(decision).toMatchObject({ reason: 'branch-not-ours', intents: [] });
  });

  it('does not wait for later layers when the first one is applied only after the merge', () => {
    const layers = 'dirs:\n  stage:\n    when_modified:\n      depends_on: "dir:prod"\n';
    const afterMerge = 'apply_requirements:\n  checks: [{tag_query: "", apply_after_merge: {enabled: true}}]\n';
    const given = { changed: ['prod/main.tf', 'stage/main.tf'] };
    const waits = decide(queued({ ...given, config: layers }), requested());
    expect(waits.reason).toBe('plan-missing');
    const passes = decide(queued({ ...given, config: `${layers}${afterMerge}` }), requested());
    expect(passes.reason).toBe('merge-group-passed');
  });
});

describe('a merge on top of another one in the queue', () => {
  it('asks what that one changes, up to it and not up to the branch', () => {
    const first = triage(ON_BEFORE, { botId: BOT.id });
    expect(first).toMatchObject({ need: { pull: 7, treeOf: MERGE, baseFilesTo: BEFORE, rules: true } });
    const { baseFilesSince: _, ...github } = stacked([]).github ?? expect.fail('there is a snapshot of GitHub');
    expect(needFor(ON_BEFORE, { ...stacked([]), github })).toMatchObject({
      baseFilesSince: [BASE],
      baseFilesTo: BEFORE,
    });
  });

  it('passes when that one changes nothing here and passed itself', () => {
    expect(told(decide(stacked(['stage/prod.tfvars']), ON_BEFORE))).toEqual(['plumbline/plan success']);
  });

  it('is planned on top of it when that one changes something here', () => {
    const decision = decide(stacked(['prod/other.tf']), ON_BEFORE);
    expect(decision.reason).toBe('merge-group-waits');
    expect(intents(decision, 'start-run')).toMatchObject([
      { run: { kind: 'plan', pull: 7, headSha: HEAD, baseSha: BEFORE, targets: [{ dir: 'prod' }] } },
    ]);
    expect(intents(decision, 'erase-plans')).toContainEqual({
      do: 'erase-plans',
      plans: ['plan-prod'],
      reason: 'plan-stale-base',
    });
    expect(told(decision)).toEqual(['plumbline/plan null']);
  });

  it('passes with the plan that was made on top of it, which a merge keeps valid and an apply before it does not', () => {
    const facts = { baseSha: BEFORE, treeSha: OTHER_TREE };
    const ready = stacked([]);
    const [plan] = ready.ours.plans;
    const ours = {
      plans: [storedPlan('prod', { facts: { ...(plan?.facts ?? planFacts()), ...facts } })],
      results: [result('prod', { baseSha: BEFORE })],
    };
    const passed = decide({ ...ready, ours: { ...ready.ours, ...ours } }, ON_BEFORE);
    expect(passed.reason).toBe('merge-group-passed');
  });

  it.each<[string, NonNullable<Parameters<typeof queued>[0]>, string]>([
    ['plans are only marked here', { config: 'stale_plans: mark\n' }, 'plan-stale-base'],
    ['the repository is paused', { ours: { repositoryPaused: true } }, 'plan-stale-base'],
    ['the label says so', { pull: { labels: ['plumbline:skip'] } }, 'plan-stale-base'],
    ['the workflow file is gone', { github: { workflowFile: known(null) } }, 'workflow-missing'],
  ])('does not pass when it would have to be planned and %s; the plan stays', (_, given, reason) => {
    const ready = planned(given);
    const ours = { ...ready.ours, ...given.ours };
    const decision = decide(stacked(['prod/other.tf'], { ...given, ours }), ON_BEFORE);
    expect(decision.reason).toBe(reason);
    expect(told(decision)).toEqual(['plumbline/plan action_required']);
    expect(intents(decision, 'start-run')).toEqual([]);
    if (reason === 'plan-stale-base') {
      expect(intents(decision, 'erase-plans')).toEqual([]);
    }
  });

  it.each([
    ['waits for it', ahead('pending'), 0, 'merge-group-waits'],
    ['gives GitHub a moment to make another group when it failed', ahead('failed'), 30 * SECOND, 'merge-group-waits'],
    ['does not pass when it failed', ahead('failed'), 2 * MINUTE, 'merge-group-behind'],
    ['waits to hear of it', null, 0, 'merge-group-waits'],
    ['does not wait for ever to hear of it', null, 3 * MINUTE, 'merge-group-base-unknown'],
  ] as const)('%s', (_, other, age, reason) => {
    const own = group({ baseSha: BEFORE, since: NOW - age });
    const decision = decide(stacked([], { groups: other === null ? [] : [other], own }), ON_BEFORE);
    expect(decision.reason).toBe(reason);
    if (reason === 'merge-group-waits') {
      expect(intents(decision, 'set-timer')).toMatchObject([{ at: NOW + 20 * SECOND }]);
    }
  });

  it('does not pass while that one changes the configuration, or nobody knows whether it does', () => {
    expect(decide(stacked(['.plumbline/config.yml']), ON_BEFORE).reason).toBe('merge-group-config');
    const github = { baseFilesSince: { [BASE]: unknown('the tree is too large') } };
    expect(decide(stacked([], { github }), ON_BEFORE).reason).toBe('merge-group-config');
  });

  it('tells those on top of it', () => {
    const behind = group({ pull: 8, headSha: '4'.repeat(40), baseSha: MERGE });
    const decision = decide(queued({ groups: [behind, ahead('passed')] }), requested());
    expect(intents(decision, 'emit').map(({ event }) => event)).toMatchObject([
      { kind: 'merge-group', action: 'again', pull: 8, baseSha: MERGE },
    ]);
  });

  it('looks what there is to plan when what that one changes may call other modules', () => {
    const index = { paths: { prod: { modules: ['../modules/net'] } }, symlinks: [] };
    const ours = { moduleIndex: discovery({ index, baseSha: '9'.repeat(40), treeSha: '8'.repeat(40) }) };
    const ready = planned();
    const since = {
      [BASE]: known([]),
      ['9'.repeat(40)]: known([{ path: 'stage/main.tf', status: 'modified' as const }]),
    };
    const snapshot = stacked([], { ours: { ...ready.ours, ...ours }, github: { baseFilesSince: since } });
    const decision = decide(snapshot, ON_BEFORE);
    expect(decision.reason).toBe('merge-group-waits');
    expect(intents(decision, 'start-run')).toMatchObject([
      { run: { baseSha: BEFORE, discovers: { automatic: true } } },
    ]);
  });
});

describe('a merge that the queue does not try any more', () => {
  it('is forgotten; what was planned for it is looked at again soon, unless it was merged', () => {
    const own = group({ baseSha: BEFORE });
    const ours = { results: [result('prod', { baseSha: BEFORE })], pull: ourPull(own) };
    const destroyed = requested({ action: 'destroyed', baseSha: BEFORE, merged: false });
    const decision = decide({ ...snapshotOf({ ours }), github: null }, destroyed);
    expect(decision.reason).toBe('merge-group-over');
    expect(saved(decision)).toEqual([null]);
    expect(told(decision)).toEqual(['plumbline/plan cancelled']);
    expect(intents(decision, 'set-timer')).toMatchObject([
      { at: NOW + 30 * SECOND, event: { kind: 'reconsider', because: 'base-moved', pull: 7 } },
    ]);
    const merged = decide({ ...snapshotOf({ ours }), github: null }, { ...destroyed, merged: true });
    expect(intents(merged, 'set-timer')).toEqual([]);
  });

  it('says nothing of the one that took its place', () => {
    const snapshot = snapshotOf({ ours: { pull: ourPull(group({ headSha: '5'.repeat(40) })) } });
    for (const action of ['destroyed', 'again'] as const) {
      expect(decide(snapshot, requested({ action }))).toMatchObject({ reason: 'merge-group-over', intents: [] });
    }
  });

  it('is not looked at again when it was decided', () => {
    const snapshot = queued({ own: group({ state: 'passed' }) });
    expect(decide(snapshot, requested({ action: 'again' })).intents).toEqual([]);
  });

  it('keeps nothing of a pull request that is closed', () => {
    const snapshot = queued({ pull: { state: 'closed' }, own: group() });
    const decision = decide(snapshot, requested());
    expect(decision.reason).toBe('pull-closed');
    expect(saved(decision)).toEqual([null]);
  });
});

it('a merge whose commit GitHub does not know yet is asked about again, and not for ever', () => {
  const github = { treeOf: null };
  expect(decide(queued({ github }), requested()).reason).toBe('merge-group-waits');
  const own = group({ since: NOW - 3 * MINUTE });
  expect(decide(queued({ github, own }), requested({ action: 'again' })).reason).toBe('merge-group-base-unknown');
});

it('a pushed commit does not end the wait of another one', () => {
  expect(decide(queued({ own: group() }), pullEvent('synchronize')).reason).toBe('already-planned');
});

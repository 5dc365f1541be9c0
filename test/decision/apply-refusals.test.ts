import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { MINUTE } from '../../src/domain/instant.ts';
import { known } from '../../src/domain/known.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import {
  BOB,
  comment,
  HEAD,
  id,
  intents,
  NOW,
  planFacts,
  planned,
  pullEvent,
  REPOSITORY,
  reasons,
  result,
  run,
  snapshotOf,
  storedPlan,
} from './build.ts';

const CHECK = (more: string) => `apply_requirements:\n  checks:\n    - tag_query: ""\n      ${more}\n`;
const applying = run({ id: id(2), kind: 'apply', state: 'running' });
const busy = [{ dir: 'prod', workspace: 'default', pull: 9, run: id(9), kind: 'apply' as const }];

/** What is planned, with our facts changed. */
function withOurs(more: Partial<Snapshot['ours']>, given: Parameters<typeof planned>[0] = {}): Snapshot {
  const snapshot = planned(given);
  return { ...snapshot, ours: { ...snapshot.ours, ...more } };
}

describe('an apply is refused', () => {
  it.each<[string, Snapshot, string]>([
    ['while another apply of the pull request runs there', withOurs({ runs: [applying] }), 'apply-running'],
    ['while an apply of another pull request runs there', withOurs({ busy }), 'run-elsewhere'],
    [
      'when everything is applied',
      withOurs({ results: [result('prod', { kind: 'apply', state: 'applied' })] }),
      'everything-applied',
    ],
    [
      'when the plan has no changes',
      withOurs({ results: [result('prod', { state: 'no-changes' })] }),
      'everything-applied',
    ],
    [
      'when somebody applied there after the plan was made',
      withOurs({ lastApplies: [{ dir: 'prod', workspace: 'default', at: NOW - MINUTE }] }),
      'plan-stale-state',
    ],
    [
      'when the default branch changed what a run executes',
      withOurs({ plans: [storedPlan('prod', { facts: planFacts({ configDigest: 'another' }) })] }),
      'plan-stale-config',
    ],
    [
      'until the plan is shown',
      withOurs({ plans: planned().ours.plans.map((plan) => ({ ...plan, publishedAt: null })) }),
      'plan-not-shown',
    ],
    [
      'when the file of the plan did not arrive',
      withOurs({ plans: [storedPlan('prod', { state: 'expected', facts: null })] }),
      'plan-not-stored',
    ],
    ['when the plan failed', withOurs({ results: [result('prod', { state: 'plan-failed' })] }), 'plan-failed'],
    [
      'when no requirement covers the dirspace',
      planned({ config: 'apply_requirements:\n  checks:\n    - tag_query: "dir:other"\n' }),
      'no-matching-requirement',
    ],
    [
      'before the merge, when told so',
      planned({ config: CHECK('apply_after_merge: {enabled: true}') }),
      'not-merged-yet',
    ],
    ['for a draft', planned({ pull: { draft: true } }), 'not-ready-for-review'],
    [
      'when the plan is riskier than is allowed',
      withOurs({ results: [result('prod', { riskPoints: 6 })] }, { config: CHECK('risk: {max_points: 5}') }),
      'risk-too-high',
    ],
    [
      'when nobody counted how risky the plan is, and that is asked',
      withOurs({ results: [result('prod', { riskPoints: null })] }, { config: CHECK('risk: {max_points: 5}') }),
      'risk-unknown',
    ],
    [
      'when the engine is not one that is run here',
      planned({ config: 'engine: {name: terragrunt}\n' }),
      'engine-unsupported',
    ],
    [
      'when a file is changed that only others may change',
      planned({
        config: 'access_control:\n  files: {prod/main.tf: ["user:carol"]}\n',
        github: { permissions: { bob: known('admin' as const) } },
      }),
      'file-update-denied',
    ],
  ])('%s', (_name, snapshot, reason) => {
    const decision = decide(snapshot, comment('plumbline apply', BOB));
    expect([decision.reason, ...reasons(decision)]).toContain(reason);
    expect(intents(decision, 'start-run')).toEqual([]);
    expect(intents(decision, 'reply')[0]?.body).toContain(`\`${reason}\``);
  });

  it('for another commit than the newest', () => {
    const decision = decide(planned(), comment('plumbline apply 1234567'));
    expect(decision.reason).toBe('sha-not-head');
    const started = decide(planned(), comment(`plumbline apply ${HEAD.slice(0, 7)}1`));
    expect(started.reason).toBe('sha-not-head');
  });

  it('when what is left of its run was nothing', () => {
    const claimed = run({
      id: id(2),
      kind: 'apply',
      state: 'claimed',
      requestedBy: { id: BOB.id, login: BOB.login },
      requestedAt: NOW - MINUTE,
    });
    const snapshot = withOurs({ runs: [claimed], results: [result('prod', { state: 'no-changes' })] });
    const event = { kind: 'apply-claimed', repository: REPOSITORY, pull: 7, run: claimed.id } as const;
    expect(decide(snapshot, event).reason).toBe('nothing-to-apply');
  });
});

describe('what is applied when not everything may be', () => {
  const dirs = ['a', 'b', 'c', 'd'] as const;
  const given = (config = '') => {
    const bare = planned({ config, files: dirs.map((dir) => `${dir}/main.tf`) }, dirs);
    const results = bare.ours.results.map((one) =>
      one.dir === 'b' || one.dir === 'c' ? { ...one, state: 'plan-failed' as const } : one,
    );
    return { ...bare, ours: { ...bare.ours, results } };
  };
  const asked = (body: string, config?: string) => {
    const decision = decide(given(config), comment(body));
    return {
      applied: intents(decision, 'start-run').flatMap((one) => one.run.targets.map(({ dir }) => dir)),
      said: intents(decision, 'reply')[0]?.body ?? '',
    };
  };

  it.each<[string, string, string, readonly string[], RegExp | null]>([
    ['nothing of a plain apply', 'plumbline apply', '', [], /^\*\*Not done:/u],
    [
      'what passes, with `apply_partially`',
      'plumbline apply',
      'apply_partially: true\n',
      ['a', 'd'],
      /^\*\*Partly done:/u,
    ],
    ['what passes of a tag query', 'plumbline apply dir:a or dir:b', '', ['a'], /^\*\*Partly done:/u],
    ['what a tag query selects, when all of it passes', 'plumbline apply dir:a or dir:d', '', ['a', 'd'], null],
    ['nothing of a tag query when nothing of it passes', 'plumbline apply dir:b', '', [], /^\*\*Not done:/u],
  ])('is %s', (_name, body, config, dirsApplied, says) => {
    const { applied, said } = asked(body, config);
    expect(applied).toEqual(dirsApplied);
    if (says === null) {
      expect(said).toBe('');
    } else {
      expect(said).toMatch(says);
    }
  });

  it('and the answer names each dirspace with what is missing, once, and one command for all of them', () => {
    const { said } = asked('plumbline apply');
    expect(said).toContain('- `b`, `c`: The newest plan failed.');
    expect(said).not.toContain('`a`');
    expect(said).toContain('Next: `plumbline plan`');
    expect(said.match(/plan-failed/gu)).toHaveLength(1);
    expect(asked('plumbline apply dir:b').said).toContain('Next: `plumbline plan dir:b`');
  });

  it('and one line of the trace says it for all of them', () => {
    const refused = decide(given(), comment('plumbline apply')).trace.filter(({ rule }) => rule === 'apply');
    expect(refused.map(({ reason }) => reason)).toEqual(['plan-failed']);
  });
});

describe('a plan is refused', () => {
  it.each<[string, Snapshot, string, string]>([
    ['while an apply runs there', withOurs({ runs: [applying] }), 'plumbline plan', 'apply-running'],
    [
      'when everything is applied and nothing was named',
      withOurs({ results: [result('prod', { kind: 'apply', state: 'applied' })] }),
      'plumbline plan',
      'everything-applied',
    ],
    ['for another commit than the newest', planned(), 'plumbline plan 1234567', 'sha-not-head'],
    [
      'from a fork, without the commit',
      planned({ config: 'forks: {plan: sandbox}\n', pull: { headRepositoryId: 11 } }),
      'plumbline plan',
      'fork-needs-sha',
    ],
  ])('%s', (_name, snapshot, asked, reason) => {
    const decision = decide(snapshot, comment(asked, BOB));
    expect(decision.reason).toBe(reason);
    expect(intents(decision, 'start-run')).toEqual([]);
    expect(intents(decision, 'reply')).toHaveLength(1);
  });

  it('of a fork, by itself, also where forks are planned', () => {
    const fork = snapshotOf({ config: 'forks: {plan: sandbox}\n', pull: { headRepositoryId: 11 } });
    expect(decide(fork, pullEvent('opened')).reason).toBe('fork-needs-sha');
  });

  it('when the change cannot be told', () => {
    const config =
      'dirs:\n  prod: {when_modified: {depends_on: "dir:stage"}}\n  stage: {when_modified: {depends_on: "dir:prod"}}\n';
    const decision = decide(snapshotOf({ config }), pullEvent('opened'));
    expect(decision.reason).toBe('change-broken');
    expect(intents(decision, 'start-run')).toEqual([]);
    expect(decide(snapshotOf({ config }), comment('plumbline plan')).reason).toBe('change-broken');
  });
});

describe('what GitHub refuses to start', () => {
  const dispatched = run({ state: 'dispatched' });
  const failed = (problem: Parameters<typeof decide>[1] & { kind: 'dispatch-failed' }) =>
    decide(snapshotOf({ ours: { runs: [dispatched] } }), problem);
  const event = { kind: 'dispatch-failed', repository: REPOSITORY, pull: 7, run: dispatched.id } as const;

  it.each([
    ['no workflow file', { what: 'workflow-missing' }, 'workflow-missing'],
    ['a workflow file that cannot be dispatched', { what: 'workflow-not-dispatchable', detail: '' }, 'workflow-unfit'],
    [
      'an environment that is not there',
      { what: 'environment-missing', environments: ['prod'] },
      'environment-missing',
    ],
    ['something else', { what: 'refused', detail: 'no' }, 'dispatch-refused'],
  ] as const)('is settled with its reason: %s', (_name, problem, reason) => {
    const decision = failed({ ...event, problem });
    expect(decision.reason).toBe(reason);
    expect(intents(decision, 'end-run')).toMatchObject([{ run: dispatched.id, state: 'vanished', reason }]);
    expect(intents(decision, 'save-change')).toMatchObject([{ notices: [{ kind: 'dispatch', problem }] }]);
  });
});

import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { needFor } from '../../src/decision/need-for.ts';
import { MINUTE } from '../../src/domain/instant.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { GitHubFacts, RequestedGate } from '../../src/domain/snapshot.ts';
import {
  ALICE,
  BOB,
  CAROL,
  comment,
  HEAD,
  id,
  intents,
  NOW,
  planned,
  pullEvent,
  REPOSITORY,
  reasons,
  review,
  run,
  snapshotOf,
} from './build.ts';

const CONFIG = `
hooks:
  all: {pre: [{type: run, cmd: [a]}], post: [{type: drift_create_issue}]}
  plan: {pre: [{type: env, name: B, cmd: [b]}]}
  apply: {post: [{type: run, cmd: [c]}]}
workflows:
  - tag_query: "dir:prod"
    plan: [{type: init, extra_args: [-upgrade]}, {type: plan}, {type: conftest, gate: {token: t, any_of: ["role:maintain"]}}]
    apply: [{type: init}, {type: run, cmd: [x]}, {type: apply}]
`;

const gate = (more: Partial<RequestedGate> = {}): RequestedGate => ({
  dir: 'prod',
  workspace: 'default',
  headSha: HEAD,
  planId: 'plan-prod',
  gate: { token: 'money', allOf: [], anyOf: [{ kind: 'user', login: 'carol' }], anyOfCount: 1 },
  policy: null,
  ...more,
});
const approval = (login: string, by: number) => ({ token: 'money', headSha: HEAD, by: { id: by, login }, at: NOW - 1 });

describe('steps', () => {
  it('of the workflow go to the runner in order, and hooks once per run', () => {
    const changed = ['prod/main.tf', 'stage/main.tf'];
    const [start] = intents(decide(snapshotOf({ config: CONFIG, changed }), pullEvent('opened')), 'start-run');
    const [prod, stage] = start?.run.settings ?? [];
    expect(prod?.steps?.map(({ type }) => type)).toEqual(['init', 'plan', 'conftest']);
    expect(prod?.steps?.[0]).toEqual({ type: 'init', extraArgs: ['-upgrade'], env: {} });
    expect(stage?.steps).toBeUndefined();
    expect(prod?.hooks?.pre.map(({ type }) => type)).toEqual(['run', 'env']);
    expect(prod?.hooks?.post).toEqual([]);
    expect(stage?.hooks).toBeUndefined();
  });

  it('of an apply are those of its own list', () => {
    const [start] = intents(decide(planned({ config: CONFIG }), comment('plumbline apply', BOB)), 'start-run');
    const [prod] = start?.run.settings ?? [];
    expect(prod?.steps?.map(({ type }) => type)).toEqual(['init', 'run', 'apply']);
    expect(prod?.hooks?.post.map(({ type }) => type)).toEqual(['run']);
  });
});

describe('the steps of a plan that its apply does again', () => {
  const steps = [
    '{type: run, cmd: [prepare]}',
    '{type: init}',
    '{type: env, name: A, cmd: [a]}',
    '{type: plan}',
    '{type: run, cmd: [cost], on_error: [{type: gate, token: t}]}',
    '{type: conftest}',
    '{type: checkov, ignore_errors: true}',
    '{type: run, cmd: [announce]}',
  ];
  const repeated = (list: readonly string[], more = '', asked = 'plumbline apply', who = BOB) => {
    const config = `${more}workflows: [{tag_query: "dir:prod", plan: [${list.join(', ')}]}]\n`;
    const [start] = intents(decide(planned({ config }), comment(asked, who)), 'start-run');
    expect(start?.run.kind).toBe(asked.split(' ')[1]?.startsWith('apply') === true ? 'apply' : 'plan');
    return start?.run.settings[0]?.gateSteps?.map((step) => ('cmd' in step ? step.cmd[0] : step.type));
  };

  it('are those that can hold it, and all before them, but for the engine’s own', () => {
    expect(repeated(steps)).toEqual(['prepare', 'a', 'cost', 'conftest']);
    expect(repeated([...steps, '{type: gates, cmd: [ask]}'])?.slice(-3)).toEqual(['checkov', 'announce', 'ask']);
  });

  it('are none where none can hold it, and none for a plan', () => {
    expect(repeated(steps.filter((step) => !/conftest|on_error/.test(step)))).toBeUndefined();
    expect(repeated(steps, '', 'plumbline plan')).toBeUndefined();
  });

  it('are none where gates do not count, or where the default branch says so', () => {
    const policies = (name: string) => `access_control: {policies: [{tag_query: "", ${name}: ["user:bob"]}]}\n`;
    expect(repeated(steps, policies('apply_force'), 'plumbline apply-force')).toBeUndefined();
    expect(repeated(steps, policies('apply_autoapprove'), 'plumbline apply-autoapprove')).toBeUndefined();
    expect(repeated(steps, 'apply_requirements: {repeat_gate_steps: false}\n')).toBeUndefined();
    expect(repeated(steps, 'apply_requirements: {repeat_gate_steps: true}\n')).toHaveLength(4);
  });
});

describe('a gate', () => {
  const cases: readonly (readonly [string, Partial<RequestedGate>, readonly ReturnType<typeof approval>[], boolean])[] =
    [
      ['holds the apply', {}, [], false],
      ['is met by whom it names', {}, [approval('carol', 3)], true],
      ['is not met by others', {}, [approval('bob', 2)], false],
      ['of another head is history', { headSha: 'e'.repeat(40) }, [], true],
      ['of a replaced plan is history', { planId: 'plan-before' }, [], true],
      ['of another dirspace does not count', { dir: 'stage' }, [], true],
    ];
  it.each(cases)('%s', (_, more, gateApprovals, applies) => {
    const ours = { gates: [gate(more)], gateApprovals };
    const bare = planned();
    const snapshot = { ...bare, ours: { ...bare.ours, ...ours } };
    const decision = decide(snapshot, comment('plumbline apply', BOB));
    expect(intents(decision, 'start-run')).toHaveLength(applies ? 1 : 0);
    expect(reasons(decision).includes('gate-missing')).toBe(!applies);
  });

  it.each<[string, Partial<GitHubFacts>, string]>([
    ['lost write permission', { permissions: { bob: known('write'), carol: known('read') } }, 'gate-missing'],
    ['has an unknown permission', { permissions: { bob: known('write') } }, 'permission-unknown'],
    ['pushed last', { lastPusher: known(CAROL) }, 'gate-missing'],
    ['may have pushed last', { lastPusher: unknown('502') }, 'last-pusher-unknown'],
  ])('is not met by somebody who %s since', (_name, github, reason) => {
    const bare = planned({ github });
    const snapshot = { ...bare, ours: { ...bare.ours, gates: [gate()], gateApprovals: [approval('carol', 3)] } };
    const decision = decide(snapshot, comment('plumbline apply', BOB));
    expect(new Set(reasons(decision))).toEqual(new Set([reason]));
    expect(intents(decision, 'start-run')).toEqual([]);
  });

  it('stays met when the same commit is planned again with the same content, and falls with it', () => {
    const given = (digest: string) => {
      const bare = planned();
      const before = { dir: 'prod', workspace: 'default', at: NOW - 60 * MINUTE, headSha: HEAD, digest };
      const old = { ...approval('carol', 3), at: NOW - 30 * MINUTE };
      const shownPlans = [before, ...bare.ours.shownPlans];
      return { ...bare, ours: { ...bare.ours, shownPlans, gates: [gate()], gateApprovals: [old] } };
    };
    expect(decide(given('d'.repeat(64)), comment('plumbline apply', BOB)).reason).toBe('apply-started');
    expect(decide(given('0'.repeat(64)), comment('plumbline apply', BOB)).reason).toBe('gate-missing');
  });

  it('makes the permission of whoever approved be read again, and who pushed last', () => {
    const bare = planned({ github: { permissions: { bob: known('write') } } });
    if (bare.github === null) {
      throw new TypeError('nothing was read from GitHub');
    }
    const { lastPusher: _, ...github } = bare.github;
    const ours = { ...bare.ours, gates: [gate()], gateApprovals: [approval('carol', 3)] };
    const need = needFor(comment('plumbline apply', BOB), { ...bare, github, ours });
    expect(need).toMatchObject({ permissionsOf: ['bob', 'carol'], lastPusher: true });
    const first = { ...bare, github, ours: { ...ours, gateApprovals: [] } };
    expect(needFor(comment('plumbline approve money', BOB), first)).toMatchObject({ lastPusher: true });
    expect(needFor(comment('plumbline apply', BOB), first)).not.toHaveProperty('lastPusher');
  });

  it('without a token is met by a review after the plan', () => {
    const rule = { allOf: [], anyOf: [{ kind: 'user', login: 'carol' }], anyOfCount: 1 } as const;
    const bare = planned({ github: { reviews: known([review(CAROL)]) } });
    const snapshot = { ...bare, ours: { ...bare.ours, gates: [gate({ gate: rule })] } };
    expect(intents(decide(snapshot, comment('plumbline apply', BOB)), 'start-run')).toHaveLength(1);
  });

  it.each([
    ['the policy step', 'conftest', 'conftest', true],
    ["the gate's name", 'buckets', 'conftest', true],
    ['another policy', 'opa', 'conftest', false],
    ['a gate of no policy', 'buckets', null, false],
  ])('of a policy is waived by a waiver that names it, by %s', (_, named, policy, applies) => {
    const text = `waivers: [{policy: ${named}, dir: prod, owner: carol, reason: soon, until: "2027-02-01"}]`;
    const bare = planned({ github: { waivers: known(text) } });
    const rule = { name: 'buckets', allOf: [], anyOf: [], anyOfCount: 1 };
    const snapshot = { ...bare, ours: { ...bare.ours, gates: [gate({ policy, gate: rule })] } };
    expect(intents(decide(snapshot, comment('plumbline apply', BOB)), 'start-run')).toHaveLength(applies ? 1 : 0);
  });

  it('makes the reviews and the teams that it names be read', () => {
    const rule = { allOf: [{ kind: 'team', slug: 'sre' }], anyOf: [], anyOfCount: 1 } as const;
    const bare = planned();
    if (bare.github === null) {
      throw new TypeError('nothing was read from GitHub');
    }
    const { reviews: _, ...github } = bare.github;
    const snapshot = {
      ...bare,
      github,
      ours: { ...bare.ours, gates: [gate({ gate: rule })], gateApprovals: [approval('carol', 3)] },
    };
    const need = needFor(comment('plumbline apply', BOB), snapshot);
    expect(need).toMatchObject({ reviews: true });
    expect(need?.teams?.map(({ login }) => login)).toEqual(expect.arrayContaining(['bob', 'carol']));
  });

  it('is approved by comment of whom it names, never by the author or who pushed last', () => {
    const bare = planned();
    const asked = gate({ gate: { token: 'money', allOf: [], anyOf: [{ kind: 'anyone' }], anyOfCount: 1 } });
    const snapshot = { ...bare, ours: { ...bare.ours, gates: [asked] } };
    expect(decide(snapshot, comment('plumbline approve money', ALICE)).reason).toBe('gate-denied');
    const pushed = { ...planned({ github: { lastPusher: known(CAROL) } }), ours: snapshot.ours };
    expect(decide(pushed, comment('plumbline approve money', CAROL)).reason).toBe('gate-denied');
    const approved = decide(snapshot, comment('plumbline approve money', CAROL));
    expect(approved.reason).toBe('gate-approved');
    expect(intents(approved, 'approve-gates')).toMatchObject([{ tokens: ['money'], by: { login: 'carol' } }]);
    expect(decide(snapshot, comment('plumbline approve other', CAROL)).reason).toBe('gate-unknown-token');
  });

  it('in a report holds what would apply by itself', () => {
    const config =
      'when_modified: {file_patterns: ["**/*.tf"], autoapply: true}\napply_requirements:\n  checks: [{tag_query: ""}]\n';
    const merged = (gates: readonly RequestedGate['gate'][]) => {
      const pull = { state: 'merged', mergedAt: NOW - 5, mergeCommitSha: 'f'.repeat(40) } as const;
      const bare = planned({ config, pull });
      const snapshot = {
        ...bare,
        ours: {
          ...bare.ours,
          runs: [run()],
          report: {
            runId: id(1),
            treeSha: null,
            problem: null,
            outcomes: [
              { index: 0, state: 'planned', digest: 'd'.repeat(64), planStored: true, serial: 1, gates },
            ] as const,
          },
        },
      };
      return decide(snapshot, { kind: 'run-reported', repository: REPOSITORY, pull: 7, run: id(1) });
    };
    expect(intents(merged([gate().gate]), 'start-run')).toEqual([]);
    expect(intents(merged([]), 'start-run')).toHaveLength(1);
  });
});

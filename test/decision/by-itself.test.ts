import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { MINUTE } from '../../src/domain/instant.ts';
import { ALICE, BOB, comment, HEAD, id, intents, NOW, planned, REPOSITORY, result, run } from './build.ts';

describe('what applies by itself', () => {
  const config =
    'when_modified: {file_patterns: ["**/*.tf"], autoapply: true}\napply_requirements:\n  checks: [{tag_query: ""}]\n';
  const pull = { state: 'merged', mergedAt: NOW - 5, mergeCommitSha: 'f'.repeat(40) } as const;
  const refused = { index: 0, state: 'not-attempted', digest: null, planStored: false, serial: null } as const;
  const problem = { code: 'fetch-failed', message: 'The commit could not be fetched.' };

  it.each([
    ['when its runner refused', { problem: null, outcomes: [refused] }],
    ['when its run ended before it came to anything', { problem, outcomes: [] }],
  ])('is not tried again and again %s', (_, said) => {
    const applying = run({ id: id(2), kind: 'apply', state: 'running', createdAt: NOW - MINUTE });
    const report = { runId: id(2), treeSha: null, ...said };
    const bare = planned({ config, pull });
    const snapshot = { ...bare, ours: { ...bare.ours, runs: [applying], report } };
    const event = { kind: 'run-reported', repository: REPOSITORY, pull: 7, run: id(2) } as const;
    expect(intents(decide(snapshot, event), 'start-run')).toEqual([]);
    // A person may.
    const results = [result('prod', { kind: 'apply', state: 'not-attempted' })];
    const after = { ...bare, ours: { ...bare.ours, runs: [], results } };
    expect(intents(decide(after, comment('plumbline apply', BOB)), 'start-run')).toHaveLength(1);
  });
});

describe('"no changes"', () => {
  const gate = {
    dir: 'prod',
    workspace: 'default',
    headSha: HEAD,
    planId: 'plan-prod',
    gate: { token: 'money', allOf: [], anyOf: [{ kind: 'user', login: 'carol' } as const], anyOfCount: 1 },
    policy: null,
  };
  const approval = { token: 'money', headSha: HEAD, by: { id: 3, login: 'carol' }, at: NOW - 1 };

  it.each([
    ['that asks for no gate', [], [], 1],
    ['that asks for a gate', [gate], [], 0],
    ['whose gate is approved', [gate], [approval], 1],
    ['whose gate was asked for by a plan that it replaced', [{ ...gate, planId: 'plan-before' }], [], 1],
  ])('%s is merged by itself as an apply would be let pass', (_, gates, gateApprovals, merges) => {
    const config = 'automerge: {enabled: true}\n';
    const bare = planned({ config });
    const ours = {
      ...bare.ours,
      results: [result('prod', { state: 'no-changes' })],
      gates,
      gateApprovals,
      runs: [run({ state: 'succeeded', requestedBy: { id: ALICE.id, login: ALICE.login } })],
    };
    const event = { kind: 'reconsider', repository: REPOSITORY, pull: 7, because: 'asked-again' } as const;
    expect(intents(decide(planned({ config, ours }), event), 'merge')).toHaveLength(merges);
  });
});

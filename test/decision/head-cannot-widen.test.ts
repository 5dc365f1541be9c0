import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import type { Decision } from '../../src/domain/decision.ts';
import { known } from '../../src/domain/known.ts';
import { ALICE, BOB, comment, intents, planned, pullEvent, reasons, review, snapshotOf } from './build.ts';

const started = (decision: Decision) =>
  intents(decision, 'start-run').map(({ run }) => ({
    environment: run.environment,
    runsOn: run.runsOn,
    of: run.targets.map(({ dir, workspace }) => `${dir}:${workspace}`),
  }));

const PLACED = [
  'dirs:',
  '  prod: {tags: [prod]}',
  'workflows:',
  '  - {tag_query: prod, environment: production, runs_on: [self-hosted]}',
  '',
].join('\n');

describe('the configuration of a pull request', () => {
  it('cannot choose an environment or a runner with a workflow of its own', () => {
    const head = PLACED.replace('tag_query: prod', 'tag_query: dir:stage').replace('production', 'everything');
    const decision = decide(snapshotOf({ config: PLACED, head, changed: ['stage/main.tf'] }), pullEvent('opened'));
    expect(started(decision)).toEqual([{ environment: null, runsOn: null, of: ['stage:default'] }]);
  });

  it.each([
    ['a tag on a directory', 'dirs:\n  stage: {tags: [prod]}\n', 'stage:default'],
    ['a workspace that only it names', 'dirs:\n  stage: {workspaces: {new: {tags: [prod]}}}\n', 'stage:new'],
    ['a glob', 'dirs:\n  "st*/**": {tags: [prod]}\n', 'stage:default'],
  ])('cannot get the environment of another tag by %s', (_, head, dirspace) => {
    const decision = decide(snapshotOf({ config: PLACED, head, changed: ['stage/main.tf'] }), pullEvent('opened'));
    expect(started(decision).flatMap(({ of }) => of)).toContain(dirspace);
    expect(started(decision).map(({ environment, runsOn }) => [environment, runsOn])).toEqual([[null, null]]);
  });

  it('cannot name the environment through the variables of a stack', () => {
    const config = (value: string) =>
      [
        'stacks:',
        `  names: {all: {tag_query: "", variables: {env: ${value}}}}`,
        'workflows:',
        `  - {tag_query: "", environment: "to-$\{env}"}`,
        '',
      ].join('\n');
    const decision = decide(snapshotOf({ config: config('dev'), head: config('production') }), pullEvent('opened'));
    expect(started(decision).map(({ environment }) => environment)).toEqual(['to-dev']);
  });

  it('cannot choose the rules it is judged by with the tags of a workspace that only it names', () => {
    const rules = [
      'access_control:',
      '  policies:',
      '    - {tag_query: free, apply: ["*"]}',
      '    - {tag_query: "", apply: ["user:carol"]}',
      'apply_requirements:',
      '  checks:',
      '    - {tag_query: free, approved: {enabled: false}}',
      '    - {tag_query: "", approved: {enabled: true, any_of: ["user:carol"]}}',
      '',
    ].join('\n');
    const head = `${rules}dirs:\n  prod: {workspaces: {new: {tags: [free]}}}\n`;
    const given = { config: rules, head, changed: ['prod/main.tf'] };
    const ready = planned(given);
    const inWorkspace = <T extends { readonly workspace: string }>(one: T) => ({ ...one, workspace: 'new' });
    const ours = { plans: ready.ours.plans.map(inWorkspace), results: ready.ours.results.map(inWorkspace) };
    const decision = decide(planned({ ...given, ours }), comment('plumbline apply', BOB));
    expect(intents(decision, 'start-run')).toEqual([]);
    expect(reasons(decision)).toEqual(expect.arrayContaining(['access-denied', 'approval-missing']));
  });

  it.each([
    ['access_control', 'access_control: {policies: [{tag_query: "", apply: [], plan: ["*"]}]}\n', 'access-denied'],
    [
      'apply_requirements',
      'apply_requirements: {checks: [{tag_query: "", approved: {enabled: true, any_of_count: 2}}]}\n',
      'approval-missing',
    ],
  ])('cannot loosen %s', (_, config, reason) => {
    const ready = planned({ config, head: 'enabled: true\n', github: { reviews: known([review(ALICE)]) } });
    const decision = decide(ready, comment('plumbline apply', BOB));
    expect(intents(decision, 'start-run')).toEqual([]);
    expect(reasons(decision)).toContain(reason);
  });

  it('cannot bring steps of its own', () => {
    const head =
      'workflows:\n  - {tag_query: "", plan: [{type: run, cmd: [evil]}], apply: [{type: run, cmd: [evil]}]}\n';
    const decision = decide(snapshotOf({ config: 'enabled: true\n', head }), pullEvent('opened'));
    expect(decision.reason).toBe('plan-started');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MergeGroup } from '../world/merge-queue.ts';
import type { Pull } from '../world/world-state.ts';
import { Hands } from './hand-runner.ts';
import { openStage } from './open-stage.ts';
import { AUTHOR, decided, type Stage } from './stage.ts';
import { checked, letTimePass, quiet, said, shown } from './watching.ts';

const LONG = 60_000;
const REQUIRED = { requiredChecks: [{ name: 'plumbline/plan', appId: null }] };
let stage: Stage;
let hands: Hands;
let first: Pull;
let second: Pull;
let firstGroup: MergeGroup;
let secondGroup: MergeGroup;

const open = (path: string, text: string) =>
  stage.world.openPullRequest(stage.repository, { author: AUTHOR, files: { [path]: text } });
const enqueue = (pull: Pull, on?: MergeGroup) => stage.world.createMergeGroup(stage.repository, pull, AUTHOR, on);
const verdict = (group: MergeGroup, conclusion: RegExp) => checked(stage, group.headSha, 'plumbline/plan', conclusion);
const plansOf = (pull: Pull) =>
  stage.service.database.db
    .selectFrom('plan')
    .select(['state', 'facts'])
    .where('pull', '=', pull.number)
    .orderBy('created_at')
    .execute();

// One life of a merge queue: each test begins where the one before it ended.
describe('a merge queue that requires the plan check', { timeout: LONG }, () => {
  beforeAll(async () => {
    stage = await openStage({ world: { runner: { kind: 'manual' } } });
    hands = new Hands(stage);
    Object.assign(stage.repository.branchRules, REQUIRED);
    first = await open('network/first.tfvars', 'one = 1\n');
    await (await hands.next()).plan();
    second = await open('network/second.tfvars', 'two = 2\n');
    await (await hands.next()).plan();
    await shown(stage, first);
    await shown(stage, second);
    await quiet(stage);
  }, LONG);
  afterAll(() => stage?.close());

  it('lets pass what is planned on the branch as it is, and runs nothing', async () => {
    firstGroup = await enqueue(first);
    await verdict(firstGroup, /^success$/);
    expect(stage.world.runs).toHaveLength(2);
  });

  it('waits for a plan on top of the one before it, where both change the same directory', async () => {
    secondGroup = await enqueue(second, firstGroup);
    const run = await hands.next();
    await stage.world.waitFor(
      (world) => world.checksOf(stage.repository, secondGroup.headSha).some(({ status }) => status === 'in_progress'),
      'a check that waits',
    );
    const manifest = await run.plan();
    expect(manifest).toMatchObject({ baseSha: firstGroup.headSha, headSha: second.headSha });
    await verdict(secondGroup, /^success$/);
  });

  it('merges both, and what was planned in the queue is what is applied after it', async () => {
    await stage.world.destroyMergeGroup(firstGroup, 'merged', AUTHOR);
    await stage.world.destroyMergeGroup(secondGroup, 'merged', AUTHOR);
    await decided(stage, 'pull-merged', 2);
    await letTimePass(stage);
    await quiet(stage);
    expect(stage.world.runs).toHaveLength(3);
    expect((await plansOf(second)).map(({ state, facts }) => [state, facts?.baseSha])).toEqual([
      ['erased', undefined],
      ['stored', firstGroup.headSha],
    ]);
    stage.world.comment(stage.repository, first.number, AUTHOR, 'plumbline apply');
    await (await hands.next()).apply();
    await said(stage, first, '1 of 1 dirspace applied');
    // What is applied first makes the other plan old, as ever.
    await (await hands.next()).plan();
  });

  it('lets pass what touches nothing that is planned', async () => {
    const pull = await open('README.md', '# other\n');
    await verdict(await enqueue(pull), /^success$/);
  });

  it('does not let pass what failed, and says on the pull request what to do', async () => {
    const pull = await open('app/third.tfvars', 'three = 3\n');
    const failed = { state: 'plan-failed', phase: 'plan', text: 'no such variable' } as const;
    await (await hands.next()).plan(() => failed);
    await checked(stage, pull.headSha, 'plumbline/plan', /^failure$/);
    const group = await enqueue(pull);
    await verdict(group, /^failure$/);
    await said(stage, pull, 'merge queue');
    await stage.world.destroyMergeGroup(group, 'dequeued', AUTHOR);
    await decided(stage, 'merge-group-over', 3);
    expect(stage.world.errors).toEqual([]);
  });
});

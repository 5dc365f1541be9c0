import { afterEach, describe, expect, it } from 'vitest';
import { AUTHOR, decided, REVIEWER, type Stage, startStage } from './stage.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

describe('a pull request', () => {
  it('is planned when it is opened, applied on command, and leaves nothing behind when it is merged', async () => {
    stage = await startStage();
    const { world, repository, rootModule, service } = stage;
    const pull = await world.openPullRequest(repository, {
      author: AUTHOR,
      files: { 'network/main.tf': rootModule('network', 'two'), 'app/main.tf': rootModule('app', 'two') },
    });
    await world.waitFor(
      () => stage?.commentsOf(pull).find((body) => body.includes('terraform_data.this')),
      'the plan',
      60_000,
    );
    await world.review(repository, pull, REVIEWER, 'APPROVED');
    world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
    await world.waitFor(
      () => stage?.commentsOf(pull).find((body) => body.includes('2 of 2 dirspaces applied')),
      'the apply',
      60_000,
    );
    await world.merge(repository, pull, AUTHOR);
    await decided(stage, 'pull-merged');
    const plans = await service.database.db.selectFrom('plan').select(['state']).execute();
    expect(plans.every((plan) => plan.state === 'erased')).toBe(true);
    expect(await service.database.db.selectFrom('plan_chunk').select('plan_id').execute()).toEqual([]);
    expect(world.errors).toEqual([]);
  }, 120_000);
});

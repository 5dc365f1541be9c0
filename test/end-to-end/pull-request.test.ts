import { afterEach, describe, expect, it } from 'vitest';
import { hasPostgres } from '../database.ts';
import { hasTerraform, openStage } from './open-stage.ts';
import { AUTHOR, decided, REVIEWER, type Stage, startStage } from './stage.ts';
import { checked, quiet, said } from './watching.ts';

const LONG = 120_000;
let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

const DATABASES = [
  { name: 'the embedded database', open: startStage, here: true },
  { name: 'PostgreSQL', open: openStage, here: hasPostgres },
];

describe.skipIf(!hasTerraform)('a pull request', { timeout: LONG }, () => {
  for (const { name, open, here } of DATABASES) {
    it.skipIf(!here)(`is planned, applied and leaves nothing behind when it is merged, on ${name}`, async () => {
      stage = await open();
      const { world, repository, rootModule, service } = stage;
      const pull = await world.openPullRequest(repository, {
        author: AUTHOR,
        files: { 'network/main.tf': rootModule('network', 'two'), 'app/main.tf': rootModule('app', 'two') },
      });
      await said(stage, pull, 'terraform_data.this', repository, LONG);
      await world.review(repository, pull, REVIEWER, 'APPROVED');
      world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
      await said(stage, pull, '2 of 2 dirspaces applied', repository, LONG);
      await world.merge(repository, pull, AUTHOR);
      await decided(stage, 'pull-merged');
      const plans = await service.database.db.selectFrom('plan').select(['state']).execute();
      expect(plans.every((plan) => plan.state === 'erased')).toBe(true);
      expect(await service.database.db.selectFrom('plan_chunk').select('plan_id').execute()).toEqual([]);
      expect(world.errors).toEqual([]);
    });
  }

  it('whose Terraform code is wrong in one place shows what is wrong there, and the plan of the other', async () => {
    stage = await openStage();
    const { world, repository, rootModule } = stage;
    const broken = `${rootModule('app', 'two')}\noutput "broken" {\n  value = terraform_data.nothing.id\n}\n`;
    const pull = await world.openPullRequest(repository, {
      author: AUTHOR,
      files: { 'network/main.tf': rootModule('network', 'two'), 'app/main.tf': broken },
    });
    const comment = await said(stage, pull, 'Reference to undeclared resource', repository, LONG);
    expect(comment).toContain('terraform_data.this');
    expect(comment).toMatch(/main\.tf/);
    await checked(stage, pull.headSha, 'plumbline/plan', /^failure$/);
    await quiet(stage);
    const results = await stage.service.database.db
      .selectFrom('dirspace_result')
      .select(['dir', 'state'])
      .orderBy('dir')
      .execute();
    expect(results).toEqual([
      { dir: 'app', state: 'plan-failed' },
      { dir: 'network', state: 'planned' },
    ]);
    // A failed plan does not turn the default branch red: the run has told us what it had to tell.
    expect(world.runs.map(({ conclusion }) => conclusion)).toEqual(['success']);
  });
});

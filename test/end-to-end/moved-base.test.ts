import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pull } from '../world/world-state.ts';
import { hasTerraform, openStage } from './open-stage.ts';
import { AUTHOR, type Stage, waitForRows } from './stage.ts';
import { quiet, said, shown } from './watching.ts';

const LONG = 120_000;
let stage: Stage;
let pull: Pull;
let base: string;
let planned: string;

const runs = () =>
  stage.service.database.db
    .selectFrom('run')
    .select(['kind', 'state', 'base_sha as base'])
    .orderBy('created_at')
    .execute();
/** Everything has been decided and sent, and no run is at work. */
const settled = async () => {
  await quiet(stage);
  await waitForRows(
    stage,
    async () => (await runs()).every(({ state }) => state === 'succeeded'),
    'the end of the runs',
  );
  await quiet(stage);
};
/** The base moves, and every pull request has looked at that. */
const moved = async (path: string) => {
  const files = { [path]: `# the base moved\nlocals {}\n` };
  const after = await stage.world.commit(stage.repository, { branch: 'main', author: AUTHOR, files });
  await waitForRows(
    stage,
    async (db) => {
      const look = db.selectFrom('inbox_event').select('state').where('key', 'like', `%base-moved/%/${after}`);
      return (await look.execute()).some(({ state }) => state === 'done');
    },
    'a look at the moved base',
  );
  await settled();
  return after;
};

// One life of one pull request: each test begins where the one before it ended.
describe.skipIf(!hasTerraform)('the base moves under a planned pull request', { timeout: LONG }, () => {
  beforeAll(async () => {
    stage = await openStage();
    pull = await stage.world.openPullRequest(stage.repository, {
      author: AUTHOR,
      files: { 'network/main.tf': stage.rootModule('network', 'two') },
    });
    base = pull.baseSha;
    await said(stage, pull, 'terraform_data.this');
    await shown(stage, pull);
    await settled();
  }, LONG);
  afterAll(() => stage?.close());

  it('in another directory: the plan stays, at the price of one comparison', async () => {
    const before = stage.calls.length;
    await moved('database/more.tf');
    expect(await runs()).toEqual([{ kind: 'plan', state: 'succeeded', base }]);
    const plans = await stage.service.database.db.selectFrom('plan').select('state').execute();
    expect(plans).toEqual([{ state: 'stored' }]);
    const looks = stage.calls.slice(before).filter(({ route }) => route.includes('/compare/'));
    expect(looks.map(({ status }) => status)).toEqual([200]);
  });

  it('in its own directory: the plan is made again by itself on the new base', async () => {
    planned = await moved('network/more.tf');
    await shown(stage, pull);
    expect((await runs()).slice(1)).toEqual([{ kind: 'plan', state: 'succeeded', base: planned }]);
  });

  it('in another directory again: the plan is applied as it is, on the base that it was made on', async () => {
    await moved('app/more.tf');
    stage.world.comment(stage.repository, pull.number, AUTHOR, 'plumbline apply');
    await said(stage, pull, '1 of 1 dirspace applied');
    await settled();
    expect((await runs()).slice(2)).toEqual([{ kind: 'apply', state: 'succeeded', base: planned }]);
    await stage.world.merge(stage.repository, pull, AUTHOR);
    await settled();
    expect(stage.world.errors).toEqual([]);
  });
});

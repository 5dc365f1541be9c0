import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../../src/github/app-client.ts';
import { createLog } from '../../src/log.ts';
import { instant } from '../../src/store/values.ts';
import { recoverDeliveries } from '../../src/worker/recover-deliveries.ts';
import { Random } from '../simulation/random.ts';
import { hasTerraform, openStage } from './open-stage.ts';
import { AUTHOR, decided, REVIEWER, type Stage, waitForRows } from './stage.ts';

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

async function newStage(...options: Parameters<typeof openStage>): Promise<Stage> {
  const stage = await openStage(...options);
  stages.push(stage);
  return stage;
}

/** One look, as the service takes every few minutes. Returns how many deliveries were asked for. */
async function look(stage: Stage): Promise<number | undefined> {
  const { world, service } = stage;
  // The service takes one itself when it starts, and only one look is taken at a time.
  await waitForRows(
    stage,
    async (db) => (await db.selectFrom('delivery_look').select('lease_token').executeTakeFirst())?.lease_token === null,
    'the end of the look before',
  );
  const app = createApp({
    appId: world.app.id,
    privateKey: world.app.privateKeyPem,
    webhookSecrets: [world.app.webhookSecret],
    apiUrl: world.apiUrl,
  });
  await world.deliveriesSettled();
  const asked = await recoverDeliveries(
    { database: service.database, app, log: createLog('silent') },
    { atOnce: true },
  );
  await world.deliveriesSettled();
  return asked;
}

/** Every event was decided once, or ignored. */
async function decisionsPerEvent({ service }: Stage): Promise<readonly number[]> {
  const rows = await service.database.db
    .selectFrom('decision')
    .select(({ fn }) => ['event_key', fn.countAll<number>().as('times')])
    .groupBy('event_key')
    .execute();
  return rows.map(({ times }) => times);
}

describe('a delivery that never came', () => {
  it('is found by the next look, and handled once', async () => {
    const stage = await newStage({ world: { runner: { kind: 'manual' } } });
    const { world, repository, rootModule } = stage;
    await world.deliveriesSettled();
    expect(await look(stage), 'nothing is lost').toBe(0);
    world.faults.onDelivery('pull_request.opened', { kind: 'drop' });
    await world.openPullRequest(repository, { author: AUTHOR, files: { 'app/main.tf': rootModule('app', 'two') } });
    await world.deliveriesSettled();
    expect(world.runs).toEqual([]);
    expect(await look(stage)).toBe(1);
    await decided(stage, 'plan-started');
    await world.waitFor(() => world.runs.length === 1, 'the dispatch');
    expect(await look(stage), 'it came').toBe(0);
    expect(await stage.service.database.db.selectFrom('lost_delivery').selectAll().execute()).toEqual([]);
    expect(await decisionsPerEvent(stage)).not.toContain(2);
    expect(world.runs).toHaveLength(1);
  }, 60_000);

  it('is asked for again only after a pause when it fails once more, and others are not held up', async () => {
    const stage = await newStage({ world: { runner: { kind: 'manual' } } });
    const { world, repository, rootModule } = stage;
    await look(stage);
    world.faults.onDelivery('pull_request.opened', { kind: 'drop' }, 2);
    await world.openPullRequest(repository, { author: AUTHOR, files: { 'app/main.tf': rootModule('app', 'two') } });
    expect(await look(stage)).toBe(1);
    expect(await look(stage), 'asked for a moment ago').toBe(0);
    await stage.service.database.db
      .updateTable('lost_delivery')
      .set({ due_at: instant(0) })
      .execute();
    expect(await look(stage)).toBe(1);
    await decided(stage, 'plan-started');
  }, 60_000);

  it('waits for the next look when GitHub cannot be asked', async () => {
    const stage = await newStage({ world: { runner: { kind: 'manual' } } });
    const { world, repository, rootModule } = stage;
    await look(stage);
    world.faults.onDelivery('pull_request.opened', { kind: 'drop' });
    await world.openPullRequest(repository, { author: AUTHOR, files: { 'app/main.tf': rootModule('app', 'two') } });
    world.faults.onCall('/app/hook/deliveries', { kind: 'secondary-limit' });
    expect(await look(stage)).toBeUndefined();
    world.faults.onCall(/^POST .*\/attempts$/, { kind: 'server-error' });
    expect(await look(stage)).toBeUndefined();
    expect(await look(stage)).toBe(1);
    await decided(stage, 'plan-started');
  }, 60_000);
});

/** Deliveries that a pull request's life is made of, after its first. */
const LOSABLE = [
  'pull_request.synchronize',
  'pull_request_review.submitted',
  'issue_comment.created',
  'pull_request.closed',
  'workflow_run.requested',
  'workflow_run.completed',
  'push',
] as const;

const SEED = 4;

describe.skipIf(!hasTerraform)('the life of a pull request', () => {
  it(`ends as it would have without the losses (seed ${SEED})`, async () => {
    const random = new Random(SEED);
    const lost = ['pull_request.opened', ...LOSABLE.filter(() => random.chance(0.5))];
    const calm = await live([]);
    expect(await live(lost), lost.join()).toEqual(calm);
  }, 240_000);
});

async function live(lost: readonly string[]) {
  const stage = await newStage({ roots: ['app'] });
  const { world, repository, rootModule, service } = stage;
  await look(stage);
  for (const event of lost) {
    world.faults.onDelivery(event, { kind: 'drop' });
  }
  const shows = (text: string) =>
    world.waitFor(() => stage.commentsOf(pull).some((body) => body.includes(text)), text, 60_000);
  const pull = await world.openPullRequest(repository, {
    author: AUTHOR,
    files: { 'app/main.tf': rootModule('app', 'two') },
  });
  await look(stage);
  await shows('two');
  await world.push(repository, pull, { 'app/main.tf': rootModule('app', 'three') });
  await look(stage);
  await shows('three');
  await world.review(repository, pull, REVIEWER, 'APPROVED');
  await look(stage);
  world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
  await look(stage);
  await shows('1 of 1 dirspace applied');
  await world.merge(repository, pull, AUTHOR);
  await look(stage);
  await decided(stage, 'pull-merged');
  await look(stage);
  const { db } = service.database;
  expect(world.errors).toEqual([]);
  expect(world.deliveries.filter(({ outcome }) => outcome === 'dropped')).toHaveLength(lost.length);
  expect(await decisionsPerEvent(stage)).not.toContain(2);
  expect(await db.selectFrom('lost_delivery').selectAll().execute()).toEqual([]);
  return {
    runs: world.runs.map(({ conclusion }) => conclusion),
    plans: await db.selectFrom('plan').select(['state', 'dir']).orderBy('created_at').execute(),
    results: await db.selectFrom('dirspace_result').select(['kind', 'state', 'dir', 'newest']).orderBy('id').execute(),
    locks: await db.selectFrom('lock_claim').select(['dir']).execute(),
    comments: stage.commentsOf(pull).length,
    checks: world.checksOf(repository, pull.headSha).map(({ name, conclusion }) => `${name} ${conclusion}`),
  };
}

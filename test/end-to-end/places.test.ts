import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fullName } from '../world/world-state.ts';
import { Hands } from './hand-runner.ts';
import { openStage } from './open-stage.ts';
import { AUTHOR, decided, STRANGER, type Stage, waitForRows } from './stage.ts';
import { quiet, said } from './watching.ts';

const LONG = 60_000;
let stage: Stage;
let hands: Hands;

beforeAll(async () => {
  const config = 'when_modified:\n  autoplan_draft_pr: false\n';
  stage = await openStage({ world: { runner: { kind: 'manual' } }, config });
  hands = new Hands(stage);
}, LONG);
afterAll(() => stage?.close());

const change = (root: string) => ({ [`${root}/main.tf`]: stage.rootModule(root, 'two') });

describe('a pull request', { timeout: LONG }, () => {
  it('from a fork is not planned, neither by itself nor when somebody asks', async () => {
    const { world, repository } = stage;
    const fork = await world.forkRepository(repository, STRANGER);
    const pull = await world.openPullRequest(repository, {
      author: STRANGER,
      headRepository: fork,
      branch: 'gift',
      files: change('network'),
    });
    await decided(stage, 'fork-off');
    world.comment(repository, pull.number, AUTHOR, 'plumbline plan');
    await said(stage, pull, 'fork-off');
    await quiet(stage);
    expect(world.runs).toEqual([]);
    expect(world.checksOf(repository, pull.headSha).map(({ conclusion }) => conclusion)).not.toContain('success');
  });

  it('that is a draft waits until it is ready for review', async () => {
    const { world, repository } = stage;
    const pull = await world.openPullRequest(repository, { author: AUTHOR, draft: true, files: change('database') });
    await decided(stage, 'draft');
    await quiet(stage);
    expect(world.runs).toEqual([]);
    await world.setDraft(repository, pull, false, AUTHOR);
    const run = await hands.next();
    await run.plan();
    await said(stage, pull, 'terraform_data.this');
  });

  it('is planned in a repository that was renamed, under its new name', async () => {
    const { world, repository } = stage;
    world.renameRepository(repository, 'foundation', AUTHOR);
    const pull = await world.openPullRequest(repository, { author: AUTHOR, files: change('app') });
    const run = await hands.next();
    await run.plan();
    await said(stage, pull, 'terraform_data.this');
    await waitForRows(
      stage,
      async (db) =>
        (await db.selectFrom('repository').select('name').where('id', '=', repository.id).executeTakeFirst())?.name ===
        'foundation',
      'the new name',
    );
    expect(fullName(repository)).toBe('acme/foundation');
  });

  it('of an installation that we were never told of is planned', async () => {
    const { world } = stage;
    const before = world.runs.length;
    world.faults.onDelivery('installation.created', { kind: 'drop' });
    world.addOrganization('other');
    world.install('other');
    const repository = await world.addRepository({
      name: 'theirs',
      owner: 'other',
      people: { [AUTHOR]: 'write' },
      files: { '.github/workflows/plumbline.yml': stage.workflowText, 'network/main.tf': '' },
    });
    const pull = await world.openPullRequest(repository, { author: AUTHOR, files: change('network') });
    const run = await hands.next();
    await run.plan();
    await said(stage, pull, 'terraform_data.this', repository);
    expect(world.runs).toHaveLength(before + 1);
  });

  it('of an installation that GitHub does not know is recorded and refused', async () => {
    const { world, service } = stage;
    const sent = world.deliveries.find(({ event, action }) => event === 'pull_request' && action === 'opened');
    const body = JSON.stringify({ ...sent?.payload, installation: { id: 424_242 } });
    const runs = world.runs.length;
    const answer = await fetch(`${service.url}/webhooks/github`, {
      method: 'POST',
      body,
      headers: world.signedHeaders('pull_request', body),
    });
    expect(answer.status).toBe(202);
    await decided(stage, 'installation-gone');
    expect(world.runs).toHaveLength(runs);
    expect(world.errors).toEqual([]);
  });
});

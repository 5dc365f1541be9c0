import { expect, it } from 'vitest';
import { eventOf } from '../../src/github/payload-to-event.ts';
import { openWorld } from './world-app.ts';

const RUN = '3f1e7c58-9b1e-4a57-8f0e-2d3c4b5a6978';

it('understands what is delivered in the life of a pull request', async () => {
  await using here = await openWorld();
  const { world, repository } = here;
  const pull = await world.openPullRequest(repository, { author: 'ada', files: { 'network/main.tf': '# new\n' } });
  await world.push(repository, pull, { 'network/main.tf': '# newer\n' });
  world.comment(repository, pull.number, 'ada', 'plumbline plan');
  await world.review(repository, pull, 'bob', 'APPROVED');
  await here.client.request('POST /repos/{owner}/{repo}/check-runs', {
    owner: 'acme',
    repo: 'infra',
    head_sha: pull.headSha,
    name: 'plumbline/plan',
    status: 'completed',
    conclusion: 'success',
  });
  const [check] = world.checksOf(repository, pull.headSha);
  if (check !== undefined) {
    world.requestedAction(repository, check, 'apply', 'ada');
  }
  await here.client.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
    owner: 'acme',
    repo: 'infra',
    workflow_id: 'plumbline.yml',
    ref: 'main',
    inputs: { 'run-id': RUN },
  });
  await world.waitFor(() => world.runs[0]?.status !== undefined);
  world.setPermission(repository, 'eve', 'write');
  const group = await world.createMergeGroup(repository, pull, 'ada');
  await world.destroyMergeGroup(group, 'dequeued', 'ada');
  await world.merge(repository, pull, 'ada');
  world.renameRepository(repository, 'platform', 'ada');
  await world.deliveriesSettled();

  const us = { appId: world.app.id, botId: world.app.bot.id, receivedAt: 1 };
  const outcomes = world.deliveries.map(({ event, payload }) => eventOf(event, payload, us));
  expect(outcomes.filter((outcome) => 'ignored' in outcome && outcome.ignored === 'malformed')).toEqual([]);
  const kinds = new Set(outcomes.flatMap((outcome) => ('event' in outcome ? [outcome.event.kind] : [])));
  expect([...kinds].sort()).toEqual([
    'actions-run',
    'button',
    'comment',
    'installation',
    'membership',
    'merge-group',
    'pull',
    'push',
    'repository',
    'review',
  ]);
});

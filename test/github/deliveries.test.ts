import { generateKeyPairSync } from 'node:crypto';
import nock from 'nock';
import { afterEach, describe, expect, it } from 'vitest';
import type { GitHubClient } from '../../src/github/app-client.ts';
import { createApp } from '../../src/github/app-client.ts';
import { listDeliveries, requestRedelivery } from '../../src/github/deliveries.ts';
import { openWorld } from './world-app.ts';

const API = 'https://github.test';

afterEach(() => {
  nock.cleanAll();
});

describe('deliveries of the webhook', () => {
  it('are listed newest first back to a time, over as many pages as allowed', async () => {
    await using here = await openWorld();
    const { world, repository } = here;
    world.webhookUrl = 'http://127.0.0.1:9/';
    for (let number = 0; number < 105; number += 1) {
      world.faults.onDelivery(undefined, { kind: 'drop' });
    }
    const pull = await world.openPullRequest(repository, { author: 'ada', files: { 'network/main.tf': '# new\n' } });
    for (let number = 0; number < 101; number += 1) {
      world.comment(repository, pull.number, 'ada', `comment ${number}`);
    }
    await world.deliveriesSettled();
    const client = await here.app.appClient();
    const all = await listDeliveries(client, { since: 0, cursor: null, maxPages: 3 });
    expect(all.cursor).toBeNull();
    expect(all.deliveries.map(({ guid }) => guid)).toEqual(
      world.deliveries
        .map(({ guid }) => guid)
        .toReversed()
        .slice(0, all.deliveries.length),
    );
    const first = await listDeliveries(client, { since: 0, cursor: null, maxPages: 1 });
    expect([first.deliveries.length, first.cursor === null]).toEqual([100, false]);
    const rest = await listDeliveries(client, { since: 0, cursor: first.cursor, maxPages: 1 });
    expect([...first.deliveries, ...rest.deliveries]).toEqual(all.deliveries);
    const calls = here.calls.length;
    const none = await listDeliveries(client, { since: Date.now() + 60_000, cursor: null, maxPages: 3 });
    expect([none, here.calls.length - calls]).toEqual([{ deliveries: [], cursor: null }, 1]);
  });

  it('are sent again under the same GUID; one that is forgotten is not', async () => {
    await using here = await openWorld();
    const { world, repository } = here;
    world.webhookUrl = 'http://127.0.0.1:9/';
    await world.openPullRequest(repository, { author: 'ada', files: { 'network/main.tf': '# new\n' } });
    await world.deliveriesSettled();
    const client = await here.app.appClient();
    const [newest] = (await listDeliveries(client, { since: 0, cursor: null, maxPages: 1 })).deliveries;
    expect(await requestRedelivery(client, newest?.id ?? '')).toBe(true);
    expect(world.deliveries.at(-1)).toMatchObject({ guid: newest?.guid, redelivery: true });
    expect(await requestRedelivery(client, '4')).toBe(false);
  });

  it('have numbers larger than a double can hold', async () => {
    const item = '{"id":3804004623172239366,"guid":"g","delivered_at":"2026-11-21T10:00:00Z","installation_id":5}';
    nock(API)
      .get('/app/hook/deliveries')
      .query({ per_page: 100 })
      .reply(200, `[${item}]`, { 'content-type': 'application/json; charset=utf-8' });
    const again = nock(API).post('/app/hook/deliveries/3804004623172239366/attempts').reply(202, {});
    const client = await appClient();
    const { deliveries } = await listDeliveries(client, { since: 0, cursor: null, maxPages: 1 });
    expect(deliveries).toEqual([
      { id: '3804004623172239366', guid: 'g', deliveredAt: Date.parse('2026-11-21T10:00:00Z'), installationId: 5 },
    ]);
    expect(await requestRedelivery(client, deliveries[0]?.id ?? '')).toBe(true);
    expect(again.isDone()).toBe(true);
  });

  it.each([
    [403, 'github-forbidden'],
    [500, 'github-unreachable'],
  ])('are asked for later when GitHub answers %i', async (status, code) => {
    nock(API).post('/app/hook/deliveries/7/attempts').reply(status, { message: 'no' });
    await expect(requestRedelivery(await appClient(), '7')).rejects.toMatchObject({ code });
  });
});

async function appClient(): Promise<GitHubClient> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return createApp({
    appId: 1,
    privateKey: String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
    webhookSecrets: ['a secret of more than twenty bytes'],
    apiUrl: API,
  }).appClient();
}

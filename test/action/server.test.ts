import { expect, it } from 'vitest';
import { openServer, pauseWithJitter, ServerRefusal } from '../../action/src/server.ts';
import { startFakeService } from './fake-service.ts';
import { RUN } from './start-runner.ts';

const STOP = { next: 'stop', code: 'over', message: 'over' } as const;

function clientOf(url: string, fetchIt?: typeof fetch) {
  return openServer({
    url,
    run: RUN,
    pauseMs: () => 0,
    tries: 3,
    ...(fetchIt === undefined ? {} : { fetch: fetchIt }),
  });
}

it('claims with the id token and uses the run token from then on', async () => {
  await using service = await startFakeService(RUN);
  service.steps = [STOP];
  const client = clientOf(service.url);
  expect(await client.claim(async () => 'id-token')).toMatchObject(STOP);
  await client.begun([3]);
  expect(service.begun).toEqual([3]);
  expect(service.headers.map(({ authorization }) => authorization)).toEqual(['Bearer id-token', 'Bearer run-token']);
});

it('asks for a fresh id token at each try of the claim, since each is taken once', async () => {
  await using service = await startFakeService(RUN);
  service.steps = [STOP];
  service.faults.set('POST /claim', [503, 500]);
  let tokens = 0;
  await clientOf(service.url).claim(async () => {
    tokens += 1;
    return 'id-token';
  });
  expect(tokens).toBe(3);
});

it.each([429, 500, 502, 503])('repeats a call that was answered with %i', async (status) => {
  await using service = await startFakeService(RUN);
  service.steps = [STOP];
  const client = clientOf(service.url);
  await client.claim(async () => 'id-token');
  service.faults.set('POST /begun', [status, status]);
  await client.begun([0]);
  expect(service.asked.filter((call) => call === 'POST /begun')).toHaveLength(3);
});

it.each([400, 401, 403, 404, 409, 413, 422])('does not repeat a call that was refused with %i', async (status) => {
  await using service = await startFakeService(RUN);
  service.steps = [STOP];
  const client = clientOf(service.url);
  await client.claim(async () => 'id-token');
  service.faults.set('POST /begun', [status]);
  await expect(client.begun([0])).rejects.toMatchObject({
    status,
    code: 'on-order',
    message: `status ${status} on order`,
  });
  expect(service.asked.filter((call) => call === 'POST /begun')).toHaveLength(1);
});

it('repeats after a network error, and then says which address could not be reached', async () => {
  let tries = 0;
  const client = clientOf('http://127.0.0.1:1', async () => {
    tries += 1;
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  });
  const refused = client.report('{}');
  await expect(refused).rejects.toBeInstanceOf(ServerRefusal);
  await expect(refused).rejects.toMatchObject({
    status: 0,
    message: expect.stringContaining('ECONNREFUSED'),
  });
  expect(tries).toBe(3);
});

it('takes no answer that is larger than it expects', async () => {
  await using service = await startFakeService(RUN);
  service.steps = [STOP];
  const client = clientOf(service.url);
  await client.claim(async () => 'id-token');
  service.plans.set('p', Buffer.alloc(1_000));
  expect((await client.getPlan('p', 1_000)).length).toBe(1_000);
  await expect(client.getPlan('p', 999)).rejects.toMatchObject({ code: 'answer-too-large' });
});

it('refuses an answer that is not the protocol, naming the fields and not the values', async () => {
  const client = clientOf('http://127.0.0.1:1', async () =>
    Response.json({ next: 'manifest', token: 'secret-token', manifest: { a: 1 } }),
  );
  await expect(client.claim(async () => 't')).rejects.toMatchObject({
    code: 'bad-answer',
    message: expect.not.stringContaining('secret-token'),
  });
});

it('waits longer from try to try, but at least as long as the service asks and never above a minute', () => {
  for (let n = 1; n < 12; n += 1) {
    expect(pauseWithJitter(n, null)).toBeLessThanOrEqual(20_000);
    expect(pauseWithJitter(n, null)).toBeGreaterThanOrEqual(Math.min(10_000, 250 * 2 ** n));
    expect(pauseWithJitter(n, 30_000)).toBe(30_000);
    expect(pauseWithJitter(n, 3_600_000)).toBe(60_000);
  }
});

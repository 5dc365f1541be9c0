import { expect, it } from 'vitest';
import { openServer } from '../../action/src/server.ts';

it('goes on reporting through an outage of a quarter of an hour, and no other call does', async () => {
  let waited = 0;
  let calls = 0;
  const server = openServer({
    url: 'https://plumbline.example.com',
    run: '0',
    fetch: () => {
      calls += 1;
      return Promise.resolve(new Response(null, { status: waited < 15 * 60_000 ? 503 : 204 }));
    },
    // As long as the shortest pause that jitter may give, without waiting for it.
    pauseMs: (n) => {
      waited += Math.min(20_000, 500 * 2 ** n) / 2;
      return 0;
    },
  });
  await expect(server.begun([0])).rejects.toMatchObject({ status: 503 });
  expect(calls).toBe(6);
  waited = 6 * 60_000;
  await server.report('{}');
  expect(waited).toBeGreaterThanOrEqual(15 * 60_000);
});

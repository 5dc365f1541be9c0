import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../src/protocol/messages.ts';
import type { Database } from '../../src/store/database.ts';
import { ROUTE_RULES } from '../../src/web/app.ts';
import { freshDatabase } from '../database.ts';
import { webOn } from './web-under-test.ts';

let database: Database;
beforeAll(async () => {
  database = await freshDatabase('embedded');
});
afterAll(() => database.close());

const ID = '01234567-89ab-4cde-8f01-23456789abcd';
const addressOf = (route: string) => route.split(' ')[1]?.replaceAll(/:\w+/g, ID) ?? '';
const methodOf = (route: string) => route.split(' ')[0] ?? '';
const REFUSED = { public: 200, 'webhook-signature': 401, 'github-oidc': 401, 'run-token': 401 } as const;

describe('the routes', () => {
  it('each have a rule, and each rule has its route', () => {
    const routes = webOn(database)
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(routes)].sort()).toEqual(Object.keys(ROUTE_RULES).sort());
  });

  it.each(Object.entries(ROUTE_RULES))(
    '%s answers according to its rule, %s, when nothing is brought',
    async (route, rule) => {
      const method = methodOf(route);
      const body = method === 'GET' ? {} : { body: '{}' };
      const answer = await webOn(database).request(addressOf(route), { method, ...body });
      expect(answer.status).toBe(REFUSED[rule]);
    },
  );

  it.each(Object.entries(ROUTE_RULES).filter(([, rule]) => rule === 'run-token'))(
    '%s refuses a token that is not one of ours',
    async (route) => {
      const method = methodOf(route);
      const body = method === 'GET' ? {} : { body: '{}' };
      const headers = { authorization: `Bearer ${'a'.repeat(43)}` };
      const answer = await webOn(database).request(addressOf(route), { method, headers, ...body });
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: { code: 'bad-token' } }]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    },
  );

  it.each(['/', '/version', '/runner/v1', '/runner/v2/claim', '/webhooks', '/.env', '/console', '/metrics'])(
    'know nothing of %s, and tell nothing of themselves',
    async (path) => {
      const answer = await webOn(database).request(path);
      expect(answer.status).toBe(404);
      const text = JSON.stringify([...answer.headers]) + (await answer.text());
      expect(text).not.toMatch(/plumbline|hono|node|\d+\.\d+/i);
    },
  );

  it('tell that the process lives, and whether it can work', async () => {
    const able = webOn(database);
    expect([(await able.request('/healthz')).status, (await able.request('/readyz')).status]).toEqual([200, 200]);
    const stopped = webOn(database, { ready: () => Promise.resolve(false) });
    expect([(await stopped.request('/healthz')).status, (await stopped.request('/readyz')).status]).toEqual([200, 503]);
    const cut = webOn(database, { ready: () => Promise.reject(new Error('connection refused at db.internal')) });
    const answer = await cut.request('/readyz');
    expect([answer.status, await answer.text()]).toEqual([503, 'not ready']);
  });

  it.each([
    ['is not JSON', 'no JSON', 400],
    ['names no run', `{"protocol":${PROTOCOL},"run":"1"}`, 422],
    ['has more than it should', `{"protocol":${PROTOCOL},"run":"${ID}","x":1}`, 422],
    ['speaks another version', `{"protocol":${PROTOCOL + 1},"run":"${ID}"}`, 426],
    ['is larger than any claim', JSON.stringify({ protocol: PROTOCOL, run: ID, x: 'x'.repeat(65 * 1024) }), 413],
    ['names a run that we do not know', `{"protocol":${PROTOCOL},"run":"${ID}"}`, 404],
  ])('refuse a claim whose body %s', async (_, body, status) => {
    const headers = { authorization: 'Bearer a.b.c', 'content-length': `${Buffer.byteLength(body)}` };
    const answer = await webOn(database).request('/runner/v1/claim', { method: 'POST', body, headers });
    expect(answer.status).toBe(status);
  });

  it('keep an account of claims for runs that do not exist', async () => {
    const rows = await database.db.selectFrom('audit').select(['action', 'actor', 'detail']).execute();
    expect(rows).toContainEqual({ action: 'claim-refused', actor: 'runner', detail: { run: ID, code: 'unknown-run' } });
  });
});

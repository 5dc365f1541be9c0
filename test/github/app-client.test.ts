import { generateKeyPairSync } from 'node:crypto';
import nock from 'nock';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type GitHubClient } from '../../src/github/app-client.ts';
import { readBranchRules } from '../../src/github/branch-rules.ts';
import { calling } from '../../src/github/github-failure.ts';
import { type CallSeen, routeOf } from '../../src/github/github-fetch.ts';
import { readLastPusher } from '../../src/github/last-pusher.ts';
import { runQuery } from '../../src/github/run-query.ts';

const API = 'https://github.test';
const TOKEN = 'ghs_0123456789abcdefghijklmnopqrstuvwxyz';
const HERE = { owner: 'acme', name: 'infra' };

let privateKey: string;
let client: GitHubClient;
const calls: CallSeen[] = [];

const openApp = () =>
  createApp({
    appId: 1,
    privateKey,
    webhookSecrets: ['a secret of more than twenty bytes'],
    apiUrl: API,
    timeoutMs: 500,
    onCall: (call) => calls.push(call),
  });

const grant = (times = 1) =>
  nock(API)
    .post('/app/installations/3/access_tokens')
    .times(times)
    .reply(201, { token: TOKEN, expires_at: '2999-01-01T00:00:00Z', permissions: {} });

beforeAll(async () => {
  nock.disableNetConnect();
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  privateKey = String(pair.privateKey.export({ type: 'pkcs1', format: 'pem' }));
  grant();
  client = await openApp().installationClient(3);
  nock(API).get('/repos/acme/infra').reply(200, {});
  await ask();
});
afterEach(() => {
  const pending = nock.pendingMocks();
  nock.cleanAll();
  expect(pending).toEqual([]);
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const ask = () =>
  calling('read it', () => client.request('GET /repos/{owner}/{repo}', { owner: 'acme', repo: 'infra' }));

describe('a call', () => {
  it.each([
    ['a 500', 500, {}, { message: 'oops' }, 'github-unreachable', null],
    ['a 502 with a page instead of JSON', 502, {}, '<html>', 'github-unreachable', null],
    ['a 404', 404, {}, { message: 'Not Found' }, 'github-not-found', null],
    ['a 410', 410, {}, { message: 'Gone' }, 'github-not-found', null],
    ['a 403', 403, {}, { message: 'Resource not accessible by integration' }, 'github-forbidden', null],
    ['a secondary limit', 403, { 'retry-after': '30' }, { message: 'secondary rate limit' }, 'github-limited', 30_000],
    [
      'a secondary limit without a time',
      403,
      {},
      { message: 'You have exceeded a secondary rate limit' },
      'github-limited',
      60_000,
    ],
    ['a 429', 429, {}, { message: 'slow' }, 'github-limited', 60_000],
    [
      'a spent hour',
      403,
      {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': '1700000100',
        date: new Date(1_700_000_000_000).toUTCString(),
      },
      { message: 'API rate limit exceeded' },
      'github-limited',
      100_000,
    ],
  ] as const)('that gets %s is a Failure', async (_name, status, headers, body, code, retryAfterMs) => {
    nock(API).get('/repos/acme/infra').reply(status, body, headers);
    await expect(ask()).rejects.toMatchObject({ name: 'Failure', code, retryAfterMs });
  });

  it('that is never answered is given up after its time', async () => {
    const hanging = createApp({
      appId: 1,
      privateKey,
      webhookSecrets: ['a secret of more than twenty bytes'],
      apiUrl: API,
      timeoutMs: 50,
      fetch: (_url, init) =>
        new Promise((_answer, reject) => {
          init?.signal?.addEventListener('abort', () => reject(new DOMException('too late', 'TimeoutError')));
        }),
    });
    const client = hanging.publicClient();
    await expect(
      calling('read it', () => client.request('GET /users/{username}', { username: 'ada' })),
    ).rejects.toMatchObject({ code: 'github-unreachable' });
  });

  it('that gets a 401 is a Failure', async () => {
    // As an installation it is repeated for the first seconds of a token, in which not all of GitHub knows it.
    nock(API).get('/users/ada').reply(401, { message: 'Bad credentials' });
    const stranger = openApp().publicClient();
    await expect(
      calling('read it', () => stranger.request('GET /users/{username}', { username: 'ada' })),
    ).rejects.toMatchObject({ code: 'github-forbidden' });
  });

  it('that something else than GitHub answers is a Failure', async () => {
    nock(API)
      .get('/repos/acme/infra')
      .reply(200, '<html>Please sign in to the Wi-Fi</html>', { 'content-type': 'text/html' });
    await expect(ask()).rejects.toMatchObject({ code: 'github-unreachable' });
  });

  it('whose connection is cut is a Failure', async () => {
    nock(API)
      .get('/repos/acme/infra')
      .replyWithError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    await expect(ask()).rejects.toMatchObject({ code: 'github-unreachable' });
  });

  it('never shows its token in what it throws', async () => {
    nock(API).get('/repos/acme/infra').reply(403, { message: 'no' });
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    const seen = error instanceof Error ? `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}` : '';
    expect(seen).not.toContain(TOKEN);
  });

  it('is told of, by kind', async () => {
    calls.length = 0;
    nock(API).get('/repos/acme/infra').reply(404, {});
    await ask().catch(() => {});
    expect(calls).toMatchObject([{ method: 'GET', route: '/repos/{owner}/{repo}', status: 404 }]);
  });

  it('leaves bugs as they are', async () => {
    const bug = new RangeError('ours');
    await expect(calling('x', () => Promise.reject(bug))).rejects.toBe(bug);
  });
});

describe('the App', () => {
  it('fetches a token once for many clients of an installation', async () => {
    grant();
    nock(API).get('/repos/acme/infra').times(3).reply(200, {});
    const app = openApp();
    for (let at = 0; at < 3; at += 1) {
      const one = await app.installationClient(3);
      await one.request('GET /repos/{owner}/{repo}', { owner: 'acme', repo: 'infra' });
    }
  });

  it('fetches another one after it was told to forget', async () => {
    grant(2);
    nock(API).get('/repos/acme/infra').times(2).reply(200, {});
    const app = openApp();
    for (let at = 0; at < 2; at += 1) {
      const one = await app.installationClient(3);
      await one.request('GET /repos/{owner}/{repo}', { owner: 'acme', repo: 'infra' });
      app.forget(3);
    }
  });

  it('does not know an installation that is gone', async () => {
    nock(API).post('/app/installations/4/access_tokens').reply(404, { message: 'Not Found' });
    const gone = await openApp().installationClient(4);
    await expect(
      calling('read it', () => gone.request('GET /repos/{owner}/{repo}', { owner: 'acme', repo: 'infra' })),
    ).rejects.toMatchObject({ code: 'github-not-found' });
  });
});

describe('a query', () => {
  const query = () => runQuery<{ a: { b: number } | null }>(client, 'ask', '{ a { b } }', {});

  it('keeps what was answered beside what was not', async () => {
    nock(API)
      .post('/graphql')
      .reply(200, { data: { a: null }, errors: [{ type: 'NOT_FOUND', path: ['a'], message: 'no a' }] });
    expect(await query()).toMatchObject({ data: { a: null }, problems: [{ type: 'NOT_FOUND', path: ['a'] }] });
  });

  it('is limited even where GitHub says so with a 200', async () => {
    nock(API)
      .post('/graphql')
      .reply(200, { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] });
    await expect(query()).rejects.toMatchObject({ code: 'github-limited' });
  });

  it("is a Failure when GitHub's own time ran out", async () => {
    nock(API)
      .post('/graphql')
      .reply(200, { data: null, errors: [{ message: 'Something went wrong' }] });
    await expect(query()).rejects.toMatchObject({ code: 'github-unreachable' });
  });
});

describe('the rules of a branch', () => {
  const rulesets = (body: nock.Body, status = 200) =>
    nock(API).get('/repos/acme/infra/rules/branches/release%2F1').query({ per_page: 100, page: 1 }).reply(status, body);
  const classic = (status: number, body: nock.Body) =>
    nock(API).get('/repos/acme/infra/branches/release%2F1/protection').reply(status, body);
  const read = () => readBranchRules(client, HERE, 'release/1');

  it('are those of rulesets and of classic protection together', async () => {
    rulesets([
      { type: 'required_status_checks', parameters: { required_status_checks: [{ context: 'a', integration_id: 7 }] } },
      { type: 'pull_request', parameters: { required_approving_review_count: 1 } },
      { type: 'merge_queue', parameters: {} },
      { type: 'deletion' },
    ]);
    classic(200, { required_status_checks: { checks: [{ context: 'b', app_id: -1 }] } });
    expect(await read()).toEqual({
      known: true,
      value: {
        requiredChecks: [
          { name: 'a', appId: 7 },
          { name: 'b', appId: null },
        ],
        mergeQueue: true,
      },
    });
  });

  it('are none where the branch is not protected', async () => {
    rulesets([]);
    classic(404, { message: 'Branch not protected' });
    expect(await read()).toMatchObject({ known: true, value: { requiredChecks: [], mergeQueue: false } });
  });

  it('are none where the account may have none: a private repository of a free plan', async () => {
    const message = 'Upgrade to GitHub Pro or make this repository public to enable this feature.';
    rulesets({ message }, 403);
    classic(403, { message });
    expect(await read()).toEqual({ known: true, value: { requiredChecks: [], mergeQueue: false } });
  });

  it.each([
    [403, 'Resource not accessible by integration'],
    [404, 'Not Found'],
  ])('are unknown when the App may not see them (%i), and say what to grant', async (status, message) => {
    rulesets([]);
    classic(status, { message });
    expect(await read()).toMatchObject({ known: false, why: expect.stringContaining('administration: read') });
  });
});

describe('who pushed', () => {
  const activity = (body: nock.Body) =>
    nock(API).get('/repos/acme/infra/activity').query({ ref: 'refs/heads/change', per_page: 30 }).reply(200, body);

  it('is who was signed in, not who the commit names', async () => {
    activity([
      { after: 'b'.repeat(40), actor: { id: 9, login: 'bob', type: 'User' } },
      { after: 'a'.repeat(40), actor: { id: 8, login: 'ada', type: 'User' } },
    ]);
    expect(await readLastPusher(client, HERE, 'change', 'a'.repeat(40))).toEqual({
      known: true,
      value: { id: 8, login: 'ada', bot: false },
    });
  });

  it('is nobody when a deploy key pushed', async () => {
    activity([{ after: 'a'.repeat(40), actor: null }]);
    expect(await readLastPusher(client, HERE, 'change', 'a'.repeat(40))).toEqual({ known: true, value: null });
  });

  it('is unknown when the list does not reach back to it', async () => {
    activity([{ after: 'b'.repeat(40), actor: null }]);
    expect(await readLastPusher(client, HERE, 'change', 'a'.repeat(40))).toMatchObject({ known: false, passing: true });
  });
});

describe('routeOf', () => {
  it.each([
    ['/repos/acme/infra', '/repos/{owner}/{repo}'],
    ['/repos/acme/infra/pulls/7/files', '/repos/{owner}/{repo}/pulls/{pull}/files'],
    ['/repos/acme/infra/issues/7/comments', '/repos/{owner}/{repo}/issues/{issue}/comments'],
    ['/repos/acme/infra/issues/comments/5', '/repos/{owner}/{repo}/issues/comments/{comment}'],
    ['/repos/repos/issues/check-runs', '/repos/{owner}/{repo}/check-runs'],
    ['/repos/acme/infra/branches/a/b/protection', '/repos/{owner}/{repo}/branches/{branch}/protection'],
    ['/repos/acme/infra/rules/branches/a/b', '/repos/{owner}/{repo}/rules/branches/{branch}'],
    [
      '/repos/acme/infra/actions/workflows/p.yml/dispatches',
      '/repos/{owner}/{repo}/actions/workflows/{workflow}/dispatches',
    ],
    ['/orgs/acme/teams/t/memberships/ada', '/orgs/{org}/teams/{team}/memberships/{login}'],
    ['/app', '/app'],
    ['/graphql', '/graphql'],
  ])('counts %s as %s', (path, route) => {
    expect(routeOf(`/api/v3${path}`, '/api/v3')).toBe(route);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { NEXT_SECRET, SECRET, signature, webhook, webOn } from './web-under-test.ts';

const PATH = '/webhooks/github';
const MIB = 1024 * 1024;
const PULL = {
  action: 'opened',
  installation: { id: 11 },
  repository: {
    id: 12,
    name: 'infra',
    owner: { id: 13, login: 'acme', type: 'Organization' },
    full_name: 'acme/infra',
  },
  sender: { id: 14, login: 'ada', type: 'User' },
  number: 3,
  pull_request: { number: 3, head: { sha: 'a'.repeat(40) } },
};

describeDatabases('webhooks', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());
  const rowsOf = (guid: string) =>
    database.db.selectFrom('inbox_event').select(['state', 'reason', 'subject']).where('key', '=', guid).execute();

  it('records a delivery in the line of its pull request before it answers', async () => {
    const guid = randomUUID();
    const web = webOn(database);
    const request = webhook({ body: JSON.stringify(PULL), event: 'pull_request', guid });
    const answer = await web.request(PATH, request);
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ recorded: 'new' });
    expect(await rowsOf(guid)).toMatchObject([{ state: 'pending', subject: expect.stringContaining('12') }]);
  });

  it('records the same delivery once, and continues one that is not done', async () => {
    const guid = randomUUID();
    const web = webOn(database);
    const said: unknown[] = [];
    for (let copy = 0; copy < 2; copy += 1) {
      const answer = await web.request(PATH, webhook({ body: JSON.stringify(PULL), event: 'pull_request', guid }));
      expect(answer.status).toBe(202);
      said.push(await answer.json());
    }
    expect(said).toEqual([{ recorded: 'new' }, { recorded: 'again-pending' }]);
    await database.db.updateTable('inbox_event').set({ state: 'done' }).where('key', '=', guid).execute();
    const third = await web.request(PATH, webhook({ body: JSON.stringify(PULL), event: 'pull_request', guid }));
    expect(await third.json()).toEqual({ recorded: 'again-done' });
    expect(await rowsOf(guid)).toMatchObject([{ state: 'done' }]);
  });

  it.each([
    ['an event we know nothing of', 'sponsorship', '{"action":"created"}', 'unknown-event'],
    ['an event without the parts that it should have', 'pull_request', '{"action":"opened"}', 'malformed'],
    ['an event that is a list', 'pull_request', '[]', 'malformed'],
    ['an action that means nothing to us', 'pull_request', '{"action":"assigned"}', 'nothing-to-do'],
  ])('takes %s, and records why nothing follows', async (_, event, body, reason) => {
    const guid = randomUUID();
    const answer = await webOn(database).request(PATH, webhook({ body, event, guid }));
    expect([answer.status, await answer.json()]).toEqual([202, { recorded: 'ignored' }]);
    expect(await rowsOf(guid)).toEqual([{ state: 'ignored', reason, subject: null }]);
  });

  it('takes text that no database column can hold', async () => {
    const guid = randomUUID();
    const body = JSON.stringify({
      ...PULL,
      sender: { ...PULL.sender, login: 'a\u0000\ud800' },
    });
    const answer = await webOn(database).request(PATH, webhook({ body, event: 'pull_request', guid }));
    expect(answer.status).toBe(202);
    expect(await rowsOf(guid)).toHaveLength(1);
  });
});

describe('a webhook', () => {
  // Nothing of a database is there: whoever used it would fail.
  const neverUsed: Database = Object.create(null);
  const intake = vi.fn(() => Promise.resolve('new' as const));
  const web = webOn(neverUsed, { intake });
  const body = 'this is { no JSON';

  // A body that cannot be parsed would be answered 400: 401 shows that nobody tried.
  it.each([
    ['without a signature', { 'x-hub-signature-256': undefined }],
    ['with a signature of another secret', { 'x-hub-signature-256': signature(body, 'another secret') }],
    ['with a signature of another body', { 'x-hub-signature-256': signature(`${body} `, SECRET) }],
    [
      'with the sha1 signature only',
      { 'x-hub-signature-256': undefined, 'x-hub-signature': signature(body, SECRET, 'sha1') },
    ],
    ['with the sha1 signature in the place of the other', { 'x-hub-signature-256': signature(body, SECRET, 'sha1') }],
    ['with a signature that is cut short', { 'x-hub-signature-256': signature(body, SECRET).slice(0, -1) }],
    ['with an empty signature', { 'x-hub-signature-256': '' }],
  ])('%s is refused and not parsed', async (_, headers) => {
    const answer = await web.request(PATH, webhook({ body, headers }));
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'bad-signature' } });
    expect(intake).not.toHaveBeenCalled();
  });

  it.each([
    ['is not JSON', body],
    ['is a number', '7'],
    ['is null', 'null'],
    ['is empty', ''],
  ])('that %s is refused after its signature was found good', async (_, text) => {
    const answer = await web.request(PATH, webhook({ body: text }));
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'not-json' } }]);
    expect(intake).not.toHaveBeenCalled();
  });

  it.each(['x-github-event', 'x-github-delivery'])('without %s is refused', async (name) => {
    const answer = await web.request(PATH, webhook({ body: '{}', headers: { [name]: undefined } }));
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'bad-headers' } }]);
  });

  it.each([SECRET, NEXT_SECRET])('is taken under each of two secrets while they are rotated', async (secret) => {
    const headers = { 'x-hub-signature-256': signature('{}', secret) };
    expect((await web.request(PATH, webhook({ body: '{}', headers }))).status).toBe(202);
  });

  it('that says it is larger than 25 MiB is refused unread', async () => {
    let read = false;
    const stream = new ReadableStream(
      {
        pull: (controller) => {
          read = true;
          controller.error(new Error('read'));
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { 'content-length': `${25 * MIB + 1}` };
    const answer = await web.request(PATH, { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit);
    expect(answer.status).toBe(413);
    expect(read).toBe(false);
  });

  it('without a length is refused as soon as it is larger than 25 MiB', async () => {
    let sent = 0;
    const stream = new ReadableStream(
      {
        pull: (controller) => {
          sent += 1;
          controller.enqueue(new Uint8Array(MIB));
        },
      },
      { highWaterMark: 0 },
    );
    const answer = await web.request(PATH, { method: 'POST', body: stream, duplex: 'half' } as RequestInit);
    expect(answer.status).toBe(413);
    expect(sent).toBe(26);
  });

  it('of exactly 25 MiB is read', async () => {
    const large = `{"a":"${'x'.repeat(25 * MIB - 8)}"}`;
    expect(Buffer.byteLength(large)).toBe(25 * MIB);
    expect((await web.request(PATH, webhook({ body: large }))).status).toBe(202);
  });

  it('is sent back while the service closes, so that it can be recovered', async () => {
    const closing = webOn(neverUsed, { intake, accepting: () => false });
    expect((await closing.request(PATH, webhook({ body: '{}' }))).status).toBe(503);
  });

  it('that cannot be recorded is not said to be', async () => {
    const failing = webOn(neverUsed, { intake: () => Promise.reject(new Error('secret detail')) });
    const answer = await failing.request(PATH, webhook({ body: '{}' }));
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret detail');
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { noteLostDeliveries } from '../../src/store/lost-deliveries.ts';
import { createIntake } from '../../src/web/intake.ts';
import { freshDatabase } from '../database.ts';

const SHA = 'a'.repeat(40);
const APP = { appId: 5, botId: 99 };
const pressed = {
  action: 'requested_action',
  requested_action: { identifier: 'apply' },
  check_run: {
    id: 1,
    name: 'plumbline/apply',
    head_sha: SHA,
    external_id: 'plumbline/apply #7',
    app: { id: APP.appId },
    pull_requests: [{ number: 7, head: { sha: SHA } }],
  },
  repository: {
    id: 10,
    name: 'infra',
    full_name: 'acme/infra',
    owner: { login: 'acme', id: 3 },
    default_branch: 'main',
  },
  installation: { id: 1 },
  sender: { id: 2, login: 'bob', type: 'User' },
};

let database: Database;
beforeAll(async () => {
  database = await freshDatabase('embedded');
});
afterAll(() => database.close());

async function pressedAt(guid: string): Promise<number> {
  await createIntake(database, APP)({ guid, name: 'check_run', payload: pressed });
  const row = await database.db
    .selectFrom('inbox_event')
    .select('event')
    .where('key', '=', guid)
    .executeTakeFirstOrThrow();
  return row.event?.kind === 'button' ? row.event.at : Number.NaN;
}

it('a button that was lost and comes again later is as old as when it was pressed', async () => {
  const before = Date.now();
  expect(await pressedAt(randomUUID())).toBeGreaterThanOrEqual(before);

  const guid = randomUUID();
  const deliveredAt = before - 86_400_000;
  await noteLostDeliveries(database.db, [{ id: '1', guid, deliveredAt, installationId: null }]);
  expect(await pressedAt(guid), 'so it is refused as too old').toBe(deliveredAt);
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import type { Database } from '../../src/store/database.ts';
import { readRun } from '../../src/store/runs.ts';
import { openKeyRing } from '../../src/vault/key-ring.ts';
import { createRunnerDesk } from '../../src/web/runner-desk.ts';
import { freshDatabase } from '../database.ts';
import { decide, decision, freshRepository, newRun } from '../store/store-world.ts';

let database: Database;
beforeAll(async () => {
  database = await freshDatabase('embedded');
});
afterAll(() => database.close());

it('an upload that does not end is broken off and leaves nothing, so that the slots are free for others', async () => {
  const { db } = database;
  const repository = await freshRepository(db);
  const run = newRun('plan', 1, ['network']);
  await decide(db, repository, 1, decision([{ do: 'start-run', run }]));
  await db.updateTable('run').set({ state: 'running' }).where('id', '=', run.id).execute();
  const record = await readRun(db, run.id);
  if (record === undefined) {
    throw new Error('the run is not there');
  }
  const log = createLog('silent');
  const { ring } = openKeyRing({ keys: `k1:${Buffer.alloc(32, 1).toString('base64')}`, dataDir: '/nowhere' });
  const here = { publicUrl: 'http://127.0.0.1:1', oidcIssuer: 'http://127.0.0.1:1', botId: 1, workflowPath: '' };
  const desk = createRunnerDesk({ database, ring, log, ...here, uploadWithinMs: 1 });
  const [target] = run.targets;
  const cancelled = Promise.withResolvers<void>();
  const endless = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(300 * 1024)),
      cancel: () => cancelled.resolve(),
    });
  const upload = () => desk.storePlan({ id: run.id, record }, target?.planId ?? '', endless());
  const ends = await Promise.allSettled([upload(), upload(), upload(), upload()]);
  expect(ends).toMatchObject(ends.map(() => ({ reason: { status: 503, code: 'upload-too-slow' } })));
  await cancelled.promise;
  expect(await db.selectFrom('plan_chunk').select('seq').execute()).toEqual([]);
});

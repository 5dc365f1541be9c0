import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import type { Database } from '../../src/store/database.ts';
import { handleNextSubject } from '../../src/worker/handle-subject.ts';
import { LEASE } from '../../src/worker/while-held.ts';
import type { WorkerDeps } from '../../src/worker/worker-deps.ts';
import { freshDatabase } from '../database.ts';
import { decide, decision, deliver, freshRepository, newRun, pullEvent } from '../store/store-world.ts';

let database: Database;
beforeAll(async () => {
  database = await freshDatabase('embedded');
});
afterAll(() => database.close());

/** Nothing of GitHub is there: to touch it would be an error of another kind. */
function depsWithoutGitHub(): WorkerDeps {
  return Object.create({
    database,
    log: createLog('silent'),
    lease: LEASE,
    hurry: new AbortController().signal,
  });
}

it('gives up an event that took the process with it at every attempt, before it does so again', async () => {
  const repository = await freshRepository(database.db);
  const key = randomUUID();
  await deliver(database.db, pullEvent(repository), key);
  await sql`update inbox_event set attempts = 10 where key = ${key}`.execute(database.db);
  expect(await handleNextSubject(depsWithoutGitHub())).toBe(true);
  const event = await database.db
    .selectFrom('inbox_event')
    .select(['state', 'last_error'])
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  expect(event).toEqual({ state: 'dead', last_error: 'every attempt at this event ended without a word' });
  const replies = await database.db.selectFrom('outbox').select('intent').execute();
  expect(replies).toMatchObject([{ intent: { do: 'reply', pull: 1 } }]);
});

it.each([
  ['run-reported', 'unknown'],
  ['apply-claimed', 'failed'],
] as const)('ends the run of a dead event as what is known of it: %s is %s', async (kind, state) => {
  const repository = await freshRepository(database.db);
  const run = newRun('apply', 1, ['prod']);
  await decide(database.db, repository, 1, decision([{ do: 'start-run', run }]));
  const key = randomUUID();
  await deliver(database.db, { kind, repository, pull: 1, run: run.id }, key);
  await sql`update inbox_event set attempts = 10 where key = ${key}`.execute(database.db);
  expect(await handleNextSubject(depsWithoutGitHub())).toBe(true);
  const ended = await database.db
    .selectFrom('run')
    .select(['state', 'end_reason'])
    .where('id', '=', run.id)
    .executeTakeFirstOrThrow();
  expect(ended).toEqual({ state, end_reason: 'event-dead' });
});

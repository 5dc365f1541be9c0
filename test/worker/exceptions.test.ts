import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { readPullRows } from '../../src/store/pull-rows.ts';
import { pullViewOf } from '../../src/worker/pull-view.ts';
import { freshDatabase } from '../database.ts';
import { decide, decision, freshRepository, newRun } from '../store/store-world.ts';

let database: Database;
beforeAll(async () => {
  database = await freshDatabase('embedded');
});
afterAll(() => database.close());

it.each([
  ['apply', {}, null],
  ['apply-force', { force: true }, 'Requirements and gates were skipped: `ann` asked for `apply-force`.'],
  ['apply-autoapprove', { autoapprove: true }, 'No plan was read before: `ann` asked for `apply-autoapprove`.'],
] as const)('the comment names who applied past the rules: %s', async (_command, how, says) => {
  const repository = await freshRepository(database.db);
  const run = newRun('apply', 1, ['prod'], how);
  await decide(database.db, repository, 1, decision([{ do: 'start-run', run }]));
  const rows = await readPullRows(database.db, repository.repositoryId, 1);
  if (rows === undefined) {
    throw new TypeError('the pull request is not there');
  }
  const view = pullViewOf(rows, { web: 'https://github.test', server: 'https://plumbline.test' });
  expect(view.notes?.map(({ text }) => text) ?? []).toEqual(says === null ? [] : [says]);
});

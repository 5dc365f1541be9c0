import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { areAppliesPaused, listPaused, switchPaused } from '../../src/store/kill-switch.ts';
import { readOurFacts } from '../../src/store/our-facts.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { freshRepository, pullEvent } from './store-world.ts';

const APPLIES = { kind: 'applies' } as const;

describeDatabases('the switch of all applies', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  const told = async () => {
    const repository = await freshRepository(database.db);
    return (await readOurFacts(database.db, pullEvent(repository))).ours;
  };

  it('is off, is told to every decision while it is on, and is off again', async () => {
    expect(await told()).toMatchObject({ appliesPaused: false });
    expect(await switchPaused(database.db, APPLIES, true, 'operator')).toMatchObject({ answer: 'switched' });
    expect(await told()).toMatchObject({
      appliesPaused: true,
      repositoryPaused: false,
      installation: { paused: false },
    });
    expect(await listPaused(database.db)).toEqual([{ installationId: null, repositoryId: null, name: 'applies' }]);
    expect(await switchPaused(database.db, APPLIES, false, 'operator')).toMatchObject({ answer: 'switched' });
    expect(await told()).toMatchObject({ appliesPaused: false });
    expect(await listPaused(database.db)).toEqual([]);
  });

  it('is switched and audited once, however many people switch it together', async () => {
    await database.db.deleteFrom('service_switch').execute();
    const before = (await database.db.selectFrom('audit').select('id').execute()).length;
    const answers = await Promise.all([1, 2, 3].map(() => switchPaused(database.db, APPLIES, true, 'operator')));
    expect(answers.map(({ answer }) => answer).sort()).toEqual(['switched', 'unchanged', 'unchanged']);
    const lines = await database.db.selectFrom('audit').select(['action', 'actor', 'detail']).orderBy('id').execute();
    expect(lines.slice(before)).toEqual([{ action: 'paused', actor: 'operator', detail: { name: 'applies' } }]);
    expect(await areAppliesPaused(database.db)).toBe(true);
  });
});

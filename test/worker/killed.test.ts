import { describe, expect, it } from 'vitest';
import { liveThrough } from '../chaos/killed-life.ts';
import { dropDatabase, freshDatabaseUrl, hasPostgres } from '../database.ts';

/** While the first event is observed, around the plan's comment, and in the middle of the apply: counted in calls to GitHub. */
const KILLS = [3, 20, 40];

async function life(killAfterCalls: readonly number[]) {
  const databaseUrl = await freshDatabaseUrl();
  const kills: string[] = [];
  try {
    const end = await liveThrough({ databaseUrl, killAfterCalls, onKill: (call) => kills.push(call) });
    return { end, kills };
  } finally {
    await dropDatabase(databaseUrl);
  }
}

describe.skipIf(!hasPostgres)('a service that is killed in the middle', () => {
  it('loses nothing and does nothing twice', async () => {
    const [undisturbed, killed] = await Promise.all([life([]), life(KILLS)]);
    expect(killed.kills.length).toBeGreaterThan(1);
    expect(killed.end).toEqual(undisturbed.end);
    expect(undisturbed.end).toMatchObject({ reactions: ['rocket'], dead: 0, notOnce: [], locks: 0 });
    expect(undisturbed.end.runs).toHaveLength(2);
  }, 240_000);
});

import { describe, expect, it } from 'vitest';
import { killPoints, liveThrough } from '../chaos/killed-life.ts';
import { dropDatabase, freshDatabaseUrl, hasPostgres } from '../database.ts';

/** Kills while the first event is observed, around the plan's comment, and in the apply. `npm run chaos` lives through many more. */
const SEED = 3;

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
  it(`at random points loses nothing and does nothing twice (seed ${SEED})`, async () => {
    const [undisturbed, killed] = await Promise.all([life([]), life(killPoints(SEED))]);
    expect(killed.kills.length).toBeGreaterThan(2);
    expect(killed.end).toEqual(undisturbed.end);
    expect(undisturbed.end).toMatchObject({ reactions: ['rocket'], dead: 0, notOnce: [], locks: 0 });
    expect(undisturbed.end.runs).toHaveLength(2);
  }, 240_000);
});

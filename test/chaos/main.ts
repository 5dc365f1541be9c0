import { isDeepStrictEqual } from 'node:util';
import { NO_POSTGRES, startScratchPostgres } from '../bench/scratch-postgres.ts';
import { type EndState, killPoints, liveThrough } from './killed-life.ts';

/**
 * `npm run chaos [lives] [first seed]`: lives of a pull request with a service that is killed again and again, at moments
 * that follow from the seed. Each must end as the undisturbed one does. Exit 1 at the first that does not.
 */
const lives = Number(process.argv[2] ?? 20);
const firstSeed = Number(process.argv[3] ?? 1);

using postgres = startScratchPostgres();
if (postgres === undefined) {
  console.log(NO_POSTGRES);
  process.exit(0);
}
const undisturbed = await liveThrough({ databaseUrl: await postgres.database(), killAfterCalls: [] });
console.log(JSON.stringify(undisturbed, null, 2));
for (let seed = firstSeed; seed < firstSeed + lives; seed += 1) {
  const killAfterCalls = killPoints(seed);
  const kills: string[] = [];
  const began = performance.now();
  const databaseUrl = await postgres.database();
  const end = await liveThrough({ databaseUrl, killAfterCalls, onKill: (call) => kills.push(call) }).catch(
    (error: unknown) => error,
  );
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const same = isDeepStrictEqual(end, undisturbed);
  console.log(
    `seed ${seed}: ${same ? 'same end' : 'ANOTHER END'} after ${kills.length} kills, ${seconds} s (${kills.join(', ')})`,
  );
  if (!same) {
    console.log(end instanceof Error ? end : differences(undisturbed, end));
    process.exitCode = 1;
    break;
  }
}

function differences(wanted: EndState, found: unknown): string {
  return `wanted ${JSON.stringify(wanted, null, 1)}\nfound ${JSON.stringify(found, null, 1)}`;
}

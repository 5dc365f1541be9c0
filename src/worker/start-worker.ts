import { MINUTE, SECOND } from '../domain/instant.ts';
import { appUntil } from '../github/app-until.ts';
import { deliverNextEffect } from './deliver-effect.ts';
import { handleNextSubject } from './handle-subject.ts';
import { CHORES_EVERY_MS, doChores, moveDueTimers } from './housekeeping.ts';
import { type Loop, startLoop } from './loop.ts';
import { recoverDeliveries } from './recover-deliveries.ts';
import { LEASE } from './while-held.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** The backstop of the wake-ups, and how late a timer may be. */
const POLL_MS = SECOND;
const SUBJECTS_AT_ONCE = 8;
const INSTALLATIONS_AT_ONCE = 8;

export interface Worker {
  /** Take nothing more; fulfilled when what was in hand is finished. */
  readonly stop: () => Promise<void>;
  /** Do all loops turn? */
  readonly isAlive: () => boolean;
}

/** Start the loops: events, writes to GitHub, timers, chores, lost deliveries. */
export function startWorker({
  finishWithinMs,
  ...given
}: Omit<WorkerDeps, 'lease' | 'hurry'> & {
  /** When it stops: calls to GitHub that take longer are broken off, so that there is time to give back what is in hand. */
  readonly finishWithinMs: number;
}): Worker {
  const hurry = new AbortController();
  const deps: WorkerDeps = { ...given, lease: LEASE, hurry: hurry.signal };
  const { database, log } = deps;
  const never = () => () => {};
  let justStarted = true;
  let stopping = false;
  const loops: readonly Loop[] = [
    startLoop({
      name: 'inbox',
      log,
      lanes: SUBJECTS_AT_ONCE,
      pollMs: POLL_MS,
      listen: (wake) => database.listen('inbox', wake),
      work: () => handleNextSubject(deps),
    }),
    startLoop({
      name: 'outbox',
      log,
      lanes: INSTALLATIONS_AT_ONCE,
      pollMs: POLL_MS,
      listen: (wake) => database.listen('outbox', wake),
      work: () => deliverNextEffect(deps),
    }),
    startLoop({ name: 'timers', log, lanes: 1, pollMs: POLL_MS, listen: never, work: () => moveDueTimers(deps) }),
    startLoop({
      name: 'chores',
      log,
      lanes: 1,
      pollMs: CHORES_EVERY_MS,
      listen: never,
      work: async () => {
        await doChores(deps);
        return false;
      },
    }),
    startLoop({
      name: 'deliveries',
      log,
      lanes: 1,
      pollMs: CHORES_EVERY_MS,
      listen: never,
      work: async () => {
        // What was sent while nobody listened: ask for it as soon as we can, however short the pause was.
        const asked = await recoverDeliveries(
          { ...deps, app: appUntil(deps.app, hurry.signal) },
          { atOnce: justStarted, goOn: () => !stopping },
        );
        justStarted &&= asked === undefined;
        return false;
      },
    }),
  ];
  return {
    stop: async () => {
      stopping = true;
      const late = setTimeout(() => hurry.abort(), finishWithinMs);
      await Promise.all(loops.map((loop) => loop.stop()));
      clearTimeout(late);
    },
    isAlive: () => loops.every((loop) => Date.now() - loop.lastAlive() < 2 * MINUTE),
  };
}

import type { Log } from '../log.ts';

export interface LoopOptions {
  readonly name: string;
  readonly log: Log;
  /** One piece of work. False: there was nothing to do. */
  readonly work: () => Promise<boolean>;
  /** Pieces at the same time. */
  readonly lanes: number;
  /** Look for work at least this often, in milliseconds: the backstop of the wake-ups. */
  readonly pollMs: number;
  /** Calls its argument whenever there may be work; returns what ends that. */
  readonly listen: (wake: () => void) => () => void;
}

export interface Loop {
  /** Take no more work; fulfilled when what was in hand is finished. */
  readonly stop: () => Promise<void>;
  /** When a piece of work, or the look for one, last ended without an error. */
  readonly lastAlive: () => number;
}

/** After an error that `work` did not answer itself, such as a lost database: wait so long before trying again. */
const PAUSE_AFTER_ERROR_MS = 1_000;

/** Do work whenever there is some, in several lanes. A lane that finds nothing sleeps until it is woken or the poll is due. */
export function startLoop(options: LoopOptions): Loop {
  const sleepers = new Set<() => void>();
  let stopping = false;
  let alive = Date.now();
  // A wake-up that arrives while a lane is looking must not be lost on that lane, whatever the others do meanwhile.
  let wakeUps = 0;

  const wakeAll = (): void => {
    wakeUps += 1;
    for (const wake of sleepers) {
      wake();
    }
  };
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      sleepers.add(wake);
    });

  const lane = async (): Promise<void> => {
    while (!stopping) {
      const seen = wakeUps;
      try {
        const worked = await options.work();
        alive = Date.now();
        if (!worked && seen === wakeUps && !stopping) {
          await sleep(options.pollMs);
        } else if (worked) {
          // There may be more of it than this lane alone should do.
          wakeAll();
        }
      } catch (error) {
        options.log.error({ err: error, loop: options.name }, 'work failed');
        if (!stopping) {
          await sleep(PAUSE_AFTER_ERROR_MS);
        }
      }
    }
  };

  const endListening = options.listen(wakeAll);
  const lanes = Promise.all(Array.from({ length: options.lanes }, lane));
  return {
    stop: async () => {
      stopping = true;
      endListening();
      wakeAll();
      await lanes;
    },
    lastAlive: () => alive,
  };
}

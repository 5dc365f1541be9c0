import { MINUTE, SECOND } from '../domain/instant.ts';
import type { Log } from '../log.ts';

/** How a lease is kept, in milliseconds. */
export interface LeaseTimes {
  /** How long it lasts without another word: so long others wait for a process that is gone. */
  readonly forMs: number;
  readonly renewEveryMs: number;
}

/** Several renewals may fail and one call to GitHub may run into its time-out before a lease ends that is worked under. */
export const LEASE: LeaseTimes = { forMs: 30 * SECOND, renewEveryMs: 5 * SECOND };
/** No work keeps its lease for longer: it hangs, and another lane may try. */
const KEPT_AT_MOST_MS = 10 * MINUTE;
/** What is under way is broken off so long before the lease ends: from then on somebody else may do the same. */
const MARGIN_MS = 5 * SECOND;

export interface Held {
  readonly times: LeaseTimes;
  /** When the lease was asked for, by `performance.now()`: it lasts from then on at least. */
  readonly since: number;
  /** Have it for longer, in the database. False: it is another's by now. */
  readonly renew: () => Promise<boolean>;
  readonly log: Log;
  /** What is held, for the log. */
  readonly what: string;
}

/**
 * Keep a lease while `work` goes on, however long it takes. The signal is aborted when the lease is lost, or when it could not
 * be renewed and is about to end: what it guards may not be touched any more.
 */
export async function whileHeld<T>(held: Held, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { times, log, what } = held;
  const lost = new AbortController();
  let end: NodeJS.Timeout | undefined;
  let asking = false;
  let over = false;
  const lastsFrom = (askedAt: number): void => {
    clearTimeout(end);
    end = over ? undefined : setTimeout(() => lost.abort(), askedAt + times.forMs - MARGIN_MS - performance.now());
  };
  const renew = async (): Promise<void> => {
    const askedAt = performance.now();
    if (askedAt - held.since > KEPT_AT_MOST_MS) {
      clearInterval(timer);
      return;
    }
    if (asking) {
      return;
    }
    asking = true;
    try {
      if (await held.renew()) {
        lastsFrom(askedAt);
      } else {
        lost.abort();
      }
    } catch (error) {
      // Not renewed is not lost: there are more tries before it ends.
      log.warn({ err: error, what }, 'a lease was not renewed');
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void renew(), times.renewEveryMs);
  lastsFrom(held.since);
  try {
    return await work(lost.signal);
  } finally {
    over = true;
    clearInterval(timer);
    clearTimeout(end);
  }
}

import { Failure } from '../domain/failure.ts';
import { appUntil } from '../github/app-until.ts';
import { deadOutbox, extendOutbox, finishOutbox, leaseOutbox, type OutboxLease, retryOutbox } from '../store/outbox.ts';
import { carryOutEffect } from './carry-out-effect.ts';
import { whileHeld } from './while-held.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** Attempts at one write while GitHub is not reachable; with the backoff this is more than a day. */
const MAX_ATTEMPTS = 120;
const FIRST_WAIT_MS = 500;
/** GitHub lists a new run some seconds after it was asked for: looked for sooner, it would be asked for twice. */
const FIRST_WAIT_OF_DISPATCH_MS = 5_000;
const LONGEST_WAIT_MS = 15 * 60_000;

/** Send the write that waits longest, of an installation that nobody is writing for. False: none waits. */
export async function deliverNextEffect(deps: WorkerDeps): Promise<boolean> {
  const { db } = deps.database;
  const since = performance.now();
  const lease = await leaseOutbox(db, { leaseMs: deps.lease.forMs });
  if (lease === undefined) {
    return false;
  }
  const { item } = lease;
  try {
    // A check for each of many dirspaces can take longer than one lease.
    const held = {
      times: deps.lease,
      since,
      renew: () => extendOutbox(db, lease, deps.lease.forMs),
      log: deps.log,
      what: `writes for installation ${lease.installationId}`,
    };
    const outcome = await whileHeld(held, (lost) => {
      const app = appUntil(deps.app, AbortSignal.any([lost, deps.hurry]));
      return carryOutEffect({ ...deps, app }, lease);
    });
    if (outcome.ok) {
      await finishOutbox(db, lease);
    } else {
      deps.log.warn(
        { effect: item.intent.do, repository: item.repositoryId, why: outcome.dead },
        'GitHub refused a write',
      );
      await deadOutbox(db, lease, outcome.dead, outcome.follow);
      deps.database.notify('inbox');
    }
  } catch (error) {
    await again(deps, lease, error);
  }
  return true;
}

/** Whatever went wrong may have reached GitHub: the next attempt looks first. */
async function again(deps: WorkerDeps, lease: OutboxLease, error: unknown): Promise<void> {
  const { item } = lease;
  const { db } = deps.database;
  const message = error instanceof Error ? error.message : 'unknown error';
  const final =
    item.attempts >= MAX_ATTEMPTS ||
    (error instanceof Failure && (error.code === 'github-forbidden' || error.code === 'github-not-found'));
  deps.log[error instanceof Failure ? 'warn' : 'error'](
    { err: error, effect: item.intent.do, attempt: item.attempts },
    'a write to GitHub failed',
  );
  if (final) {
    await deadOutbox(db, lease, message);
    return;
  }
  const first = item.intent.do === 'dispatch' ? FIRST_WAIT_OF_DISPATCH_MS : FIRST_WAIT_MS;
  const wait = Math.min(first * 2 ** Math.min(item.attempts - 1, 20), LONGEST_WAIT_MS);
  const pauseMs =
    error instanceof Failure && error.code === 'github-limited' ? (error.retryAfterMs ?? 60_000) : undefined;
  await retryOutbox(db, lease, {
    error: message,
    afterMs: Math.max(wait / 2 + Math.random() * (wait / 2), pauseMs ?? 0),
    uncertain: true,
    ...(pauseMs === undefined ? {} : { pauseMs }),
  });
}

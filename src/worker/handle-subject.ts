import { coalesces } from '../decision/coalesces.ts';
import { decide } from '../decision/decide.ts';
import { needFor } from '../decision/need-for.ts';
import { needAfter } from '../decision/run-environments.ts';
import { triage } from '../decision/triage.ts';
import type { Decision } from '../domain/decision.ts';
import { type Event, installationOf } from '../domain/event.ts';
import { Failure, isPassing } from '../domain/failure.ts';
import { HOUR, MINUTE } from '../domain/instant.ts';
import type { GitHubFacts } from '../domain/snapshot.ts';
import { appUntil } from '../github/app-until.ts';
import { commitDecision } from '../store/commit.ts';
import { extendLease, failEvent, leaseSubject, postponeSubject, type SubjectLease } from '../store/inbox-lease.ts';
import { giveUp } from './give-up.ts';
import { recoverInstallation } from './recover-installation.ts';
import { takeSnapshot, widenSnapshot } from './take-snapshot.ts';
import { whileHeld } from './while-held.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** Attempts at one event before it is dead. With the backoff this is about a quarter of an hour. */
const MAX_ATTEMPTS = 10;
/** While GitHub cannot be reached an event is kept for so long, and tried at least every two minutes. */
const OUTAGE = { patientMs: 4 * HOUR, longestMs: 2 * MINUTE };
/** Decide again so often when other subjects are faster, before the event waits for its next attempt. */
const MAX_CONFLICTS = 5;
const AFTER_CONFLICTS_MS = 250;

/** Take the line that waits longest and handle its head. False: no line waits. */
export async function handleNextSubject(deps: WorkerDeps): Promise<boolean> {
  const { db } = deps.database;
  const since = performance.now();
  const lease = await leaseSubject(db, { leaseMs: deps.lease.forMs, coalesces });
  if (lease === undefined) {
    return false;
  }
  try {
    if (lease.events[0].attempts > MAX_ATTEMPTS) {
      // Attempts are counted when the event is taken: this one took the process with it each time, or outlived every lease.
      throw new Error('every attempt at this event ended without a word');
    }
    // Reading a large tree page by page can take longer than one lease.
    const held = {
      times: deps.lease,
      since,
      renew: () => extendLease(db, lease, deps.lease.forMs),
      log: deps.log,
      what: lease.subject,
    };
    await whileHeld(held, (lost) => {
      const app = appUntil(deps.app, AbortSignal.any([lost, deps.hurry]));
      return handle({ ...deps, app }, lease);
    });
  } catch (error) {
    await failed(deps, lease, error);
  }
  return true;
}

async function handle(deps: WorkerDeps, lease: SubjectLease): Promise<void> {
  // Hints that came together share one snapshot; the last one speaks for all.
  const event = (lease.events.at(-1) ?? lease.events[0]).event;
  await recoverInstallation(deps, installationOf(event));
  const triaged = triage(event, { botId: deps.identity.botId });
  if (triaged.do === 'ignore') {
    const said = {
      rule: 'triage',
      says: 'ignore',
      reason: triaged.reason,
      ...(triaged.detail === undefined ? {} : { detail: triaged.detail }),
    } as const;
    await commit(deps, lease, event, { reason: triaged.reason, trace: [said], assumptions: [], intents: [] }, null);
    return;
  }
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    let snapshot = await takeSnapshot(deps, event, triaged.need);
    // Twice: the configuration may ask for reviews, and only they say whose teams are to be known.
    for (let round = 0; round < 2; round += 1) {
      const more = needFor(event, snapshot);
      if (more === undefined) {
        break;
      }
      snapshot = await widenSnapshot(deps, event, snapshot, more);
    }
    let decision = decide(snapshot, event);
    const after = needAfter(decision, snapshot);
    if (after !== undefined) {
      snapshot = await widenSnapshot(deps, event, snapshot, after);
      decision = decide(snapshot, event);
    }
    if (await commit(deps, lease, event, decision, snapshot.github)) {
      return;
    }
  }
  await postponeSubject(deps.database.db, lease, AFTER_CONFLICTS_MS);
}

/** False: another subject was faster; observe and decide again. */
async function commit(
  deps: WorkerDeps,
  lease: SubjectLease,
  event: Event,
  decision: Decision,
  github: GitHubFacts | null,
): Promise<boolean> {
  const { database, log, planLifeMs } = deps;
  const answer = await commitDecision(database.db, { lease, event, decision, github, planLifeMs });
  if (typeof answer === 'object') {
    log.info({ subject: lease.subject, assumption: answer.conflict.that }, 'another event was faster; deciding again');
    return false;
  }
  log.info(
    {
      subject: lease.subject,
      event: event.kind,
      reason: decision.reason,
      refused: decision.trace.flatMap(({ says, reason }) => (says === 'refuse' ? [reason] : [])),
      outcome: answer,
    },
    'decided',
  );
  database.notify('inbox');
  database.notify('outbox');
  return true;
}

async function failed(deps: WorkerDeps, lease: SubjectLease, error: unknown): Promise<void> {
  if (deps.hurry.aborted) {
    // We broke it off ourselves, and another process may take it at once.
    await postponeSubject(deps.database.db, lease, 0);
    return;
  }
  const passing = isPassing(error);
  const message = error instanceof Error ? error.message : 'unknown error';
  deps.log[passing ? 'warn' : 'error'](
    { err: error, subject: lease.subject, attempt: lease.events[0].attempts },
    'an event could not be handled',
  );
  const wait = error instanceof Failure ? error.retryAfterMs : null;
  const outcome = await failEvent(deps.database.db, lease, {
    error: message,
    maxAttempts: MAX_ATTEMPTS,
    whenDead: (tx) => giveUp(tx, lease),
    ...(passing ? OUTAGE : {}),
    ...(wait === null ? {} : { atLeastMs: wait }),
  });
  if (outcome === 'dead') {
    deps.log.error({ subject: lease.subject, event: lease.events[0].id }, 'gave an event up');
    deps.database.notify('outbox');
  }
}

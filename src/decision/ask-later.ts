import type { Event } from '../domain/event.ts';
import { HOUR, MINUTE, SECOND } from '../domain/instant.ts';
import type { ReasonCode } from '../domain/reason.ts';
import { intend, note } from './draft.ts';
import type { Outcome } from './outcome.ts';
import type { PullCase } from './pull-case.ts';

/** GitHub computes whether it can merge within seconds, after a push to a busy base within a minute or two. */
const PATIENCE_MS = 2 * MINUTE;
const AGAIN_MS = 20 * SECOND;

/**
 * A command, or the claim of its run, against which nothing stands but that GitHub does not know yet whether it can merge is not
 * refused: it is decided again, as if it had come a little later, until it is two minutes old. Returns whether it is.
 */
export function askLater(
  it: PullCase,
  asked: { readonly key: string; readonly at: number; readonly event: Event },
  outcome: Outcome,
): boolean {
  const { draft, now, pull, repository } = it;
  const only = outcome.refusals.length > 0 && outcome.refusals.every(({ reason }) => reason === 'mergeability-unknown');
  // What was begun in spite of it must not be begun twice.
  if (!only || draft.intents.length > 0 || now - asked.at >= PATIENCE_MS) {
    return false;
  }
  const key = `mergeability/${repository.repositoryId}/${pull.number}/${asked.key}`;
  intend(draft, { do: 'set-timer', key, at: now + AGAIN_MS, event: asked.event });
  note(draft, 'mergeability', 'note', 'asked-again');
  return true;
}

/** Reasons that pass without anybody doing anything here. */
const PASSING: ReadonlySet<ReasonCode> = new Set(['check-missing', 'check-pending', 'mergeability-unknown']);
const SOONEST_MS = 15 * SECOND;
const LATEST_MS = 15 * MINUTE;
/** So long after the newest plan or apply it is tried again; then somebody has to ask. */
const BY_ITSELF_MS = 2 * HOUR;

/** What would be applied or merged without anybody asking is looked at again, if all that stands against it may pass. */
export function askAgainIfPassing(it: PullCase, reasons: readonly ReasonCode[]): void {
  if (reasons.length > 0 && reasons.every((reason) => PASSING.has(reason))) {
    lookAgainByItself(it);
  }
}

/** Look again at what may apply or merge by itself: soon at first, then ever more seldom. */
export function lookAgainByItself({ draft, ours, now, repository, pull }: PullCase): void {
  const age = now - Math.max(0, ...ours.results.map(({ endedAt }) => endedAt ?? 0));
  if (age >= BY_ITSELF_MS) {
    return;
  }
  intend(draft, {
    do: 'set-timer',
    key: `by-itself/${repository.repositoryId}/${pull.number}`,
    at: now + Math.min(LATEST_MS, Math.max(SOONEST_MS, age)),
    event: { kind: 'reconsider', repository, pull: pull.number, because: 'asked-again' },
  });
}

import type { Event } from '../domain/event.ts';
import { MINUTE, SECOND } from '../domain/instant.ts';
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

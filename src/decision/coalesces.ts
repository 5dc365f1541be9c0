import type { Event } from '../domain/event.ts';

/**
 * Does the later event say everything that the earlier one says, so that one look answers both? Only hints: what they are
 * about is read from GitHub and from our rows anyway. Commands, reports and claims are never taken together.
 */
export function coalesces(earlier: Event, later: Event): boolean {
  if (earlier.kind === 'pull' && later.kind === 'pull') {
    return HINTS.has(earlier.action) && HINTS.has(later.action) && earlier.sender.id === later.sender.id;
  }
  if (earlier.kind === 'review' && later.kind === 'review') {
    return true;
  }
  if (earlier.kind === 'reconsider' && later.kind === 'reconsider') {
    return earlier.because === later.because;
  }
  if (earlier.kind === 'push' && later.kind === 'push') {
    return true;
  }
  return earlier.kind === 'run-silent' && later.kind === 'run-silent' && earlier.run === later.run;
}

/** Actions after which the head of now is planned if it has no plan: which of them came is of no account. */
const HINTS: ReadonlySet<string> = new Set([
  'opened',
  'reopened',
  'synchronize',
  'ready_for_review',
  'base-edited',
  'unlabeled',
]);

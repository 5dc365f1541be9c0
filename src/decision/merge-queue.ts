import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { REASONS } from '../domain/reason.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';

/** The check that a branch rule may require; it must be reported on merge groups too, or the queue waits for ever. */
export const PLAN_CHECK = 'plumbline/plan';

/**
 * A merge group was made. Plans were made and shown on the pull requests, and their own check had to be green to get
 * here; the group's head gets the same word. Nothing is run on the group.
 */
export function decideMergeGroup(draft: Draft, event: Extract<Event, { kind: 'merge-group' }>): Decision {
  const { ours } = draft.snapshot;
  if (ours.installation.state !== 'active') {
    return ignore(draft, 'merge-group', 'installation-gone');
  }
  const reason = 'merge-group-passed';
  note(draft, 'merge-group', 'pass', reason);
  intend(draft, {
    do: 'check',
    sha: event.headSha,
    name: PLAN_CHECK,
    conclusion: 'success',
    title: 'Planned on the pull request',
    summary: REASONS[reason],
  });
  return finish(draft, reason);
}

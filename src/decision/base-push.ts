import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { MINUTE } from '../domain/instant.ts';
import { type Draft, finish, ignore, intend } from './draft.ts';

/** So many pull requests look at a moved base at once; the others follow, that many a minute. */
const AT_ONCE = 20;

/** A branch moved: every open pull request into it looks whether its plans still tell what a merge would do. */
export function decidePush(draft: Draft, event: Extract<Event, { kind: 'push' }>): Decision {
  const { ours, now } = draft.snapshot;
  const pulls = ours.openPulls
    .filter((pull) => pull.baseRef === event.branch)
    .map((pull) => pull.number)
    .sort((a, b) => a - b);
  if (pulls.length === 0) {
    return ignore(draft, 'push', 'nothing-to-do', 'No open pull request goes into this branch.');
  }
  for (const [at, pull] of pulls.entries()) {
    const follow = { kind: 'reconsider', repository: event.repository, pull, because: 'base-moved' } as const;
    const wave = Math.floor(at / AT_ONCE);
    if (wave === 0) {
      const key = `base-moved/${event.repository.repositoryId}/${pull}/${event.after}`;
      intend(draft, { do: 'emit', key, event: follow });
    } else {
      // One timer per pull request: a base that moves often does not pile them up.
      const key = `base-moved/${event.repository.repositoryId}/${pull}`;
      intend(draft, { do: 'set-timer', key, at: now + wave * MINUTE, event: follow });
    }
  }
  return finish(draft, 'base-moved');
}

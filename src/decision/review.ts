import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { type Draft, finish, ignore, intend } from './draft.ts';
import { publish } from './plan.ts';
import { openCase, type PullCase } from './pull-case.ts';
import { stillNeeds } from './still-needs.ts';
import { workOf } from './work.ts';

/** Somebody reviewed: what is missing before an apply is shown anew, and what applies by itself is looked at again. */
export function decideReview(draft: Draft, event: Extract<Event, { kind: 'review' }>): Decision {
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    return ignore(draft, 'review', opened.reason);
  }
  const { it } = opened;
  if (it.pull.state === 'closed' || it.ours.results.length === 0) {
    return ignore(draft, 'review', 'nothing-to-do');
  }
  reconsiderByItself(it);
  if (event.action === 'submitted' && event.approvedAt !== undefined && !event.sender.bot) {
    const { number: pull, headSha } = it.pull;
    intend(draft, { do: 'save-review', pull, review: { by: event.sender.login, at: event.approvedAt, headSha } });
  }
  const result = workOf(it.github, it.pull, it.ours);
  if (result.ok) {
    intend(draft, { do: 'save-needs', pull: it.pull.number, needs: stillNeeds(it, result.work) });
  }
  publish(it);
  return finish(draft, 'published');
}

/** What applies or merges by itself may have waited for just this approval. */
export function reconsiderByItself({ draft, ours, repository, pull: { number: pull }, now }: PullCase): void {
  if (ours.pull?.byItself === true) {
    intend(draft, {
      do: 'emit',
      key: `reviewed/${repository.repositoryId}/${pull}/${now}`,
      event: { kind: 'reconsider', repository, pull, because: 'reviewed' },
    });
  }
}

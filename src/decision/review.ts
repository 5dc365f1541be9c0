import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { type Draft, finish, ignore, intend } from './draft.ts';
import { publish } from './plan.ts';
import { openCase } from './pull-case.ts';
import { stillNeeds } from './still-needs.ts';
import { workOf } from './work.ts';

/** Somebody reviewed: nothing is run by it, but what is missing before an apply is shown anew. */
export function decideReview(draft: Draft, event: Extract<Event, { kind: 'review' }>): Decision {
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    return ignore(draft, 'review', opened.reason);
  }
  if (opened.it.pull.state !== 'open' || opened.it.ours.results.length === 0) {
    return ignore(draft, 'review', 'nothing-to-do');
  }
  if (event.action === 'submitted' && event.approvedAt !== undefined && !event.sender.bot) {
    const { number: pull, headSha } = opened.it.pull;
    intend(draft, { do: 'save-review', pull, review: { by: event.sender.login, at: event.approvedAt, headSha } });
  }
  const result = workOf(opened.it.github, opened.it.pull, opened.it.ours);
  if (result.ok) {
    const needs = stillNeeds(opened.it, result.work);
    intend(draft, { do: 'save-needs', pull: opened.it.pull.number, needs });
  }
  publish(opened.it);
  return finish(draft, 'published');
}

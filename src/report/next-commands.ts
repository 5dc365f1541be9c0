import type { PullView } from '../domain/pull-view.ts';
import { phaseOf, tally } from './headline.ts';

/** Whole commands that are useful now, best first. Those given with the view win over those derived from its states. */
export function nextCommands(view: PullView): readonly string[] {
  if (view.next !== undefined) {
    return view.next;
  }
  if (view.closed === true) {
    return [];
  }
  const word = view.command ?? 'plumbline';
  const count = tally(view);
  const needsPlan = count.failed + count.stale + count['apply-failed'] + count.partly > 0;
  const busy = count.planning + count.queued + count.applying > 0;
  const missing = view.dirspaces
    .flatMap((entry) => entry.requirements ?? [])
    .flatMap(({ met, next }) => (met || next === undefined ? [] : [next]));
  return [
    ...(busy ? [] : missing.slice(0, 3)),
    ...(count.planned > 0 && !busy ? [`${word} apply`] : []),
    ...(needsPlan && !busy ? [`${word} plan`] : []),
    ...(count.unknown > 0 ? [`${word} explain`] : []),
    ...(phaseOf(view) === 'plan' && count.planned === 0 && !needsPlan && !busy ? [`${word} explain`] : []),
  ].filter((command, index, all) => all.indexOf(command) === index);
}

import type { PullView } from '../domain/pull-view.ts';
import { tally, totalCounts } from './headline.ts';

export interface PullLabel {
  readonly name: string;
  /** Six hexadecimal digits, as GitHub wants them. */
  readonly color: string;
  readonly description: string;
}

export const LABELS: readonly PullLabel[] = [
  { name: 'plumbline: no changes', color: '0e8a16', description: 'The plans of this pull request change nothing' },
  { name: 'plumbline: changes', color: '1d76db', description: 'The plans of this pull request change something' },
  {
    name: 'plumbline: destroys',
    color: 'd93f0b',
    description: 'The plans of this pull request destroy or replace something',
  },
];

/** Which of our labels belongs on the pull request; none while a plan is missing, since nothing is known then. */
export function labelOf(view: PullView): PullLabel | undefined {
  const count = tally(view);
  if (view.dirspaces.length === 0 || count.planning + count.queued + count.failed + count.unknown > 0) {
    return undefined;
  }
  const [none, changes, destroys] = LABELS;
  const total = totalCounts(view.dirspaces);
  if (total.delete + total.replace > 0) {
    return destroys;
  }
  return count['no-changes'] === view.dirspaces.length ? none : changes;
}

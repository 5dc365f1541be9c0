import type { PlanCounts } from '../domain/plan-model.ts';
import { NO_COUNTS } from '../domain/plan-model.ts';
import type { DirspaceState, DirspaceView, PullView } from '../domain/pull-view.ts';
import { addCounts, countsOf, shortCounts } from './counts.ts';
import { plural } from './escape.ts';

const APPLY_STATES: ReadonlySet<DirspaceState> = new Set(['applying', 'applied', 'partly', 'apply-failed', 'unknown']);

/** Is this pull request being read for its plans or for its applies? */
export function phaseOf(view: PullView): 'plan' | 'apply' {
  return view.phase ?? (view.dirspaces.some((entry) => APPLY_STATES.has(entry.state)) ? 'apply' : 'plan');
}

/** How many dirspaces are in each state. */
export function tally(view: PullView): Readonly<Record<DirspaceState, number>> {
  const number = (state: DirspaceState) => view.dirspaces.filter((entry) => entry.state === state).length;
  return {
    queued: number('queued'),
    planning: number('planning'),
    planned: number('planned'),
    'no-changes': number('no-changes'),
    failed: number('failed'),
    waiting: number('waiting'),
    stale: number('stale'),
    applying: number('applying'),
    applied: number('applied'),
    partly: number('partly'),
    'apply-failed': number('apply-failed'),
    unknown: number('unknown'),
  };
}

/** Figures of all dirspaces together. */
export function totalCounts(views: readonly DirspaceView[]): PlanCounts {
  return views.reduce((sum, entry) => addCounts(sum, countsOf(entry)), NO_COUNTS);
}

/** One line that says how the plans stand, for the title of the comment and of the check. Plain text. */
export function planHeadline(view: PullView): string {
  const total = view.dirspaces.length;
  if ((view.notices ?? []).some((notice) => notice.kind !== 'reason')) {
    return 'nothing was run';
  }
  if (total === 0 && (view.runs ?? []).some(({ kind }) => kind === 'plan')) {
    return 'looking for what there is to plan';
  }
  if (total === 0) {
    return (view.notices ?? []).length + (view.notes ?? []).length > 0 ? 'nothing was planned' : 'nothing to plan';
  }
  const count = tally(view);
  const changed = count.planned + count.stale + count.applying + count.applied + count.partly + count['apply-failed'];
  const parts = [
    count.planning + count.queued > 0
      ? `${total - count.planning - count.queued} of ${plural(total, 'dirspace')} planned`
      : changed === 0 && count.failed === 0
        ? `no changes in ${plural(total, 'dirspace')}`
        : `${changed} of ${plural(total, 'dirspace')} ${changed === 1 ? 'changes' : 'change'} something`,
    ...(count.failed > 0 ? [`${count.failed} failed`] : []),
    ...(count.stale > 0 ? [`${count.stale} stale`] : []),
    ...(count.waiting > 0 ? [`${count.waiting} waiting`] : []),
    ...(count.unknown > 0 ? [`${count.unknown} unknown`] : []),
  ];
  const figures = changed > 0 ? `: ${shortCounts(totalCounts(view.dirspaces))}` : '';
  return `${parts.join(', ')}${figures}`;
}

/** One line that says how the applies stand. Plain text. */
export function applyHeadline(view: PullView): string {
  const count = tally(view);
  const toApply = view.dirspaces.length - count['no-changes'];
  if (toApply === 0) {
    return view.dirspaces.length === 0 ? 'nothing to apply' : 'nothing to apply: no changes';
  }
  const parts = [
    `${count.applied} of ${plural(toApply, 'dirspace')} applied`,
    ...(count.applying > 0 ? [`${count.applying} being applied`] : []),
    ...(count.partly > 0 ? [`${count.partly} applied in part`] : []),
    ...(count['apply-failed'] > 0 ? [`${count['apply-failed']} failed`] : []),
    ...(count.unknown > 0 ? [`${count.unknown} unknown`] : []),
  ];
  return parts.join(', ');
}

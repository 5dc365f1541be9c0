import { compareDirspaces, dirspaceName } from '../domain/dirspace.ts';
import type { DirspaceView, PullView } from '../domain/pull-view.ts';
import { canonicalText, shapeText } from '../plans/plan-digest.ts';
import { riskOf } from '../plans/risk.ts';
import { countsOf } from './counts.ts';

/** Dirspaces that are shown as one: the first stands for all. */
export interface Group {
  readonly first: DirspaceView;
  readonly others: readonly DirspaceView[];
  /** Whether all are the same in every value; else they change the same attributes to different values. */
  readonly same: boolean;
}

/** Groups in the order in which a reviewer needs them: failures, then what destroys, then changes, then the rest. */
export function groupDirspaces(view: PullView): readonly Group[] {
  const groups = new Map<string, DirspaceView[]>();
  for (const entry of view.dirspaces.toSorted((a, b) => compareDirspaces(a.dirspace, b.dirspace))) {
    const key = groupKey(entry);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [entry]);
    } else {
      group.push(entry);
    }
  }
  return [...groups.values()]
    .flatMap(([first, ...others]) =>
      first === undefined ? [] : [{ first, others, same: others.every((other) => sameText(first, other)) }],
    )
    .toSorted((a, b) => weight(b.first) - weight(a.first));
}

function sameText(a: DirspaceView, b: DirspaceView): boolean {
  return a.model === undefined || b.model === undefined || canonicalText(a.model) === canonicalText(b.model);
}

/** Same state and same plan: one block. What people must look at one by one is never grouped. */
function groupKey(view: DirspaceView): string {
  const own = `own ${dirspaceName(view.dirspace)}\u0000${view.dirspace.workspace}`;
  if (view.state === 'no-changes' || view.state === 'queued' || view.state === 'planning') {
    return (view.diagnostics !== undefined && view.diagnostics.length > 0) || view.steps !== undefined
      ? own
      : `${view.state} ${view.layer ?? 0}`;
  }
  if (view.state === 'planned' && view.model !== undefined && view.model.left === undefined) {
    const plain =
      view.reviewed === undefined &&
      view.baseline === undefined &&
      view.steps === undefined &&
      view.model.problem === undefined &&
      view.model.text === undefined;
    // What destroys is read one by one, unless it is exactly the same.
    const text =
      view.model.counts.delete + view.model.counts.replace > 0 ? canonicalText(view.model) : shapeText(view.model);
    return plain
      ? JSON.stringify(['planned', view.layer, view.requirements, view.policies, riskOf(view.model).points, text])
      : own;
  }
  return own;
}

const STATE_WEIGHT: Readonly<Record<DirspaceView['state'], number>> = {
  unknown: 9,
  'apply-failed': 8,
  partly: 8,
  failed: 7,
  stale: 6,
  applying: 5,
  planned: 4,
  waiting: 3,
  planning: 2,
  queued: 2,
  applied: 1,
  'no-changes': 0,
};

function weight(view: DirspaceView): number {
  const counts = countsOf(view);
  const danger = counts.delete > 0 ? 0.6 : counts.replace > 0 ? 0.5 : counts.update > 0 ? 0.2 : 0;
  return STATE_WEIGHT[view.state] + danger;
}

/** Everything a group holds, the first included. */
export function members(group: Group): readonly DirspaceView[] {
  return [group.first, ...group.others];
}

import { LABELS, labelOf } from '../report/labels.ts';
import { saveLabels } from '../store/pull-rows.ts';
import type { Publication } from './publication.ts';
import type { Shown } from './shown-pull.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** Keep the one label of ours that fits, where the repository wants labels. Other labels are left alone. */
export async function publishLabels(
  deps: WorkerDeps,
  publication: Publication,
  { rows, view, display }: Shown,
): Promise<void> {
  if (!display.labels) {
    return;
  }
  const wanted = labelOf(view)?.name;
  const there = new Set(rows.pull.labels);
  const add = wanted === undefined || there.has(wanted) ? [] : [wanted];
  const remove = LABELS.map(({ name }) => name).filter((name) => name !== wanted && there.has(name));
  if (add.length + remove.length === 0) {
    return;
  }
  const { repositoryId, pull, send } = publication;
  const sent = await send({ write: 'labels', pull, add, remove });
  if (sent.ok) {
    const labels = [...rows.pull.labels.filter((name) => !remove.includes(name)), ...add];
    await saveLabels(deps.database.db, { repositoryId, number: pull }, labels);
  }
}

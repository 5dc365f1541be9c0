import type { DisplaySettings } from '../domain/notice.ts';
import type { PullView } from '../domain/pull-view.ts';
import { type PullRows, readPullRows } from '../store/pull-rows.ts';
import { pullViewOf } from './pull-view.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** What is to be shown of a pull request, from its rows as they are now. */
export interface Shown {
  readonly rows: PullRows;
  readonly view: PullView;
  readonly display: DisplaySettings;
}

const USUAL: DisplaySettings = { checks: 'summary', labels: false, comments: 'edit' };

/** Null: the pull request is not ours. */
export async function showPull(deps: WorkerDeps, repositoryId: number, pull: number): Promise<Shown | null> {
  const rows = await readPullRows(deps.database.db, repositoryId, pull);
  return rows === undefined
    ? null
    : {
        rows,
        view: pullViewOf(rows, { web: deps.webUrl, server: deps.publicUrl }),
        display: rows.pull.display ?? USUAL,
      };
}

/** Is there anything to read beside that something runs? */
export function hasNews({ notices, notes, dirspaces }: PullView): boolean {
  return (notices ?? []).length + (notes ?? []).length > 0 || hasPlans({ dirspaces });
}

/** Did any plan end? From then on there is something to say of applying. */
export function hasPlans({ dirspaces }: Pick<PullView, 'dirspaces'>): boolean {
  return dirspaces.some(({ state }) => state !== 'queued' && state !== 'planning');
}

import type { DispatchProblem } from '../domain/event.ts';
import type { DisplaySettings, Notice } from '../domain/notice.ts';
import type { PullView } from '../domain/pull-view.ts';
import { renderConfigProblems } from '../report/config-problems.ts';
import { renderDispatchProblem } from '../report/dispatch-problem.ts';
import { type PullRows, readPullRows } from '../store/pull-rows.ts';
import { pullViewOf } from './pull-view.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** What is to be shown of a pull request, from its rows as they are now. */
export interface Shown {
  readonly rows: PullRows;
  readonly view: PullView;
  /** What keeps everything from running and is shown instead of a plan; Markdown. */
  readonly blocking: string | null;
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
        view: pullViewOf(rows, deps.webUrl),
        blocking: blockingText(rows.pull.notices, rows, deps.publicUrl),
        display: rows.pull.display ?? USUAL,
      };
}

/** A broken configuration, an unfit workflow file. */
function blockingText(notices: readonly Notice[], { repository }: PullRows, server: string): string | null {
  const config = notices.flatMap((notice) => (notice.kind === 'config' ? notice.problems : []));
  if (config.length > 0) {
    return renderConfigProblems(config);
  }
  const problem = notices.flatMap((notice): DispatchProblem[] =>
    notice.kind === 'dispatch' ? [notice.problem] : [],
  )[0];
  return problem === undefined ? null : renderDispatchProblem(problem, repository.default_branch ?? 'main', server);
}

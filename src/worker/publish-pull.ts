import type { DispatchProblem } from '../domain/event.ts';
import type { Notice } from '../domain/notice.ts';
import type { PullView } from '../domain/pull-view.ts';
import { renderCheck } from '../report/check.ts';
import { commentMarker, renderComment } from '../report/comment.ts';
import { renderConfigProblems } from '../report/config-problems.ts';
import { renderDispatchProblem } from '../report/dispatch-problem.ts';
import { markPublished } from '../store/plans.ts';
import { type PullRows, readPullRows, saveComment } from '../store/pull-rows.ts';
import type { EffectOutcome, Send } from './carry-out-effect.ts';
import { pullViewOf } from './pull-view.ts';
import { type CheckContent, sendCheck } from './send-check.ts';
import type { WorkerDeps } from './worker-deps.ts';

export interface Publication {
  readonly repositoryId: number;
  readonly pull: number;
  readonly headSha: string;
  /** Make a new sticky comment and minimise the old one. */
  readonly newComment: boolean;
  readonly send: Send;
}

/**
 * Bring the sticky comment and the checks up to date with our rows as they are now, whatever they were when this was
 * asked for. Only when the comment shows them do plans count as published.
 */
export async function publishPull(deps: WorkerDeps, publication: Publication): Promise<EffectOutcome> {
  const { db } = deps.database;
  const rows = await readPullRows(db, publication.repositoryId, publication.pull);
  if (rows === undefined) {
    return { ok: false, dead: 'the pull request is not ours any more' };
  }
  const view = pullViewOf(rows, deps.webUrl);
  if (rows.pull.head_sha === publication.headSha) {
    const commented = await sendComment(deps, publication, rows, view);
    if (!commented.ok) {
      return commented;
    }
  }
  return sendChecks(deps, publication, rows, view);
}

async function sendComment(
  deps: WorkerDeps,
  publication: Publication,
  rows: PullRows,
  view: PullView,
): Promise<EffectOutcome> {
  const { db } = deps.database;
  const { pull, send, newComment } = publication;
  const before = rows.pull.comment_id;
  const blocking = blockingText(rows.pull.notices, rows, deps.publicUrl);
  const quiet = view.dirspaces.length === 0 && blocking === null && (view.notes ?? []).length === 0;
  if (before === null && (quiet || !hasNews(view, blocking))) {
    return { ok: true };
  }
  const marker = commentMarker({ pull, head: '', kind: 'plan', revision: 0 }).split(',"kind"')[0] ?? '';
  const heading = commentMarker({ pull, head: view.headSha, kind: 'plan', revision: view.revision ?? 0 });
  const result = await send({
    write: 'sticky-comment',
    pull,
    marker,
    body: blocking === null ? renderComment(view) : `${heading}\n${blocking}`,
    commentId: newComment ? null : before,
    minimise: newComment ? rows.pull.comment_node_id : null,
  });
  if (!result.ok) {
    return { ok: false, dead: result.dead };
  }
  if (result.id !== undefined) {
    await saveComment(
      db,
      { repositoryId: publication.repositoryId, number: pull },
      { id: result.id, nodeId: result.nodeId ?? null },
    );
  }
  await markPublished(
    db,
    rows.plans.filter((plan) => plan.state === 'stored').map((plan) => plan.id),
  );
  return { ok: true };
}

/** A comment is first made when there is something to read; that a plan has begun is seen in the check. */
function hasNews(view: PullView, blocking: string | null): boolean {
  return (
    blocking !== null ||
    (view.notes ?? []).length > 0 ||
    view.dirspaces.some(({ state }) => state !== 'queued' && state !== 'planning')
  );
}

async function sendChecks(
  deps: WorkerDeps,
  publication: Publication,
  rows: PullRows,
  view: PullView,
): Promise<EffectOutcome> {
  const { repositoryId, headSha, send } = publication;
  const blocking = blockingText(rows.pull.notices, rows, deps.publicUrl);
  const planned = view.dirspaces.some(({ state }) => state !== 'queued' && state !== 'planning');
  const superseded = rows.pull.head_sha !== headSha;
  for (const which of ['plan', 'apply'] as const) {
    const name = `plumbline/${which}`;
    if (which === 'apply' && (!planned || blocking !== null || superseded)) {
      continue;
    }
    const { name: _, conclusion, ...rendered } = renderCheck(view, which);
    const content: CheckContent = superseded
      ? settled('cancelled', 'A newer commit replaced this one', 'Nothing more is planned for this commit.')
      : blocking === null
        ? { ...rendered, conclusion: conclusion ?? null }
        : settled('action_required', 'Nothing was run', blocking);
    const sent = await sendCheck(
      deps,
      { repositoryId, sha: headSha, name },
      { ...content, pull: publication.pull },
      send,
    );
    if (!sent.ok) {
      return sent;
    }
  }
  return { ok: true };
}

function settled(conclusion: 'cancelled' | 'action_required', title: string, summary: string): CheckContent {
  return { status: 'completed', conclusion, title, summary, text: '', annotations: [], actions: [] };
}

/** What keeps everything from running and must be read instead of a plan: a broken configuration, an unfit workflow file. */
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

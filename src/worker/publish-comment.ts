import { type Event, subjectOf } from '../domain/event.ts';
import { commentMarker, renderComment } from '../report/comment.ts';
import { commentSteps } from '../report/comment-strategy.ts';
import { phaseOf } from '../report/headline.ts';
import type { Tx } from '../store/database.ts';
import { enqueueEvent } from '../store/inbox.ts';
import { markPublished } from '../store/plans.ts';
import { type PullRows, saveComment } from '../store/pull-rows.ts';
import type { EffectOutcome } from './effect-outcome.ts';
import type { Publication } from './publication.ts';
import { hasNews, type Shown } from './shown-pull.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** Bring the pull request's comment up to date. Only when it shows them do plans count as published. */
export async function publishComment(deps: WorkerDeps, publication: Publication, shown: Shown): Promise<EffectOutcome> {
  const { db } = deps.database;
  const { pull, repositoryId, send } = publication;
  const { rows, view } = shown;
  // A comment is first made when there is something to read; that a plan has begun is seen in the check.
  if (rows.pull.comment_id === null && !hasNews(view)) {
    return { ok: true };
  }
  const steps = stepsFor(publication, shown);
  const remove = steps.some((step) => step.do === 'delete');
  const isNew = steps.some((step) => step.do === 'create');
  const result = await send({
    write: 'sticky-comment',
    pull,
    marker: markerOf(pull),
    body: renderComment(view),
    commentId: isNew ? null : rows.pull.comment_id,
    minimise: steps.some((step) => step.do === 'minimize') ? rows.pull.comment_node_id : null,
  });
  if (!result.ok) {
    return { ok: false, dead: result.dead };
  }
  if (result.id !== undefined) {
    const comment = { id: result.id, nodeId: result.nodeId ?? null, shows: resultsIn(rows) };
    await saveComment(db, { repositoryId, number: pull }, comment, isNew ? publication.wish : null);
  }
  if (remove && rows.pull.comment_id !== null) {
    await send({ write: 'delete-comment', commentId: rows.pull.comment_id });
  }
  const told = await db.transaction().execute(async (tx) => {
    const shown = await markPublished(tx, plansIn(rows));
    return shown.length > 0 && rows.pull.by_itself && (await tellShown(tx, rows, shown));
  });
  if (told) {
    deps.database.notify('inbox');
  }
  return { ok: true };
}

/** Nothing is applied that nobody could read; what applies by itself goes on now. */
async function tellShown(tx: Tx, { pull, repository }: PullRows, plans: readonly string[]): Promise<boolean> {
  const { id: repositoryId, installation_id: installationId, owner, name } = repository;
  const event: Event = {
    kind: 'reconsider',
    repository: { installationId, repositoryId, owner, name },
    pull: pull.number,
    because: 'plan-shown',
  };
  const key = `plan-shown ${plans.at(0)} ${plans.length}`;
  return enqueueEvent(tx, { key, name: event.kind, installationId, subject: subjectOf(event), event });
}

/**
 * The stored plans that a comment made from these rows shows. One whose file has come and whose report has not is not among them: it
 * would count as published before anybody could read it, and an apply might be asked for in between.
 */
export function plansIn({ plans, results }: ShownRows): readonly string[] {
  const shown = new Set(results.flatMap(({ kind, plan_id }) => (kind === 'plan' ? [plan_id] : [])));
  return plans.filter(({ id, state }) => state === 'stored' && shown.has(id)).map(({ id }) => id);
}

interface ShownRows {
  readonly plans: readonly Pick<PullRows['plans'][number], 'id' | 'state'>[];
  readonly results: readonly Pick<PullRows['results'][number], 'kind' | 'plan_id'>[];
}

function stepsFor({ newComment }: Publication, { rows, view, display }: Shown): ReturnType<typeof commentSteps> {
  const { comment_id, comment_node_id, comment_shows } = rows.pull;
  if (comment_id === null) {
    return [{ do: 'create' }];
  }
  const kind = phaseOf(view);
  const own = {
    id: comment_node_id ?? '',
    kind: newComment ? (kind === 'plan' ? 'apply' : 'plan') : kind,
    minimized: false,
  } as const;
  // The other strategies are about results: while something runs, and for the same results, the comment is edited as ever.
  const same = (view.runs ?? []).length > 0 || comment_shows === resultsIn(rows);
  return commentSteps(same ? 'edit' : display.comments, [own], kind);
}

/** Which results a comment shows. */
function resultsIn(rows: PullRows): string {
  return [...new Set(rows.results.map((row) => row.run_id))].sort().join(' ').slice(0, 2_000);
}

/** The part of the marker that is the same in every comment of this pull request. */
function markerOf(pull: number): string {
  return commentMarker({ pull, head: '', kind: 'plan', revision: 0 }).split(',"kind"')[0] ?? '';
}

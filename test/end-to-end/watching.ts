import { sql } from 'kysely';
import type { IssueComment, Pull, Review } from '../world/world-state.ts';
import { type Stage, waitForRows } from './stage.ts';

const PATIENCE_MS = 50_000;

/** Fulfilled with our first comment on the pull request that says this. */
export function said(
  stage: Stage,
  pull: Pull,
  text: string,
  repository = stage.repository,
  patienceMs = PATIENCE_MS,
): Promise<string> {
  const ours = () =>
    stage.world
      .commentsOn(repository, pull.number)
      .find(({ author, body }) => author.endsWith('[bot]') && body.includes(text))?.body;
  return stage.world.waitFor(ours, `a comment with "${text}"`, patienceMs);
}

/** Fulfilled with our reaction on a comment. */
export function reacted(stage: Stage, comment: IssueComment): Promise<string> {
  const ours = () =>
    stage.repository.reactions.find(
      ({ on, target, author }) => on === 'comment' && target === comment.id && author.endsWith('[bot]'),
    );
  return stage.world.waitFor(() => ours()?.content, 'a reaction', PATIENCE_MS);
}

/** Fulfilled when the newest check of this name on this commit has ended so. */
export function checked(stage: Stage, sha: string, name: string, conclusion: RegExp): Promise<unknown> {
  const newest = () => stage.world.checksOf(stage.repository, sha).findLast((one) => one.name === name);
  const looked = () => conclusion.test(newest()?.conclusion ?? '') && newest();
  return stage.world.waitFor(looked, `${name} as ${conclusion}`, PATIENCE_MS);
}

/** Fulfilled when every event that came in has been handled and nothing waits to be sent. */
export async function quiet(stage: Stage): Promise<void> {
  await stage.world.deliveriesSettled();
  await waitForRows(
    stage,
    async (db) => {
      const waiting = await db.selectFrom('inbox_event').select('id').where('state', '=', 'pending').limit(1).execute();
      const unsent = await db
        .selectFrom('outbox')
        .select('id')
        .where('state', 'in', ['pending', 'sending'])
        .limit(1)
        .execute();
      return waiting.length + unsent.length === 0;
    },
    'that nothing is left to do',
  );
}

/** The plans of a pull request are shown on it, so that an apply of them may be asked for. */
export async function shown(stage: Stage, pull: Pull, headSha = pull.headSha): Promise<void> {
  await waitForRows(
    stage,
    async (db) => {
      const plans = await db.selectFrom('plan').selectAll().where('pull', '=', pull.number).execute();
      const newest = plans.filter(({ state, facts }) => state === 'stored' && facts?.headSha === headSha);
      return newest.length > 0 && newest.every(({ published_at }) => published_at !== null);
    },
    'the plans as published',
  );
}

/** As if this had been done some seconds ago: GitHub's clock has whole seconds, and no test waits for the next one. */
export function backdate(review: Review, seconds = 30): void {
  Object.assign(review, { submittedAt: new Date(Date.parse(review.submittedAt) - seconds * 1_000).toISOString() });
}

/** Comment now, as if it had been written some seconds ago and GitHub's webhook were late. */
export function commentLate(stage: Stage, pull: Pull, user: string, body: string, seconds = 30): void {
  const { world, repository } = stage;
  world.faults.onDelivery('issue_comment.created', { kind: 'drop' });
  world.comment(repository, pull.number, user, body);
  const delivery = world.deliveries.at(-1);
  const comment: unknown = delivery?.payload.comment;
  if (delivery === undefined || typeof comment !== 'object' || comment === null) {
    throw new Error('the comment sent no webhook');
  }
  const createdAt = new Date(Date.now() - seconds * 1_000).toISOString();
  Object.assign(comment, { created_at: `${createdAt.slice(0, 19)}Z` });
  world.parts.deliveries.redeliver(delivery);
}

/** As if so much time had passed that every timer is due. */
export async function letTimePass(stage: Stage): Promise<void> {
  const { database } = stage.service;
  await database.db.updateTable('timer').set({ due_at: sql`clock_timestamp() - interval '1 second'` }).execute();
}

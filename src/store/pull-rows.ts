import { type Selectable, sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { LockClaim, StoredPlan } from '../domain/run.ts';
import type { GateApproval, RequestedGate } from '../domain/snapshot.ts';
import type { Db, Tx } from './database.ts';
import { readGateApprovals } from './gate-approval.ts';
import { readLocks } from './locks.ts';
import { readPlansOfPull } from './plans.ts';
import { readGates } from './requested-gate.ts';
import { type RunRecord, readRunsOfPull } from './runs.ts';
import type { Schema } from './tables.ts';
import { instant, json } from './values.ts';

export type ResultRow = Selectable<Schema['dirspace_result']>;

/** The rows that a pull request's comment and checks are made from. */
export interface PullRows {
  readonly repository: Selectable<Schema['repository']>;
  readonly pull: Selectable<Schema['pull_request']>;
  readonly runs: readonly RunRecord[];
  /** Newest result per dirspace, with models. */
  readonly results: readonly ResultRow[];
  /** The plan results that were newest when somebody last approved, with models. */
  readonly reviewed: readonly ResultRow[];
  /** The plan results of the plans that the newest results applied: their models are what was applied. */
  readonly planned: readonly ResultRow[];
  readonly plans: readonly StoredPlan[];
  readonly locks: readonly LockClaim[];
  readonly gates: readonly RequestedGate[];
  readonly gateApprovals: readonly GateApproval[];
  /** Newest results of other open pull requests on the same dirspaces. */
  readonly overlaps: readonly Pick<ResultRow, 'pull' | 'dir' | 'workspace' | 'state' | 'kind' | 'addresses'>[];
}

/** Read them as of one moment; undefined when the pull request is not ours. */
export async function readPullRows(db: Db, repositoryId: number, number: number): Promise<PullRows | undefined> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((tx) => readRows(tx, repositoryId, number));
}

/** Open pull requests whose head is this commit: a check shows the worst state of all of them. */
export async function pullsWithHead(db: Db, repositoryId: number, headSha: string): Promise<readonly number[]> {
  const rows = await db
    .selectFrom('pull_request')
    .select('number')
    .where('repository_id', '=', repositoryId)
    .where('head_sha', '=', headSha)
    .where('state', '=', 'open')
    .orderBy('number')
    .execute();
  return rows.map((row) => row.number);
}

/**
 * Remember the sticky comment. `revision` counts up with each change of its text. `made`: the outbox row that wished for a
 * new comment has got it; should the rest of that row fail, or its process die, its next attempt edits this one.
 */
export async function saveComment(
  db: Db,
  pull: { readonly repositoryId: number; readonly number: number },
  comment: { readonly id: number; readonly nodeId: string | null; readonly shows: string },
  made: number | null = null,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('pull_request')
      .set({
        comment_id: comment.id,
        comment_node_id: sql<string>`coalesce(${comment.nodeId}, case when comment_id = ${comment.id} then comment_node_id end)`,
        comment_revision: sql<number>`comment_revision + 1`,
        comment_shows: comment.shows,
      })
      .where('repository_id', '=', pull.repositoryId)
      .where('number', '=', pull.number)
      .execute();
    if (made !== null) {
      await sql`update outbox set intent = intent - 'newComment' where id = ${made}`.execute(tx);
    }
  });
}

async function readRows(tx: Tx, repositoryId: number, number: number): Promise<PullRows | undefined> {
  const repository = await tx.selectFrom('repository').selectAll().where('id', '=', repositoryId).executeTakeFirst();
  const pull = await tx
    .selectFrom('pull_request')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .where('number', '=', number)
    .executeTakeFirst();
  if (repository === undefined || pull === undefined) {
    return undefined;
  }
  const place = { repositoryId, number };
  const results = await tx
    .selectFrom('dirspace_result')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .where('pull', '=', number)
    .where('newest', '=', sql.lit(true))
    .orderBy('dir')
    .orderBy('workspace')
    .execute();
  const applied = results.flatMap((row) => (row.kind === 'apply' && row.plan_id !== null ? [row.plan_id] : []));
  return {
    repository,
    pull,
    runs: await readRunsOfPull(tx, place, 20),
    results,
    planned:
      applied.length === 0
        ? []
        : await tx
            .selectFrom('dirspace_result')
            .selectAll()
            .where('plan_id', 'in', applied)
            .where('kind', '=', 'plan')
            .execute(),
    reviewed: pull.reviewed === null ? [] : await readReviewed(tx, place, pull.reviewed.at),
    plans: await readPlansOfPull(tx, place),
    locks: await readLocks(tx, repositoryId),
    gates: await readGates(tx, place),
    gateApprovals: await readGateApprovals(tx, place),
    overlaps: await readOverlaps(tx, place),
  };
}

async function readReviewed(
  tx: Tx,
  pull: { readonly repositoryId: number; readonly number: number },
  at: Instant,
): Promise<readonly ResultRow[]> {
  const rows = await sql<ResultRow>`
    select distinct on (dir, workspace) * from dirspace_result
    where repository_id = ${pull.repositoryId} and pull = ${pull.number} and kind = 'plan' and model is not null
      and not superseded and ended_at <= ${instant(at)}
    order by dir, workspace, ended_at desc, id desc`.execute(tx);
  return rows.rows;
}

async function readOverlaps(
  tx: Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<PullRows['overlaps']> {
  const rows = await sql<PullRows['overlaps'][number]>`
    select theirs.pull, theirs.dir, theirs.workspace, theirs.state, theirs.kind, theirs.addresses
    from dirspace_result mine
    join dirspace_result theirs on theirs.repository_id = mine.repository_id and theirs.dir = mine.dir
      and theirs.workspace = mine.workspace and theirs.pull <> mine.pull and theirs.newest
    join pull_request on pull_request.repository_id = theirs.repository_id and pull_request.number = theirs.pull
    where mine.repository_id = ${pull.repositoryId} and mine.pull = ${pull.number} and mine.newest
      and pull_request.state = 'open'
      -- What it touched before its last push and did not apply, it touches no more.
      and (theirs.head_sha = pull_request.head_sha or theirs.kind = 'apply')
    order by theirs.dir, theirs.workspace, theirs.pull`.execute(tx);
  return rows.rows;
}

/** The labels that the pull request has since we set them; the next observation reads them from GitHub. */
export async function saveLabels(
  db: Db,
  pull: { readonly repositoryId: number; readonly number: number },
  labels: readonly string[],
): Promise<void> {
  await db
    .updateTable('pull_request')
    .set({ labels: json(labels) })
    .where('repository_id', '=', pull.repositoryId)
    .where('number', '=', pull.number)
    .execute();
}

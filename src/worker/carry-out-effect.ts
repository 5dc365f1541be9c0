import { randomUUID } from 'node:crypto';
import { WORKFLOW_PATH } from '../decision/workflow-file.ts';
import { type Event, installationOf, subjectOf } from '../domain/event.ts';
import type { WriteResult } from '../domain/github-write.ts';
import { deliver } from '../github/deliver.ts';
import type { Tx } from '../store/database.ts';
import type { EffectIntent } from '../store/effect-intent.ts';
import { enqueueEvent } from '../store/inbox.ts';
import type { OutboxLease } from '../store/outbox.ts';
import { type RepositoryRow, readRepository } from '../store/repositories.ts';
import { markDispatched, type RunRecord, readRun } from '../store/runs.ts';
import type { EffectOutcome, Send } from './effect-outcome.ts';
import { publishPull } from './publish-pull.ts';
import { sendCheck } from './send-check.ts';
import type { WorkerDeps } from './worker-deps.ts';

const DONE = { ok: true } as const;

/** Turn an outbox row into writes and send them. Throws a Failure for whatever may pass. */
export async function carryOutEffect(deps: WorkerDeps, lease: OutboxLease): Promise<EffectOutcome> {
  const { intent, repositoryId, uncertain, createdAt } = lease.item;
  const repository = await readRepository(deps.database.db, repositoryId);
  if (repository === undefined) {
    return { ok: false, dead: 'the repository is not ours any more' };
  }
  const client = await deps.app.installationClient(lease.installationId);
  const context = { appId: deps.app.appId, botId: deps.identity.botId, uncertain, since: createdAt };
  const send: Send = (write) => deliver(client, repository, write, context);
  switch (intent.do) {
    case 'publish':
      return publishPull(deps, {
        repositoryId,
        pull: intent.pull,
        headSha: intent.headSha,
        newComment: intent.newComment === true,
        wish: lease.item.id,
        send,
      });
    case 'check': {
      const { sha, name, conclusion, title, summary } = intent;
      return sendCheck(
        deps,
        { repositoryId, sha, name },
        {
          status: conclusion === null ? 'in_progress' : 'completed',
          conclusion,
          title,
          summary,
          text: '',
          annotations: [],
          actions: [],
        },
        send,
      );
    }
    case 'react':
      return plain(await send({ write: 'react', commentId: intent.commentId, content: intent.content }));
    case 'reply': {
      const marker = `<!-- plumbline:reply ${lease.item.id} -->`;
      return plain(await send({ write: 'reply', pull: intent.pull, body: `${intent.body}\n\n${marker}`, marker }));
    }
    case 'merge':
      return merge(intent, lease.installationId, repository, send);
    case 'dispatch':
      return dispatch(deps, intent.run, repository, send);
    case 'cancel-actions-run': {
      const record = await readRun(deps.database.db, intent.run);
      const githubRunId = record?.run.githubRunId ?? null;
      // Not known on GitHub: it was never dispatched, or its runner hears of the cancelling with its next heartbeat.
      return githubRunId === null ? DONE : plain(await send({ write: 'cancel-actions-run', githubRunId }));
    }
  }
}

function plain(result: WriteResult): EffectOutcome {
  return result.ok ? DONE : { ok: false, dead: result.dead };
}

async function merge(
  { pull, headSha, method, title, deleteBranch }: Extract<EffectIntent, { do: 'merge' }>,
  installationId: number,
  { id: repositoryId, owner, name }: RepositoryRow,
  send: Send,
): Promise<EffectOutcome> {
  const result = await send({ write: 'merge', pull, sha: headSha, method, title, deleteBranch });
  if (result.ok) {
    return DONE;
  }
  const repository = { installationId, repositoryId, owner, name };
  const event: Event = { kind: 'merge-refused', repository, pull, headSha, why: result.dead };
  return { ok: false, dead: result.dead, follow: (tx) => follow(tx, event, randomUUID()) };
}

async function follow(tx: Tx, event: Event, which: string): Promise<void> {
  await enqueueEvent(tx, {
    key: `${event.kind} ${which}`,
    name: event.kind,
    installationId: installationOf(event),
    subject: subjectOf(event),
    event,
  });
}

async function dispatch(deps: WorkerDeps, id: string, repository: RepositoryRow, send: Send): Promise<EffectOutcome> {
  const record = await readRun(deps.database.db, id);
  if (record === undefined || record.run.endedAt !== null) {
    return DONE;
  }
  const { run } = record;
  const result = await send({
    write: 'dispatch',
    workflow: WORKFLOW_PATH.split('/').at(-1) ?? WORKFLOW_PATH,
    ref: repository.defaultBranch,
    inputs: {
      'run-id': id,
      ...(run.environment === null ? {} : { environment: run.environment }),
      ...(run.runsOn === null ? {} : { runs_on: run.runsOn }),
    },
    runName: `plumbline ${id}`,
  });
  if (result.ok) {
    await markDispatched(deps.database.db, id, result.githubRunId ?? null);
    return DONE;
  }
  return { ok: false, dead: result.dead, follow: (tx) => tellDispatchFailed(tx, record, repository, result) };
}

async function tellDispatchFailed(
  tx: Tx,
  { run, installationId }: RunRecord,
  { owner, name }: RepositoryRow,
  result: Extract<WriteResult, { ok: false }>,
): Promise<void> {
  const event: Event = {
    kind: 'dispatch-failed',
    repository: { installationId, repositoryId: run.repositoryId, owner, name },
    pull: run.pull,
    run: run.id,
    problem: result.problem ?? { what: 'refused', detail: result.dead },
  };
  await follow(tx, event, run.id);
}

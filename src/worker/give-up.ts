import type { SubjectLease } from '../store/inbox-lease.ts';
import { addEffect } from '../store/outbox.ts';
import { endRun } from '../store/run-end.ts';
import type { WorkerDeps } from './worker-deps.ts';

/**
 * An event is dead: say so on its pull request, and let nothing hang on it. A run whose report could not be decided ends
 * `unknown`, which blocks its dirspaces until somebody plans them again; one that did not begin is over.
 */
export async function giveUp(deps: WorkerDeps, lease: SubjectLease): Promise<void> {
  const { event, id } = lease.events[0];
  deps.log.error({ subject: lease.subject, event: id, kind: event.kind }, 'gave an event up');
  if (!('pull' in event)) {
    return;
  }
  const from = { installationId: lease.installationId, repositoryId: event.repository.repositoryId, decisionId: null };
  const body = [
    '### An event could not be handled',
    '',
    `Plumbline tried several times and gave up (event ${id}: ${event.kind}). Nothing was done for it.`,
    '',
    '**Next**: comment `plumbline plan`. If this happens again, the log of the service has the cause.',
  ].join('\n');
  await deps.database.db.transaction().execute(async (tx) => {
    if (event.kind === 'run-reported') {
      await endRun(tx, event.run, 'unknown', 'event-dead');
    } else if (event.kind === 'apply-claimed' || event.kind === 'discovered') {
      await endRun(tx, event.run, 'failed', 'event-dead');
    }
    await addEffect(tx, { do: 'reply', pull: event.pull, key: `dead ${id}`, body }, from);
  });
  deps.database.notify('outbox');
}

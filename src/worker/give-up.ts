import type { Tx } from '../store/database.ts';
import type { SubjectLease } from '../store/inbox-lease.ts';
import { addEffect } from '../store/outbox.ts';
import { endRun } from '../store/run-end.ts';

/**
 * An event is dead: say so on its pull request, and let nothing hang on it. A run whose report could not be decided ends
 * `unknown`, which blocks its dirspaces until somebody plans them again; one that did not begin is over.
 */
export async function giveUp(tx: Tx, lease: SubjectLease): Promise<void> {
  const { event, id } = lease.events[0];
  if (!('pull' in event)) {
    return;
  }
  if (event.kind === 'run-reported') {
    await endRun(tx, event.run, 'unknown', 'event-dead');
  } else if (event.kind === 'apply-claimed' || event.kind === 'discovered') {
    await endRun(tx, event.run, 'failed', 'event-dead');
  }
  const left =
    event.kind === 'run-reported'
      ? 'The run did its work, but what it said was not recorded: its dirspaces are blocked until they are planned again.'
      : 'Nothing was done for it.';
  const body = [
    '### An event could not be handled',
    '',
    `Plumbline tried several times and gave up (event ${id}: ${event.kind}). ${left}`,
    '',
    '**Next**: comment `plumbline plan`. If this happens again, the log of the service has the cause.',
  ].join('\n');
  const from = { installationId: lease.installationId, repositoryId: event.repository.repositoryId, decisionId: null };
  await addEffect(tx, { do: 'reply', pull: event.pull, key: `dead ${id}`, body }, from);
}

import type { Arrival, Outcome } from './mapped-event.ts';
import {
  actorAt,
  at,
  type Fields,
  fieldsAt,
  isFields,
  listAt,
  numberAt,
  optionalTextAt,
  repositoryAt,
  shaAt,
  textAt,
} from './payload-fields.ts';

const RUN_NAME = /\bplumbline ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/;

/** Our run id in the title of an Actions run or job; null when it is not one of ours. */
function runIdIn(title: string): string | null {
  return RUN_NAME.exec(title)?.[1] ?? null;
}

/**
 * `workflow_run`. The title of a run can be chosen by anybody (it may be the title of a pull request), so a run is
 * ours only when our bot dispatched it.
 */
export function workflowRunEvent(payload: Fields, arrival: Arrival): Outcome {
  const run = fieldsAt(payload, 'workflow_run');
  const id = runIdIn(`${optionalTextAt(run, 'display_title') ?? ''} ${optionalTextAt(run, 'name') ?? ''}`);
  const actor = at(run, 'actor');
  const byUs = isFields(actor) && at(actor, 'id') === arrival.botId && at(run, 'event') === 'workflow_dispatch';
  if (id === null || !byUs) {
    return { ignored: 'not-our-run', detail: `workflow_run ${numberAt(run, 'id')}` };
  }
  return {
    kind: 'actions-run',
    repository: repositoryAt(payload),
    run: id,
    githubRunId: numberAt(run, 'id'),
    attempt: numberAt(run, 'run_attempt'),
    status: statusIn(run),
    conclusion: optionalTextAt(run, 'conclusion'),
    of: 'run',
  };
}

/**
 * `workflow_job`. It names neither the kind of event nor the first actor; the sender is who started the attempt. Jobs
 * that somebody else started again are not ours: such a run is refused when it asks for its manifest.
 */
export function workflowJobEvent(payload: Fields, arrival: Arrival): Outcome {
  const job = fieldsAt(payload, 'workflow_job');
  const id = runIdIn(`${optionalTextAt(job, 'name') ?? ''} ${optionalTextAt(job, 'workflow_name') ?? ''}`);
  const sender = at(payload, 'sender');
  if (id === null || !isFields(sender) || at(sender, 'id') !== arrival.botId) {
    return { ignored: 'not-our-run', detail: `workflow_job ${numberAt(job, 'id')}` };
  }
  return {
    kind: 'actions-run',
    repository: repositoryAt(payload),
    run: id,
    githubRunId: numberAt(job, 'run_id'),
    attempt: numberAt(job, 'run_attempt'),
    status: statusIn(job),
    conclusion: optionalTextAt(job, 'conclusion'),
    of: 'job',
  };
}

function statusIn(fields: Fields): 'requested' | 'queued' | 'in_progress' | 'waiting' | 'completed' {
  const status = textAt(fields, 'status');
  switch (status) {
    case 'requested':
    case 'in_progress':
    case 'waiting':
    case 'completed':
      return status;
    default:
      // `pending` (held by a concurrency group) and whatever GitHub adds: not started, not over.
      return 'queued';
  }
}

/** `check_run`: a button on one of our checks, or "Re-run". */
export function checkRunEvent(payload: Fields, arrival: Arrival): Outcome {
  const action = textAt(payload, 'action');
  const check = fieldsAt(payload, 'check_run');
  const app = at(check, 'app');
  if (action !== 'requested_action' && action !== 'rerequested') {
    return { ignored: 'own-event', detail: `check_run ${action}` };
  }
  if (!isFields(app) || at(app, 'id') !== arrival.appId) {
    return { ignored: 'nothing-to-do', detail: 'a button on a check of another App' };
  }
  const sha = shaAt(check, 'head_sha');
  const pull = pullOf(check, sha);
  if (pull === null) {
    return { ignored: 'no-pull-request', detail: `check on ${sha}` };
  }
  const button = action === 'rerequested' ? 'plan' : textAt(fieldsAt(payload, 'requested_action'), 'identifier');
  if (button !== 'plan' && button !== 'apply' && button !== 'explain') {
    return { ignored: 'nothing-to-do', detail: `button ${button.slice(0, 40)}` };
  }
  return {
    kind: 'button',
    repository: repositoryAt(payload),
    pull,
    sha,
    button,
    sender: actorAt(payload, 'sender'),
    at: arrival.receivedAt,
  };
}

/**
 * The pull request that a check of ours speaks for. GitHub lists none when the head is in a fork; then our own
 * external id tells, which ends in `#<number>`.
 */
function pullOf(check: Fields, sha: string): number | null {
  for (const pull of listAt(check, 'pull_requests')) {
    const head = at(pull, 'head');
    if (isFields(head) && at(head, 'sha') === sha) {
      return numberAt(pull, 'number');
    }
  }
  const written = /#([1-9][0-9]{0,9})$/.exec(optionalTextAt(check, 'external_id') ?? '')?.[1];
  return written === undefined ? null : Number(written);
}

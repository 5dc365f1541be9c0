import type { EmitterWebhookEventName } from '@octokit/webhooks';
import { type PullAction, pullSubject } from '../domain/event.ts';
import { accountEvent, installationEvent, installationRepositoriesEvent, repositoryEvent } from './account-payload.ts';
import { checkRunEvent, workflowJobEvent, workflowRunEvent } from './actions-payload.ts';
import type { Arrival, Mapped, Outcome } from './mapped-event.ts';
import {
  actorAt,
  actorOrGhostAt,
  at,
  branchAt,
  type Fields,
  fieldsAt,
  instantAt,
  isFields,
  Malformed,
  numberAt,
  optionalTextAt,
  repositoryAt,
  shaAt,
  textAt,
} from './payload-fields.ts';

type Mapper = (payload: Fields, arrival: Arrival) => Outcome;

/** Every event that we act on, by GitHub's name for it. The App's manifest subscribes to these and to no others. */
const MAPPERS: Readonly<Record<string, Mapper>> = {
  check_run: checkRunEvent,
  installation: installationEvent,
  installation_repositories: installationRepositoriesEvent,
  issue_comment: commentEvent,
  issues: () => ({ ignored: 'nothing-to-do', detail: 'issues are written to, not listened to' }),
  member: accountEvent('member'),
  membership: accountEvent('membership'),
  merge_group: mergeGroupEvent,
  pull_request: pullEvent,
  pull_request_review: reviewEvent,
  push: pushEvent,
  repository: repositoryEvent,
  team: accountEvent('team'),
  workflow_job: workflowJobEvent,
  workflow_run: workflowRunEvent,
} satisfies Partial<Record<EmitterWebhookEventName, Mapper>>;

export const HANDLED_EVENTS: readonly string[] = Object.keys(MAPPERS);

/**
 * What a delivery means to us. `name` is the header `X-GitHub-Event`, `payload` the parsed body: both come from outside
 * and may be anything. Never throws for what is in them; a payload without the parts it should have is `malformed`.
 */
export function eventOf(name: string, payload: unknown, arrival: Arrival): Mapped {
  const subject = subjectIn(payload);
  const mapper = Object.hasOwn(MAPPERS, name) ? MAPPERS[name] : undefined;
  if (mapper === undefined) {
    return { ignored: 'unknown-event', subject, detail: name.slice(0, 100) };
  }
  if (!isFields(payload)) {
    return { ignored: 'malformed', subject, detail: 'the payload is not an object' };
  }
  try {
    const mapped = mapper(payload, arrival);
    return 'ignored' in mapped ? { ...mapped, subject } : { event: mapped };
  } catch (error) {
    if (error instanceof Malformed) {
      return { ignored: 'malformed', subject, detail: `${name}: ${error.message}` };
    }
    throw error;
  }
}

/** The best line to record an ignored delivery under: its pull request, repository or installation. */
function subjectIn(payload: unknown): string {
  if (!isFields(payload)) {
    return 'unknown';
  }
  const repository = idIn(payload, 'repository', 'id');
  const pull = idIn(payload, 'pull_request', 'number');
  const installation = idIn(payload, 'installation', 'id');
  if (repository !== null) {
    return pull === null ? `${repository}` : pullSubject(repository, pull);
  }
  return installation === null ? 'unknown' : `installation ${installation}`;
}

function idIn(payload: Fields, object: string, key: string): number | null {
  const fields = at(payload, object);
  const id = isFields(fields) ? at(fields, key) : null;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : null;
}

const PULL_ACTIONS: ReadonlyMap<string, PullAction> = new Map([
  ['opened', 'opened'],
  ['reopened', 'reopened'],
  ['synchronize', 'synchronize'],
  ['ready_for_review', 'ready_for_review'],
  ['converted_to_draft', 'converted_to_draft'],
  ['edited', 'base-edited'],
  ['labeled', 'labeled'],
  ['unlabeled', 'unlabeled'],
  ['closed', 'closed'],
]);

function pullEvent(payload: Fields): Outcome {
  const said = textAt(payload, 'action');
  const action = PULL_ACTIONS.get(said);
  if (action === undefined) {
    return { ignored: 'nothing-to-do', detail: `pull_request ${said}` };
  }
  if (action === 'base-edited') {
    const changes = at(payload, 'changes');
    if (!isFields(changes) || !isFields(at(changes, 'base'))) {
      return { ignored: 'nothing-to-do', detail: 'pull_request edited, not its base' };
    }
  }
  const pull = fieldsAt(payload, 'pull_request');
  return {
    kind: 'pull',
    action,
    repository: repositoryAt(payload),
    pull: numberAt(pull, 'number'),
    headSha: shaAt(fieldsAt(pull, 'head'), 'sha'),
    sender: actorAt(payload, 'sender'),
    ...(action === 'labeled' || action === 'unlabeled' ? { label: textAt(fieldsAt(payload, 'label'), 'name') } : {}),
  };
}

function commentEvent(payload: Fields): Outcome {
  const action = textAt(payload, 'action');
  if (action !== 'created') {
    return { ignored: 'not-a-command', detail: `comment ${action}` };
  }
  const issue = fieldsAt(payload, 'issue');
  if (!isFields(at(issue, 'pull_request'))) {
    return { ignored: 'no-pull-request', detail: `issue ${numberAt(issue, 'number')}` };
  }
  const comment = fieldsAt(payload, 'comment');
  return {
    kind: 'comment',
    repository: repositoryAt(payload),
    pull: numberAt(issue, 'number'),
    commentId: numberAt(comment, 'id'),
    // A database's text cannot hold NUL, and nothing a person writes does.
    body: (optionalTextAt(comment, 'body') ?? '').replaceAll('\u0000', ''),
    author: actorOrGhostAt(comment, 'user'),
    createdAt: instantAt(comment, 'created_at'),
  };
}

function reviewEvent(payload: Fields): Outcome {
  const action = textAt(payload, 'action');
  if (action !== 'submitted' && action !== 'dismissed' && action !== 'edited') {
    return { ignored: 'nothing-to-do', detail: `pull_request_review ${action}` };
  }
  const review = fieldsAt(payload, 'review');
  const approved = action === 'submitted' && optionalTextAt(review, 'state') === 'approved';
  return {
    kind: 'review',
    action,
    ...(approved ? { approvedAt: instantAt(review, 'submitted_at') } : {}),
    repository: repositoryAt(payload),
    pull: numberAt(fieldsAt(payload, 'pull_request'), 'number'),
    sender: actorAt(payload, 'sender'),
  };
}

function pushEvent(payload: Fields): Outcome {
  const branch = branchAt(payload, 'ref');
  if (branch === null) {
    return { ignored: 'nothing-to-do', detail: 'push of something that is not a branch' };
  }
  if (at(payload, 'deleted') === true) {
    return { ignored: 'nothing-to-do', detail: `branch ${branch} deleted` };
  }
  return {
    kind: 'push',
    repository: repositoryAt(payload),
    branch,
    before: shaAt(payload, 'before'),
    after: shaAt(payload, 'after'),
    // A deploy key pushes without being anybody.
    sender: actorOrGhostAt(payload, 'sender'),
  };
}

/** The queue names its branches after the base, the pull request, and the commit that it merges onto. */
const QUEUE_REF = /^refs\/heads\/gh-readonly-queue\/.+\/pr-([1-9][0-9]{0,9})-[0-9a-f]+$/;

function mergeGroupEvent(payload: Fields): Outcome {
  const said = textAt(payload, 'action');
  if (said !== 'checks_requested' && said !== 'destroyed') {
    return { ignored: 'nothing-to-do', detail: `merge_group ${said}` };
  }
  const group = fieldsAt(payload, 'merge_group');
  const baseBranch = branchAt(group, 'base_ref');
  const number = QUEUE_REF.exec(textAt(group, 'head_ref'))?.[1];
  if (baseBranch === null || number === undefined) {
    throw new Malformed(baseBranch === null ? 'base_ref is not a branch' : 'head_ref names no pull request');
  }
  return {
    kind: 'merge-group',
    action: said === 'destroyed' ? 'destroyed' : 'checks-requested',
    repository: repositoryAt(payload),
    pull: Number(number),
    headSha: shaAt(group, 'head_sha'),
    baseSha: shaAt(group, 'base_sha'),
    baseBranch,
    ...(said === 'destroyed' ? { merged: optionalTextAt(payload, 'reason') === 'merged' } : {}),
  };
}

import { ApiError, validationFailed } from './api-error.ts';
import { checkRunEventJson } from './check-json.ts';
import { timestamp } from './mergeability.ts';
import { type Json, recordIn, recordsIn, textIn } from './request-body.ts';
import { emitRepositoryEvent } from './webhook-event.ts';
import type { WorldParts } from './world-parts.ts';
import type { CheckConclusion, CheckRun, CheckStatus, Repository } from './world-state.ts';

const STATUSES: readonly CheckStatus[] = ['queued', 'in_progress', 'completed'];
const CONCLUSIONS: readonly CheckConclusion[] = [
  'success',
  'failure',
  'neutral',
  'cancelled',
  'skipped',
  'timed_out',
  'action_required',
];
const MAX_TEXT = 65_535;
const MAX_ANNOTATIONS = 50;
const MAX_ACTIONS = 3;

/** Create a check run from a request's body; sends `check_run.created` (and `completed` if it is born finished). */
export function createCheckRun(
  parts: WorldParts,
  repository: Repository,
  body: Json,
  appId: number,
  sender: string,
): CheckRun {
  const name = textIn(body, 'name');
  const headSha = textIn(body, 'head_sha');
  if (name === undefined || headSha === undefined) {
    throw new ApiError(422, 'Invalid request.\n\n"name", "head_sha" weren\'t supplied.');
  }
  validate(body);
  const siblings = [...repository.checkRuns.values()].find((one) => one.headSha === headSha && one.appId === appId);
  const check: CheckRun = {
    id: parts.state.nextId('check'),
    name,
    headSha,
    // One suite per App and commit.
    suiteId: siblings?.suiteId ?? parts.state.nextId('suite'),
    appId,
    status: 'queued',
    conclusion: null,
    startedAt: textIn(body, 'started_at') ?? timestamp(parts),
    completedAt: null,
    externalId: '',
    detailsUrl: '',
    title: null,
    summary: null,
    text: null,
    annotations: [],
    actions: [],
  };
  take(parts, check, body);
  repository.checkRuns.set(check.id, check);
  emitCheck(parts, repository, check, 'created', sender);
  if (check.status === 'completed') {
    emitCheck(parts, repository, check, 'completed', sender);
  }
  return check;
}

/** Change a check run. A finished one stays finished: reopening is refused with 422. */
export function updateCheckRun(
  parts: WorldParts,
  repository: Repository,
  check: CheckRun,
  body: Json,
  sender: string,
): void {
  const status = textIn(body, 'status');
  if (check.status === 'completed' && status !== undefined && status !== 'completed') {
    throw validationFailed('CheckRun', 'status', 'a completed check run cannot be reopened');
  }
  validate(body);
  const wasCompleted = check.status === 'completed';
  take(parts, check, body);
  parts.journal.changed();
  if (check.status === 'completed' && !wasCompleted) {
    emitCheck(parts, repository, check, 'completed', sender);
  }
}

function validate(body: Json): void {
  const status = textIn(body, 'status');
  const conclusion = textIn(body, 'conclusion');
  if (status !== undefined && !STATUSES.some((one) => one === status)) {
    throw validationFailed('CheckRun', 'status', `${status} is not a status`);
  }
  if (conclusion !== undefined && !CONCLUSIONS.some((one) => one === conclusion)) {
    throw validationFailed('CheckRun', 'conclusion', `${conclusion} is not a conclusion`);
  }
  if (status === 'completed' && conclusion === undefined) {
    throw validationFailed('CheckRun', 'conclusion', 'conclusion is required when status is completed');
  }
  const output = recordIn(body, 'output');
  if (output !== undefined) {
    if (textIn(output, 'summary') === undefined) {
      throw new ApiError(422, 'Invalid request.\n\n"summary" wasn\'t supplied.');
    }
    for (const field of ['summary', 'text']) {
      if ((textIn(output, field) ?? '').length > MAX_TEXT) {
        throw validationFailed('CheckRun', field, `${field} exceeds a maximum length of ${MAX_TEXT}`);
      }
    }
    if (recordsIn(output, 'annotations').length > MAX_ANNOTATIONS) {
      throw new ApiError(422, `Invalid request.\n\nNo more than ${MAX_ANNOTATIONS} items are allowed; annotations`);
    }
  }
  const actions = recordsIn(body, 'actions');
  if (actions.length > MAX_ACTIONS) {
    throw new ApiError(422, `Invalid request.\n\nNo more than ${MAX_ACTIONS} items are allowed; actions`);
  }
  for (const action of actions) {
    checkAction(action);
  }
}

// Limits of the API: label 20, description 40, identifier 20 characters.
function checkAction(action: Json): void {
  for (const [field, limit] of [
    ['label', 20],
    ['description', 40],
    ['identifier', 20],
  ] as const) {
    const text = textIn(action, field);
    if (text === undefined || text.length > limit) {
      throw new ApiError(422, `Invalid request.\n\n"${field}" of an action must have at most ${limit} characters.`);
    }
  }
}

function take(parts: WorldParts, check: CheckRun, body: Json): void {
  const output = recordIn(body, 'output');
  const conclusion = CONCLUSIONS.find((one) => one === textIn(body, 'conclusion'));
  check.status = STATUSES.find((one) => one === textIn(body, 'status')) ?? check.status;
  if (conclusion !== undefined) {
    // GitHub completes a check that gets a conclusion.
    check.conclusion = conclusion;
    check.status = 'completed';
    check.completedAt = textIn(body, 'completed_at') ?? timestamp(parts);
  }
  check.externalId = textIn(body, 'external_id') ?? check.externalId;
  check.detailsUrl = textIn(body, 'details_url') ?? check.detailsUrl;
  if (output !== undefined) {
    check.title = textIn(output, 'title') ?? check.title;
    check.summary = textIn(output, 'summary') ?? check.summary;
    check.text = textIn(output, 'text') ?? check.text;
    check.annotations.push(...recordsIn(output, 'annotations'));
  }
  if (Array.isArray(body.actions)) {
    check.actions = recordsIn(body, 'actions');
  }
}

export function emitCheck(
  parts: WorldParts,
  repository: Repository,
  check: CheckRun,
  action: string,
  sender: string,
  fields: Json = {},
): void {
  emitRepositoryEvent(parts, repository, 'check_run', action, sender, {
    check_run: checkRunEventJson(parts.state, repository, check),
    ...fields,
  });
}

import { ApiError, validationFailed } from './api-error.ts';
import { commentJson, issueJson } from './issue-json.ts';
import { timestamp } from './mergeability.ts';
import type { Json } from './request-body.ts';
import { emitRepositoryEvent } from './webhook-event.ts';
import type { WorldParts } from './world-parts.ts';
import type { Issue, IssueComment, Pull, Reaction, Repository } from './world-state.ts';

/** GitHub counts characters, not bytes, in bodies. */
const MAX_BODY = 65_536;

function checkBody(resource: string, body: string): void {
  if (body === '') {
    throw validationFailed(resource, 'body', "Body can't be blank");
  }
  checkLength(resource, body);
}

function checkLength(resource: string, body: string | null): void {
  if (body !== null && body.length > MAX_BODY) {
    throw validationFailed(resource, 'body', `body is too long (maximum is ${MAX_BODY} characters)`);
  }
}

/** The issue or pull request of that number; a number is never both. */
export function conversationOf(repository: Repository, number: number): Issue | Pull | undefined {
  return repository.pulls.get(number) ?? repository.issues.get(number);
}

/** Write a comment; sends `issue_comment.created`. */
export function addComment(
  parts: WorldParts,
  repository: Repository,
  number: number,
  author: string,
  body: string,
): IssueComment {
  const conversation = conversationOf(repository, number);
  if (conversation === undefined) {
    throw new ApiError(404, 'Not Found');
  }
  checkBody('IssueComment', body);
  const at = timestamp(parts);
  const comment: IssueComment = {
    id: parts.state.nextId('comment'),
    number,
    author,
    body,
    createdAt: at,
    updatedAt: at,
    minimized: null,
    viaApp: author === parts.state.app.bot.login,
  };
  repository.comments.set(comment.id, comment);
  emitComment(parts, repository, comment, 'created', author);
  return comment;
}

export function editComment(
  parts: WorldParts,
  repository: Repository,
  comment: IssueComment,
  body: string,
  sender: string,
): void {
  checkBody('IssueComment', body);
  const from = comment.body;
  comment.body = body;
  comment.updatedAt = timestamp(parts);
  emitComment(parts, repository, comment, 'edited', sender, { changes: { body: { from } } });
}

export function deleteComment(parts: WorldParts, repository: Repository, comment: IssueComment, sender: string): void {
  repository.comments.delete(comment.id);
  emitComment(parts, repository, comment, 'deleted', sender);
}

function emitComment(
  parts: WorldParts,
  repository: Repository,
  comment: IssueComment,
  action: string,
  sender: string,
  fields: Json = {},
): void {
  const conversation = conversationOf(repository, comment.number);
  if (conversation !== undefined) {
    emitRepositoryEvent(parts, repository, 'issue_comment', action, sender, {
      issue: issueJson(parts.state, repository, conversation),
      comment: commentJson(parts.state, repository, comment),
      ...fields,
    });
  }
}

export function addReaction(
  parts: WorldParts,
  repository: Repository,
  reaction: Omit<Reaction, 'id' | 'createdAt'>,
): { readonly reaction: Reaction; readonly created: boolean } {
  const same = repository.reactions.find(
    (one) =>
      one.on === reaction.on &&
      one.target === reaction.target &&
      one.author === reaction.author &&
      one.content === reaction.content,
  );
  if (same !== undefined) {
    return { reaction: same, created: false };
  }
  const added = { ...reaction, id: parts.state.nextId('reaction'), createdAt: timestamp(parts) };
  repository.reactions.push(added);
  parts.journal.changed();
  return { reaction: added, created: true };
}

/** Open an issue; unknown labels are created, as GitHub does for those who may. Sends `issues.opened`. */
export function openIssue(
  parts: WorldParts,
  repository: Repository,
  wanted: {
    readonly title: string;
    readonly body: string | null;
    readonly author: string;
    readonly labels: readonly string[];
    readonly assignees: readonly string[];
  },
): Issue {
  checkLength('Issue', wanted.body);
  const at = timestamp(parts);
  const issue: Issue = {
    id: parts.state.nextId('issue'),
    number: repository.nextNumber++,
    title: wanted.title,
    body: wanted.body,
    state: 'open',
    stateReason: null,
    author: wanted.author,
    labels: new Set(),
    assignees: new Set(wanted.assignees),
    createdAt: at,
    updatedAt: at,
    closedAt: null,
  };
  for (const name of wanted.labels) {
    issue.labels.add(ensureLabel(parts, repository, name));
  }
  repository.issues.set(issue.number, issue);
  emitIssue(parts, repository, issue, 'opened', wanted.author);
  return issue;
}

/** Change an issue; sends `edited`, `closed` or `reopened` for what did change. */
export function updateIssue(
  parts: WorldParts,
  repository: Repository,
  issue: Issue,
  change: {
    readonly title?: string | undefined;
    readonly body?: string | undefined;
    readonly state?: string | undefined;
    readonly stateReason?: string | undefined;
    readonly labels?: readonly string[] | undefined;
  },
  sender: string,
): void {
  checkLength('Issue', change.body ?? null);
  const before = { title: issue.title, body: issue.body };
  issue.title = change.title ?? issue.title;
  issue.body = change.body ?? issue.body;
  issue.updatedAt = timestamp(parts);
  if (change.labels !== undefined) {
    issue.labels.clear();
    for (const name of change.labels) {
      issue.labels.add(ensureLabel(parts, repository, name));
    }
  }
  const changes = {
    ...(before.title === issue.title ? {} : { title: { from: before.title } }),
    ...(before.body === issue.body ? {} : { body: { from: before.body ?? '' } }),
  };
  if (Object.keys(changes).length > 0) {
    emitIssue(parts, repository, issue, 'edited', sender, { changes });
  }
  if (change.state === 'closed' && issue.state === 'open') {
    issue.state = 'closed';
    issue.closedAt = issue.updatedAt;
    issue.stateReason = change.stateReason === 'not_planned' ? 'not_planned' : 'completed';
    emitIssue(parts, repository, issue, 'closed', sender);
  } else if (change.state === 'open' && issue.state === 'closed') {
    issue.state = 'open';
    issue.closedAt = null;
    issue.stateReason = 'reopened';
    emitIssue(parts, repository, issue, 'reopened', sender);
  }
}

function emitIssue(
  parts: WorldParts,
  repository: Repository,
  issue: Issue,
  action: string,
  sender: string,
  fields: Json = {},
): void {
  emitRepositoryEvent(parts, repository, 'issues', action, sender, {
    issue: issueJson(parts.state, repository, issue),
    ...fields,
  });
}

/** The label of that name, created when missing. Answers the name. */
export function ensureLabel(parts: WorldParts, repository: Repository, name: string, color = 'ededed'): string {
  if (!repository.labels.has(name)) {
    repository.labels.set(name, { id: parts.state.nextId('label'), name, color, description: null });
  }
  return name;
}

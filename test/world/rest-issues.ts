import type { Hono } from 'hono';
import { apiUrl } from './account-json.ts';
import { ApiError, notFound, validationFailed } from './api-error.ts';
import { page, type RepositoryCall, repositoryRoutes } from './api-route.ts';
import {
  addComment,
  addReaction,
  conversationOf,
  deleteComment,
  editComment,
  ensureLabel,
  openIssue,
  updateIssue,
} from './conversation.ts';
import { commentJson, issueJson, labelJson, labelsOf, reactionJson } from './issue-json.ts';
import { emitPull } from './pull-life.ts';
import { requiredText, textIn, textsIn } from './request-body.ts';
import type { WorldParts } from './world-parts.ts';
import { fullName, type Issue, type IssueComment, type Pull, type Reaction } from './world-state.ts';

const READ = { issues: 'read', pull_requests: 'read' } as const;
const WRITE = { issues: 'write', pull_requests: 'write' } as const;
const CONTENTS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const;

export function serveIssues(api: Hono, parts: WorldParts): void {
  const { state } = parts;
  const bot = state.app.bot.login;
  const route = repositoryRoutes(api, parts);
  const url = (call: RepositoryCall, rest: string) => `${apiUrl(state)}/repos/${fullName(call.repository)}${rest}`;
  const conversationAt = (call: RepositoryCall): Issue | Pull => {
    const found = conversationOf(call.repository, call.number('number'));
    if (found === undefined) {
      throw notFound();
    }
    return found;
  };
  const commentAt = (call: RepositoryCall): IssueComment => {
    const comment = call.repository.comments.get(call.number('id'));
    if (comment === undefined) {
      throw notFound();
    }
    return comment;
  };

  route('GET', '/issues/:number/comments', READ, (call) => {
    const { number } = conversationAt(call);
    const since = call.query('since') ?? '';
    const comments = [...call.repository.comments.values()]
      .filter((one) => one.number === number && one.updatedAt >= since)
      .map((one) => commentJson(state, call.repository, one));
    return page(call, comments, url(call, `/issues/${number}/comments`));
  });
  route('POST', '/issues/:number/comments', WRITE, (call) => {
    const { number } = conversationAt(call);
    const comment = addComment(parts, call.repository, number, bot, requiredText(call.body, 'body'));
    return { status: 201, json: commentJson(state, call.repository, comment) };
  });
  route('GET', '/issues/comments/:id', READ, (call) => ({
    json: commentJson(state, call.repository, commentAt(call)),
  }));
  route('PATCH', '/issues/comments/:id', WRITE, (call) => {
    const comment = commentAt(call);
    editComment(parts, call.repository, comment, requiredText(call.body, 'body'), bot);
    return { json: commentJson(state, call.repository, comment) };
  });
  route('DELETE', '/issues/comments/:id', WRITE, (call) => {
    deleteComment(parts, call.repository, commentAt(call), bot);
    return { status: 204 };
  });

  const react = (call: RepositoryCall, on: Reaction['on'], target: number) => {
    const wanted = requiredText(call.body, 'content');
    const content = CONTENTS.find((one) => one === wanted);
    if (content === undefined) {
      throw validationFailed('Reaction', 'content', `${wanted} is not a reaction`);
    }
    const { reaction, created } = addReaction(parts, call.repository, { on, target, author: bot, content });
    return { status: created ? 201 : 200, json: reactionJson(state, reaction, content) };
  };
  const reactions = (call: RepositoryCall, on: Reaction['on'], target: number, path: string) =>
    page(
      call,
      call.repository.reactions
        .filter((one) => one.on === on && one.target === target)
        .map((one) => reactionJson(state, one, CONTENTS.find((content) => content === one.content) ?? 'eyes')),
      url(call, path),
    );
  route('POST', '/issues/comments/:id/reactions', WRITE, (call) => react(call, 'comment', commentAt(call).id));
  route('GET', '/issues/comments/:id/reactions', READ, (call) =>
    reactions(call, 'comment', commentAt(call).id, `/issues/comments/${call.param('id')}/reactions`),
  );
  route('POST', '/issues/:number/reactions', WRITE, (call) => react(call, 'issue', conversationAt(call).number));
  route('GET', '/issues/:number/reactions', READ, (call) =>
    reactions(call, 'issue', conversationAt(call).number, `/issues/${call.param('number')}/reactions`),
  );

  route('GET', '/issues', READ, (call) => {
    const wanted = call.query('state') ?? 'open';
    const labels = (call.query('labels') ?? '').split(',').filter((one) => one !== '');
    const creator = call.query('creator');
    const found = [...call.repository.issues.values(), ...call.repository.pulls.values()]
      .filter(
        (one) =>
          (wanted === 'all' || one.state === wanted) &&
          labels.every((label) => one.labels.has(label)) &&
          (creator === undefined || one.author === creator),
      )
      .toSorted((one, other) => other.number - one.number);
    return page(
      call,
      found.map((one) => issueJson(state, call.repository, one)),
      url(call, '/issues'),
    );
  });
  route('POST', '/issues', { issues: 'write' }, (call) => {
    const issue = openIssue(parts, call.repository, {
      title: requiredText(call.body, 'title'),
      body: textIn(call.body, 'body') ?? null,
      author: bot,
      labels: textsIn(call.body, 'labels'),
      assignees: textsIn(call.body, 'assignees').filter((login) => state.accounts.has(login)),
    });
    return { status: 201, json: issueJson(state, call.repository, issue) };
  });
  route('GET', '/issues/:number', READ, (call) => ({ json: issueJson(state, call.repository, conversationAt(call)) }));
  route('PATCH', '/issues/:number', WRITE, (call) => {
    const issue = conversationAt(call);
    if ('reviews' in issue) {
      throw new ApiError(501, 'the world does not play changing a pull request as an issue');
    }
    const change = {
      title: textIn(call.body, 'title'),
      body: textIn(call.body, 'body'),
      state: textIn(call.body, 'state'),
      stateReason: textIn(call.body, 'state_reason'),
      labels: Array.isArray(call.body.labels) ? textsIn(call.body, 'labels') : undefined,
    };
    updateIssue(parts, call.repository, issue, change, bot);
    return { json: issueJson(state, call.repository, issue) };
  });

  route('POST', '/issues/:number/labels', WRITE, async (call) => {
    const issue = conversationAt(call);
    for (const name of textsIn(call.body, 'labels')) {
      const added = !issue.labels.has(name);
      issue.labels.add(ensureLabel(parts, call.repository, name));
      if (added && 'reviews' in issue) {
        await emitPull(parts, call.repository, issue, 'labeled', bot);
      }
    }
    return { json: labelsOf(state, call.repository, issue.labels) };
  });
  route('DELETE', '/issues/:number/labels/:name', WRITE, (call) => {
    const issue = conversationAt(call);
    if (!issue.labels.delete(call.param('name'))) {
      throw new ApiError(404, 'Label does not exist');
    }
    return { json: labelsOf(state, call.repository, issue.labels) };
  });
  route('GET', '/labels', READ, (call) =>
    page(
      call,
      [...call.repository.labels.values()].map((one) => labelJson(state, call.repository, one)),
      url(call, '/labels'),
    ),
  );
  route('POST', '/labels', WRITE, (call) => {
    const name = requiredText(call.body, 'name');
    if (call.repository.labels.has(name)) {
      throw new ApiError(422, 'Validation Failed', [{ resource: 'Label', code: 'already_exists', field: 'name' }]);
    }
    ensureLabel(parts, call.repository, name, textIn(call.body, 'color'));
    const label = call.repository.labels.get(name);
    return { status: 201, json: label === undefined ? {} : labelJson(state, call.repository, label) };
  });
}

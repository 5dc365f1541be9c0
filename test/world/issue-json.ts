import type { components } from '@octokit/openapi-types';
import { accountJson, apiUrl, appJson } from './account-json.ts';
import {
  fullName,
  type Issue,
  type IssueComment,
  type Label,
  type Pull,
  type Reaction,
  type Repository,
  type WorldState,
} from './world-state.ts';

type Schemas = components['schemas'];

export function associationOf(state: WorldState, repository: Repository, login: string): Schemas['author-association'] {
  if (login === repository.owner) {
    return 'OWNER';
  }
  const inTeam = [...state.teams.values()].some(
    (team) => team.organization === repository.owner && team.members.has(login),
  );
  if (inTeam) {
    return 'MEMBER';
  }
  return (repository.collaborators.get(login) ?? 'none') === 'none' ? 'NONE' : 'COLLABORATOR';
}

export function labelJson(state: WorldState, repository: Repository, label: Label): Schemas['label'] {
  return {
    id: label.id,
    node_id: `LA_${label.id}`,
    url: `${apiUrl(state)}/repos/${fullName(repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    description: label.description,
    default: false,
  };
}

export function labelsOf(state: WorldState, repository: Repository, names: ReadonlySet<string>): Schemas['label'][] {
  return [...names].flatMap((name) => {
    const label = repository.labels.get(name);
    return label === undefined ? [] : [labelJson(state, repository, label)];
  });
}

/** Counts of reactions to an issue or a comment. */
function reactionsJson(reactions: readonly Reaction[], on: Reaction['on'], target: number, url: string) {
  const count = (content: string) =>
    reactions.filter((one) => one.on === on && one.target === target && one.content === content).length;
  return {
    url: `${url}/reactions`,
    total_count: reactions.filter((one) => one.on === on && one.target === target).length,
    '+1': count('+1'),
    '-1': count('-1'),
    laugh: count('laugh'),
    hooray: count('hooray'),
    confused: count('confused'),
    heart: count('heart'),
    rocket: count('rocket'),
    eyes: count('eyes'),
  };
}

export function reactionJson(state: WorldState, reaction: Reaction, content: Schemas['reaction']['content']) {
  return {
    id: reaction.id,
    node_id: `REA_${reaction.id}`,
    user: accountJson(state, reaction.author),
    content,
    created_at: reaction.createdAt,
  } satisfies Schemas['reaction'];
}

/** An issue, or a pull request seen as one. */
export function issueJson(state: WorldState, repository: Repository, issue: Issue | Pull) {
  const isPull = 'reviews' in issue;
  const url = `${apiUrl(state)}/repos/${fullName(repository)}/issues/${issue.number}`;
  const html = `${state.url}/${fullName(repository)}/${isPull ? 'pull' : 'issues'}/${issue.number}`;
  const pullUrl = `${apiUrl(state)}/repos/${fullName(repository)}/pulls/${issue.number}`;
  const [assignee] = issue.assignees;
  return {
    id: issue.id,
    node_id: `${isPull ? 'PR' : 'I'}_${issue.id}`,
    number: issue.number,
    url,
    repository_url: `${apiUrl(state)}/repos/${fullName(repository)}`,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    timeline_url: `${url}/timeline`,
    title: issue.title,
    body: issue.body,
    user: accountJson(state, issue.author),
    state: issue.state,
    state_reason: issue.stateReason,
    labels: labelsOf(state, repository, issue.labels),
    assignee: assignee === undefined ? null : accountJson(state, assignee),
    assignees: [...issue.assignees].map((login) => accountJson(state, login)),
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: [...repository.comments.values()].filter((one) => one.number === issue.number).length,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    author_association: associationOf(state, repository, issue.author),
    performed_via_github_app: issue.author === state.app.bot.login ? appJson(state) : null,
    reactions: reactionsJson(repository.reactions, 'issue', issue.number, url),
    ...(isPull
      ? {
          draft: issue.draft,
          pull_request: {
            url: pullUrl,
            html_url: html,
            diff_url: `${html}.diff`,
            patch_url: `${html}.patch`,
            merged_at: issue.mergedAt,
          },
        }
      : {}),
  } satisfies Schemas['issue'];
}

export function commentJson(state: WorldState, repository: Repository, comment: IssueComment) {
  const base = `${apiUrl(state)}/repos/${fullName(repository)}/issues`;
  const kind = repository.pulls.has(comment.number) ? 'pull' : 'issues';
  const url = `${base}/comments/${comment.id}`;
  return {
    id: comment.id,
    node_id: `IC_${comment.id}`,
    url,
    html_url: `${state.url}/${fullName(repository)}/${kind}/${comment.number}#issuecomment-${comment.id}`,
    issue_url: `${base}/${comment.number}`,
    user: accountJson(state, comment.author),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: associationOf(state, repository, comment.author),
    performed_via_github_app: comment.viaApp ? appJson(state) : null,
    reactions: reactionsJson(repository.reactions, 'comment', comment.id, url),
  } satisfies Schemas['issue-comment'];
}

import type { GitHubWrite, WriteResult } from '../domain/github-write.ts';
import type { GitHubClient } from './app-client.ts';
import type { RepositoryPath } from './repository-tree.ts';
import { runQuery } from './run-query.ts';
import { attempt, dead, type WriteContext } from './write-attempt.ts';

type Reply = Extract<GitHubWrite, { write: 'reply' }>;
type Sticky = Extract<GitHubWrite, { write: 'sticky-comment' }>;

/** GitHub's limit for a comment, in characters. */
const BODY_LIMIT = 65_536;
/** How far back a comment of ours is looked for: five pages of a hundred. */
const PAGES = 5;

/** Post a comment of its own, once: after an uncertain try it is looked for by its marker. */
export async function deliverReply(
  client: GitHubClient,
  repository: RepositoryPath,
  write: Reply,
  context: WriteContext,
): Promise<WriteResult> {
  const found = context.uncertain ? await findOurs(client, repository, write.pull, write.marker, null) : null;
  return found === null
    ? await create(client, repository, write)
    : { ok: true, id: found.databaseId, nodeId: found.id };
}

/**
 * Bring the sticky comment up to date: edit the known one, or one found by the marker, else make one. A comment that
 * somebody deleted is made again. Then the older one, if any, is folded away; failing at that is not worth a retry.
 */
export async function deliverSticky(
  client: GitHubClient,
  repository: RepositoryPath,
  write: Sticky,
  context: WriteContext,
): Promise<WriteResult> {
  let id = write.commentId;
  if (id === null && context.uncertain) {
    id = (await findOurs(client, repository, write.pull, write.marker, write.minimise))?.databaseId ?? null;
  }
  const edited = id === null ? null : await edit(client, repository, id, write);
  const result = edited ?? (await create(client, repository, write));
  if (result.ok && write.minimise !== null) {
    await minimise(client, write.minimise);
  }
  return result;
}

/** Null when the comment is gone. */
async function edit(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  id: number,
  write: Sticky,
): Promise<WriteResult | null> {
  const what = `edit comment ${id} of #${write.pull}`;
  const sent = await attempt(what, () =>
    client.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
      owner,
      repo: name,
      comment_id: id,
      body: bodyOf(write),
    }),
  );
  if (sent.ok) {
    return { ok: true, id: Number(sent.data.id), nodeId: sent.data.node_id };
  }
  return sent.status === 404 || sent.status === 410 ? null : dead(what, sent);
}

async function create(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  write: Reply | Sticky,
): Promise<WriteResult> {
  const what = `comment on #${write.pull}`;
  const sent = await attempt(what, () =>
    client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      owner,
      repo: name,
      issue_number: write.pull,
      body: bodyOf(write),
    }),
  );
  return sent.ok ? { ok: true, id: Number(sent.data.id), nodeId: sent.data.node_id } : dead(what, sent);
}

/** The body within GitHub's limit, and with its marker whatever is cut. */
function bodyOf(write: { readonly body: string; readonly marker: string }): string {
  if (write.body.length <= BODY_LIMIT && write.body.includes(write.marker)) {
    return write.body;
  }
  const kept = write.body.slice(0, BODY_LIMIT - write.marker.length - 1);
  return kept.includes(write.marker) ? kept : `${kept}\n${write.marker}`;
}

interface Found {
  readonly id: string;
  readonly databaseId: number;
}

interface CommentsAnswer {
  readonly repository: {
    readonly pullRequest: {
      readonly comments: {
        readonly pageInfo: { readonly hasPreviousPage: boolean; readonly startCursor: string | null };
        readonly nodes: readonly (CommentAnswer | null)[];
      };
    } | null;
  } | null;
}

interface CommentAnswer {
  readonly id: string;
  readonly fullDatabaseId: string | null;
  readonly body: string;
  readonly viewerDidAuthor: boolean;
}

const COMMENTS = `query ($owner: String!, $name: String!, $number: Int!, $before: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    comments(last: 100, before: $before) {
      pageInfo { hasPreviousPage startCursor }
      nodes { id fullDatabaseId body viewerDidAuthor }
    }
  } }
}`;

/** Our newest comment with the marker. Anybody can write a marker, so only what we wrote ourselves counts. */
async function findOurs(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  number: number,
  marker: string,
  not: string | null,
): Promise<Found | null> {
  let before: string | null = null;
  for (let page = 0; page < PAGES; page += 1) {
    const variables: Record<string, unknown> = { owner, name, number, before };
    const { data } = await runQuery<CommentsAnswer>(client, `look for our comment on #${number}`, COMMENTS, variables);
    const comments = data.repository?.pullRequest?.comments;
    const found = comments?.nodes.findLast(
      (comment) => comment?.viewerDidAuthor === true && comment.id !== not && comment.body.includes(marker),
    );
    if (found) {
      return { id: found.id, databaseId: Number(found.fullDatabaseId) };
    }
    if (comments?.pageInfo.hasPreviousPage !== true) {
      return null;
    }
    before = comments.pageInfo.startCursor;
  }
  return null;
}

const MINIMISE = `mutation ($id: ID!) {
  minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { minimizedComment { isMinimized } }
}`;

async function minimise(client: GitHubClient, nodeId: string): Promise<void> {
  try {
    await runQuery(client, 'fold an older comment away', MINIMISE, { id: nodeId });
  } catch {
    // It is only looks, and a retry of the whole write would cost more than an unfolded comment.
  }
}

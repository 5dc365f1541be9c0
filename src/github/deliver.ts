import type { GitHubWrite, WriteResult } from '../domain/github-write.ts';
import type { GitHubClient } from './app-client.ts';
import { deliverCheck } from './deliver-check.ts';
import { deliverReply, deliverSticky } from './deliver-comment.ts';
import { deliverDispatch } from './deliver-dispatch.ts';
import { deliverMerge } from './deliver-merge.ts';
import type { RepositoryPath } from './repository-tree.ts';
import { attempt, dead, type WriteContext } from './write-attempt.ts';

/**
 * Send one write to GitHub. Sending it again does no harm, provided that `context.uncertain` is true from the second try
 * on. `dead` is GitHub's final no. Throws a Failure for everything that may pass: then the write may or may not have
 * happened, and the next try is uncertain.
 */
export async function deliver(
  client: GitHubClient,
  repository: RepositoryPath,
  write: GitHubWrite,
  context: WriteContext,
): Promise<WriteResult> {
  switch (write.write) {
    case 'dispatch':
      return await deliverDispatch(client, repository, write, context);
    case 'cancel-actions-run':
      return await cancel(client, repository, write.githubRunId);
    case 'react':
      return await react(client, repository, write);
    case 'reply':
      return await deliverReply(client, repository, write, context);
    case 'sticky-comment':
      return await deliverSticky(client, repository, write, context);
    case 'check':
      return await deliverCheck(client, repository, write, context);
    case 'merge':
      return await deliverMerge(client, repository, write, context);
    case 'labels':
      return await setLabels(client, repository, write);
    case 'delete-comment':
      return await deleteComment(client, repository, write.commentId);
    case 'status':
      return await setStatus(client, repository, write);
  }
}

async function cancel(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  githubRunId: number,
): Promise<WriteResult> {
  const what = `cancel Actions run ${githubRunId}`;
  const sent = await attempt(what, () =>
    client.request('POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel', {
      owner,
      repo: name,
      run_id: githubRunId,
    }),
  );
  // 409: it is over already, which is what was wanted.
  return sent.ok || sent.status === 409 ? { ok: true, githubRunId } : dead(what, sent);
}

/** GitHub keeps one reaction of a kind per person, so sending it twice is sending it once. */
async function react(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  write: Extract<GitHubWrite, { write: 'react' }>,
): Promise<WriteResult> {
  const what = `react to comment ${write.commentId}`;
  const sent = await attempt(what, () =>
    client.request('POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', {
      owner,
      repo: name,
      comment_id: write.commentId,
      content: write.content,
    }),
  );
  return sent.ok ? { ok: true, id: Number(sent.data.id) } : dead(what, sent);
}

async function setLabels(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  write: Extract<GitHubWrite, { write: 'labels' }>,
): Promise<WriteResult> {
  const issue = { owner, repo: name, issue_number: write.pull };
  if (write.add.length > 0) {
    const what = `label #${write.pull}`;
    const sent = await attempt(what, () =>
      client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/labels', { ...issue, labels: [...write.add] }),
    );
    if (!sent.ok) {
      return dead(what, sent);
    }
  }
  for (const label of write.remove) {
    const what = `remove a label of #${write.pull}`;
    const sent = await attempt(what, () =>
      client.request('DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}', { ...issue, name: label }),
    );
    if (!sent.ok && sent.status !== 404) {
      return dead(what, sent);
    }
  }
  return { ok: true };
}

async function deleteComment(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  commentId: number,
): Promise<WriteResult> {
  const what = `delete comment ${commentId}`;
  const sent = await attempt(what, () =>
    client.request('DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}', {
      owner,
      repo: name,
      comment_id: commentId,
    }),
  );
  return sent.ok || sent.status === 404 ? { ok: true } : dead(what, sent);
}

/** The newest status of a context counts, so sending one twice is sending it once. */
async function setStatus(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  write: Extract<GitHubWrite, { write: 'status' }>,
): Promise<WriteResult> {
  const what = `set status ${write.context}`;
  const sent = await attempt(what, () =>
    client.request('POST /repos/{owner}/{repo}/statuses/{sha}', {
      owner,
      repo: name,
      sha: write.sha,
      state: write.state,
      context: write.context,
      description: write.description,
      ...(write.targetUrl === null ? {} : { target_url: write.targetUrl }),
    }),
  );
  return sent.ok ? { ok: true } : dead(what, sent);
}

import type { Hono } from 'hono';
import { apiUrl } from './account-json.ts';
import { ApiError, notFound } from './api-error.ts';
import { page, type RepositoryCall, repositoryRoutes } from './api-route.ts';
import { commitJson, diffEntryJson } from './commit-json.ts';
import { logOf, mergeBase } from './git-store.ts';
import { latestOpinions, lookAtMergeability, NOT_COMPUTED } from './mergeability.ts';
import { pullJson, pullSize, reviewJson } from './pull-json.ts';
import { mergePull } from './pull-life.ts';
import { textIn } from './request-body.ts';
import type { WorldParts } from './world-parts.ts';
import { fullName, type Pull } from './world-state.ts';

const PULLS_READ = { pull_requests: 'read' } as const;

export function servePulls(api: Hono, parts: WorldParts): void {
  const { state } = parts;
  const route = repositoryRoutes(api, parts);
  const pullAt = (call: RepositoryCall): Pull => {
    const pull = call.repository.pulls.get(call.number('number'));
    if (pull === undefined) {
      throw notFound();
    }
    return pull;
  };
  const url = (call: RepositoryCall, rest: string) => `${apiUrl(state)}/repos/${fullName(call.repository)}${rest}`;

  route('GET', '/pulls', PULLS_READ, async (call) => {
    const wanted = call.query('state') ?? 'open';
    const head = call.query('head');
    const base = call.query('base');
    const found = [...call.repository.pulls.values()].filter(
      (pull) =>
        (wanted === 'all' || pull.state === wanted) &&
        (base === undefined || pull.base === base) &&
        (head === undefined || head === `${call.repository.owner}:${pull.head}`),
    );
    const described = await Promise.all(
      found.toReversed().map((pull) => pullJson(state, call.repository, pull, NOT_COMPUTED)),
    );
    return page(call, described.map(withoutSize), url(call, '/pulls'));
  });

  route('GET', '/pulls/:number', PULLS_READ, async (call) => {
    const pull = pullAt(call);
    const view = await lookAtMergeability(parts, call.repository, pull);
    return { json: await pullJson(state, call.repository, pull, view) };
  });

  route('GET', '/pulls/:number/files', PULLS_READ, async (call) => {
    const pull = pullAt(call);
    const { files } = await pullSize(call.repository, pull);
    const listed = files
      .slice(0, parts.faults.maxPullFiles)
      .map((file) => diffEntryJson(state, call.repository, pull.headSha, file));
    return page(call, listed, url(call, `/pulls/${pull.number}/files`));
  });

  route('GET', '/pulls/:number/commits', PULLS_READ, async (call) => {
    const pull = pullAt(call);
    const from = (await mergeBase(call.repository.gitDir, pull.baseSha, pull.headSha)) ?? pull.baseSha;
    const commits = (await logOf(call.repository.gitDir, [`${from}..${pull.headSha}`])).toReversed().slice(0, 250);
    const described = commits.map((one) => commitJson(state, call.repository, one));
    return page(call, described, url(call, `/pulls/${pull.number}/commits`));
  });

  route('GET', '/pulls/:number/reviews', PULLS_READ, (call) => {
    const pull = pullAt(call);
    const reviews = pull.reviews.map((review) => reviewJson(state, call.repository, pull, review));
    return page(call, reviews, url(call, `/pulls/${pull.number}/reviews`));
  });

  route('GET', '/pulls/:number/merge', PULLS_READ, (call) => {
    if (!pullAt(call).merged) {
      throw notFound();
    }
    return { status: 204 };
  });

  route('PUT', '/pulls/:number/merge', { contents: 'write' }, async (call) => {
    const pull = pullAt(call);
    const sha = textIn(call.body, 'sha');
    if (pull.state === 'closed' || pull.draft) {
      throw new ApiError(405, 'Pull Request is not mergeable');
    }
    if (sha !== undefined && sha !== pull.headSha) {
      throw new ApiError(409, 'Head branch was modified. Review and try the merge again.');
    }
    const view = await lookAtMergeability(
      { ...parts, settings: { ...parts.settings, unknownLooks: 0 } },
      call.repository,
      pull,
    );
    if (view.state === 'blocked') {
      const missing = latestOpinions(call.repository, pull, true).some((one) => one.state === 'APPROVED')
        ? 'Required status check is expected.'
        : 'Repository rule violations found';
      throw new ApiError(405, missing);
    }
    const title = textIn(call.body, 'commit_title');
    const method = textIn(call.body, 'merge_method') ?? 'merge';
    if (method !== 'merge' && method !== 'squash' && method !== 'rebase') {
      throw new ApiError(422, `Invalid request.\n\n${method} is not a member of ["merge", "squash", "rebase"].`);
    }
    const merged = await mergePull(parts, call.repository, pull, state.app.bot.login, method, title);
    return { json: { sha: merged, merged: true, message: 'Pull Request successfully merged' } };
  });
}

/** Lists show pull requests without their size and mergeability. */
function withoutSize(full: Awaited<ReturnType<typeof pullJson>>) {
  const { merged, mergeable, rebaseable, mergeable_state, merged_by, comments, review_comments, ...rest } = full;
  const { maintainer_can_modify, commits, additions, deletions, changed_files, ...simple } = rest;
  return simple;
}

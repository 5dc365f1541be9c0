import { pushCommitJson } from './commit-json.ts';
import { type CommitFacts, changedFiles, commitFacts, fetchFrom, logOf, tryRevision, updateRef } from './git-store.ts';
import { NOT_COMPUTED, timestamp } from './mergeability.ts';
import { pullJson } from './pull-json.ts';
import { repositoryJson } from './repository-json.ts';
import { emitRepositoryEvent } from './webhook-event.ts';
import type { WorldParts } from './world-parts.ts';
import { accountOf, fullName, type Repository } from './world-state.ts';

export const NO_COMMIT = '0'.repeat(40);
/** GitHub puts at most 2048 commits into a push payload; the world at most this many, newest last. */
const MAX_PUSH_COMMITS = 20;

/** A ref moved: send `push`, then `synchronize` for each open pull request whose head it is. */
export async function refMoved(
  parts: WorldParts,
  repository: Repository,
  move: { readonly ref: string; readonly before: string; readonly after: string; readonly sender: string },
): Promise<void> {
  await emitPush(parts, repository, move);
  if (!move.ref.startsWith('refs/heads/') || move.after === NO_COMMIT) {
    return;
  }
  const branch = move.ref.slice('refs/heads/'.length);
  for (const target of parts.state.repositories.values()) {
    for (const pull of target.pulls.values()) {
      if (pull.headRepositoryId !== repository.id || pull.head !== branch || pull.state !== 'open') {
        continue;
      }
      if (target.id !== repository.id) {
        await fetchFrom(target.gitDir, repository.gitDir, move.after, `refs/pull/${pull.number}/head`);
      }
      await updateRef(target.gitDir, `refs/pull/${pull.number}/head`, move.after);
      pull.headSha = move.after;
      pull.baseSha = (await tryRevision(target.gitDir, pull.base)) ?? pull.baseSha;
      pull.updatedAt = timestamp(parts);
      emitRepositoryEvent(parts, target, 'pull_request', 'synchronize', move.sender, {
        number: pull.number,
        before: move.before,
        after: move.after,
        pull_request: await pullJson(parts.state, target, pull, NOT_COMPUTED),
      });
    }
  }
}

/** Oldest first. Of a branch that was not there before only the newest. */
async function pushedCommits(
  repository: Repository,
  before: string | null,
  after: string,
): Promise<readonly CommitFacts[]> {
  if (before === null) {
    const newest = await commitFacts(repository.gitDir, after);
    return newest === undefined ? [] : [newest];
  }
  return (await logOf(repository.gitDir, [`${before}..${after}`, `-${MAX_PUSH_COMMITS}`])).toReversed();
}

async function emitPush(
  parts: WorldParts,
  repository: Repository,
  move: { readonly ref: string; readonly before: string; readonly after: string; readonly sender: string },
): Promise<void> {
  const { state } = parts;
  const created = move.before === NO_COMMIT;
  const deleted = move.after === NO_COMMIT;
  const commits = deleted ? [] : await pushedCommits(repository, created ? null : move.before, move.after);
  const described = await Promise.all(
    commits.map(async (commit) => {
      const parent = commit.parents[0];
      const files = parent === undefined ? [] : await changedFiles(repository.gitDir, parent, commit.sha);
      return pushCommitJson(state, repository, commit, files);
    }),
  );
  const forced =
    !created && !deleted && (await logOf(repository.gitDir, [`${move.after}..${move.before}`, '-1'])).length > 0;
  const sender = accountOf(state, move.sender);
  const base = repositoryJson(state, repository);
  repository.activity.push({
    id: state.nextId('activity'),
    ref: move.ref,
    before: move.before,
    after: move.after,
    actor: move.sender,
    at: timestamp(parts),
    type: created ? 'branch_creation' : deleted ? 'branch_deletion' : forced ? 'force_push' : 'push',
  });
  emitRepositoryEvent(parts, repository, 'push', undefined, move.sender, {
    ref: move.ref,
    before: move.before,
    after: move.after,
    created,
    deleted,
    forced,
    base_ref: null,
    compare: `${state.url}/${fullName(repository)}/compare/${move.before.slice(0, 12)}...${move.after.slice(0, 12)}`,
    commits: described,
    head_commit: described.at(-1) ?? null,
    pusher: { name: sender.login, email: sender.email },
    // The one event whose repository carries Unix seconds and a named owner.
    repository: {
      ...base,
      created_at: Math.floor(Date.parse(repository.createdAt) / 1000),
      pushed_at: Math.floor(state.now().getTime() / 1000),
      stargazers: 0,
      master_branch: repository.defaultBranch,
      owner: { ...base.owner, name: repository.owner, email: null },
    },
  });
}

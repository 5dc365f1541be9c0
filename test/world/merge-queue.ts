import { simpleCommitJson } from './commit-json.ts';
import { commitFacts, commitTree, deleteRef, mergedTree, revParse, updateRef } from './git-store.ts';
import { settleMerged } from './pull-life.ts';
import { NO_COMMIT, refMoved } from './push-event.ts';
import { emitRepositoryEvent } from './webhook-event.ts';
import type { WorldParts } from './world-parts.ts';
import type { Pull, Repository } from './world-state.ts';

/** A merge that the queue tries. */
export interface MergeGroup {
  readonly repository: Repository;
  readonly pull: Pull;
  readonly ref: string;
  readonly headSha: string;
  readonly baseSha: string;
}

export type GroupEnd = 'merged' | 'invalidated' | 'dequeued';

export async function createMergeGroup(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  user: string,
  on?: MergeGroup,
): Promise<MergeGroup> {
  const { gitDir } = repository;
  const baseSha = on?.headSha ?? (await revParse(gitDir, `refs/heads/${pull.base}`));
  const tree = await mergedTree(gitDir, baseSha, pull.headSha);
  if (tree === undefined) {
    throw new Error('a pull request with conflicts cannot enter the queue');
  }
  const headSha = await commitTree(gitDir, {
    tree,
    parents: [baseSha, pull.headSha],
    message: `Merge pull request #${pull.number}`,
    author: { name: 'GitHub', email: 'noreply@github.com' },
    at: parts.state.now(),
  });
  const ref = `refs/heads/gh-readonly-queue/${pull.base}/pr-${pull.number}-${baseSha}`;
  const group = { repository, pull, ref, headSha, baseSha };
  await updateRef(gitDir, ref, headSha);
  await refMoved(parts, repository, { ref, before: NO_COMMIT, after: headSha, sender: user });
  await emit(parts, group, 'checks_requested', user);
  return group;
}

/** With `merged` the branch gets the group's commit, as the queue does it. */
export async function destroyMergeGroup(
  parts: WorldParts,
  group: MergeGroup,
  reason: GroupEnd,
  user: string,
): Promise<void> {
  const { repository, pull, baseSha: before, headSha: after } = group;
  await emit(parts, group, 'destroyed', user, { reason });
  if (reason === 'merged') {
    await settleMerged(parts, repository, pull, user, { before, after });
  }
  await deleteRef(repository.gitDir, group.ref);
}

async function emit(
  parts: WorldParts,
  { repository, pull, ref, headSha, baseSha }: MergeGroup,
  action: string,
  user: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const facts = await commitFacts(repository.gitDir, headSha);
  if (facts !== undefined) {
    emitRepositoryEvent(parts, repository, 'merge_group', action, user, {
      ...fields,
      merge_group: {
        head_sha: headSha,
        head_ref: ref,
        base_sha: baseSha,
        base_ref: `refs/heads/${pull.base}`,
        head_commit: simpleCommitJson(facts),
      },
    });
  }
}

import type { RepositoryRef } from '../domain/event.ts';
import type { MergeGroup } from '../domain/merge-group.ts';
import { type Draft, intend } from './draft.ts';

/** Look again at a merge that a queue tries. */
export function groupEvent(repository: RepositoryRef, { pull, headSha, baseSha, baseBranch }: MergeGroup) {
  return { kind: 'merge-group', action: 'again', repository, pull, headSha, baseSha, baseBranch } as const;
}

/** A run of this pull request ended: the merge queue may wait for just that. `what`: which run. */
export function wakeGroup(draft: Draft, repository: RepositoryRef, what: string): void {
  const group = draft.snapshot.ours.pull?.mergeGroup ?? null;
  if (group?.state === 'pending') {
    const key = `merge-group/${repository.repositoryId}/${group.headSha}/${what}`;
    intend(draft, { do: 'emit', key, event: groupEvent(repository, group) });
  }
}

import type { RepositoryRef } from '../domain/event.ts';
import type { ReasonCode } from '../domain/reason.ts';
import type { GitHubFacts, OurFacts, PullFacts } from '../domain/snapshot.ts';
import type { Draft } from './draft.ts';

/** Everything about one pull request that a rule may look at, and the decision in the making. */
export interface PullCase {
  readonly draft: Draft;
  readonly now: number;
  readonly repository: RepositoryRef;
  readonly ours: OurFacts;
  readonly github: GitHubFacts;
  readonly pull: PullFacts;
}

/** The case of a pull request, or why there is none. */
export function openCase(
  draft: Draft,
  repository: RepositoryRef,
): { readonly ok: true; readonly it: PullCase } | { readonly ok: false; readonly reason: ReasonCode } {
  const { snapshot } = draft;
  const { ours, github } = snapshot;
  if (ours.installation.state === 'deleted') {
    return { ok: false, reason: 'installation-gone' };
  }
  if (github === null && ours.installation.state === 'suspended') {
    // GitHub tells us nothing while it is.
    return { ok: false, reason: 'installation-suspended' };
  }
  if (github === null || github.pull === undefined) {
    return { ok: false, reason: 'no-pull-request' };
  }
  return { ok: true, it: { draft, now: snapshot.now, repository, ours, github, pull: github.pull } };
}

/** Why nothing may be started now, whoever asks: suspended, paused, archived. Null: nothing stands in the way. */
export function pausedBecause({ ours, github }: PullCase, what: 'plan' | 'apply'): ReasonCode | null {
  if (ours.installation.state === 'suspended') {
    return 'installation-suspended';
  }
  if (ours.installation.paused) {
    return 'installation-paused';
  }
  if (ours.repositoryPaused) {
    return 'repository-paused';
  }
  if (github.repository.archived) {
    return 'repository-archived';
  }
  return what === 'apply' && ours.appliesPaused === true ? 'applies-paused' : null;
}

/** Is the head in another repository? Compared by id; a fork that was deleted is still a fork. */
export function isFork({ pull, github }: PullCase): boolean {
  return pull.headRepositoryId !== github.repository.repositoryId;
}

/** With this label a pull request is left alone until somebody asks. */
export const SKIP_LABEL = 'plumbline:skip';

/** Is it left alone? */
export function isSkipped({ pull }: Pick<PullCase, 'pull'>): boolean {
  return pull.labels.includes(SKIP_LABEL);
}

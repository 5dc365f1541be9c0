import type { EffectOutcome } from './effect-outcome.ts';
import type { Publication } from './publication.ts';
import { publishChecks } from './publish-checks.ts';
import { publishComment } from './publish-comment.ts';
import { publishLabels } from './publish-labels.ts';
import { showPull } from './shown-pull.ts';
import type { WorkerDeps } from './worker-deps.ts';

/**
 * Bring comment, checks and labels up to date with our rows as they are now, whatever they were when this was asked
 * for. A publication for an older head only settles that head's checks.
 */
export async function publishPull(deps: WorkerDeps, publication: Publication): Promise<EffectOutcome> {
  const shown = await showPull(deps, publication.repositoryId, publication.pull);
  if (shown === null) {
    return { ok: false, dead: 'the pull request is not ours any more' };
  }
  if (shown.rows.pull.head_sha === publication.headSha) {
    const commented = await publishComment(deps, publication, shown);
    if (!commented.ok) {
      return commented;
    }
    await publishLabels(deps, publication, shown);
  }
  return publishChecks(deps, publication, shown);
}

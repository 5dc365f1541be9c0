import { requirementRefusals } from './apply-requirements.ts';
import { askAgainIfPassing } from './ask-later.ts';
import { intend, note } from './draft.ts';
import { gateRefusals } from './gates.ts';
import { layersOf } from './layers.ts';
import { heldBy } from './locks.ts';
import { publishChange } from './plan.ts';
import { isFork, type PullCase, pausedBecause } from './pull-case.ts';
import { resultOf } from './valid-plans.ts';
import type { Work } from './work.ts';

/**
 * Merge when everything is applied and `automerge` is on. "No changes" satisfies it under the same requirements and gates
 * as an apply. The merge carries the SHA and uses no bypass: GitHub has the last word. Returns whether a merge was asked for.
 */
export function automerge(it: PullCase, work: Work, by: { readonly login: string }): boolean {
  const { draft, pull, ours, github } = it;
  const { automerge: rules } = work.config;
  const { all } = layersOf(it, work);
  if (!rules.enabled || pull.state !== 'open' || all.length === 0 || isFork(it) || work.modules === 'unknown') {
    return false;
  }
  if (all.some(({ standing }) => standing.state !== 'done') || pausedBecause(it, 'apply') !== null) {
    return false;
  }
  const applied = ours.locks.some((claim) => claim.pull === pull.number && claim.appliedAt !== null);
  const anyApplied = applied || ours.results.some((result) => result.state === 'applied');
  if (rules.requireExplicitApply && !anyApplied) {
    note(draft, 'automerge', 'ignore', 'nothing-to-apply', 'require_explicit_apply is set.');
    return false;
  }
  const untouched = all.filter(({ part }) =>
    ours.results.some((one) => one.dir === part.dir && one.workspace === part.workspace && one.state === 'no-changes'),
  );
  const asker = { pull: pull.number, baseRef: pull.baseRef };
  const missing = untouched.flatMap(({ part }) => {
    const planId = resultOf(it, part)?.planId;
    const plan = ours.plans.find(({ id }) => id === planId) ?? null;
    return [
      ...requirementRefusals(it, work, part, plan),
      ...gateRefusals(it, part, plan),
      ...(heldBy(ours, part, asker) === null ? [] : [{ reason: 'locked-by-pull' } as const]),
    ];
  });
  if (missing.length > 0) {
    for (const { reason } of missing) {
      note(draft, 'automerge', 'refuse', reason);
    }
    askAgainIfPassing(
      it,
      missing.map(({ reason }) => reason),
    );
    return false;
  }
  if (github.rules?.known === true && github.rules.value.mergeQueue) {
    note(draft, 'automerge', 'ignore', 'merge-queue-merges');
    return false;
  }
  // First what is true now: a rule of the branch may wait for our own check.
  publishChange(it, work, []);
  intend(
    draft,
    {
      do: 'merge',
      pull: pull.number,
      headSha: pull.headSha,
      method: rules.mergeStrategy,
      title: rules.retainPrTitle ? `${pull.title} (#${pull.number})` : null,
      deleteBranch: rules.deleteBranch ? pull.headRef : null,
    },
    { do: 'audit', action: 'automerge', actor: by.login, detail: { pull: pull.number, headSha: pull.headSha } },
  );
  note(draft, 'automerge', 'pass', 'automerge-started');
  return true;
}

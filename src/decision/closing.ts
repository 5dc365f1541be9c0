import type { Decision } from '../domain/decision.ts';
import { compareDirspaces, type Dirspace, dirspaceKey, dirspaceName } from '../domain/dirspace.ts';
import type { Actor } from '../domain/event.ts';
import { isActive } from '../domain/run.ts';
import { autoapply } from './apply.ts';
import { finish, intend, note } from './draft.ts';
import { layersOf } from './layers.ts';
import { claimOf, locksOnMerge } from './locks.ts';
import { plannedBase } from './module-knowledge.ts';
import { publish, publishChange } from './plan.ts';
import type { PullCase } from './pull-case.ts';
import { refusalBody } from './refusal.ts';
import { replan, staleNow } from './replan.ts';
import { endRun } from './start-runs.ts';
import { wakeLine } from './waiting-line.ts';
import { type Part, type Work, workOf } from './work.ts';

/** The pull request was closed or merged: what it held is released as far as nothing of it is left to apply. */
export function decideClosed(it: PullCase, actor: Actor): Decision {
  const { ours, pull } = it;
  for (const run of ours.runs) {
    // A plan of the merge itself goes on, however often the closing is told.
    const isOfMerge = pull.state === 'merged' && run.baseSha === plannedBase(pull);
    if (run.kind === 'plan' && isActive(run.state) && !isOfMerge) {
      endRun(it, run, 'superseded', 'run-superseded');
    }
  }
  return pull.state === 'merged' ? decideMerged(it, actor) : decideUnmerged(it);
}

function decideUnmerged(it: PullCase): Decision {
  const { draft, ours, pull } = it;
  erase(it, 'pull-closed-unmerged', () => true);
  const kept = ours.locks.filter((claim) => claim.pull === pull.number && claim.appliedAt !== null);
  const given = ours.locks.filter((claim) => claim.pull === pull.number && claim.appliedAt === null);
  if (kept.length === 0) {
    intend(draft, { do: 'release-locks', pull: pull.number, dirspaces: 'all' });
    wakeLine(it, 'all');
    publish(it);
    return finish(draft, 'pull-closed-unmerged');
  }
  if (given.length > 0) {
    intend(draft, { do: 'release-locks', pull: pull.number, dirspaces: given.map(plain) });
    wakeLine(it, given);
  }
  const reason = 'lock-kept-after-close';
  const body = refusalBody('close', [{ reason, about: kept.map(plain), next: 'plumbline unlock' }]);
  note(draft, 'locks', 'note', reason, kept.map(dirspaceName).join(', '));
  intend(draft, { do: 'reply', pull: pull.number, key: `${reason}/${pull.number}/${pull.headSha}`, body });
  publish(it);
  return finish(draft, reason);
}

/** Merged: everything applied releases everything; what is left keeps its locks until it is applied (`lock_policy`). */
function decideMerged(it: PullCase, actor: Actor): Decision {
  const { draft, pull } = it;
  const result = workOf(it.github, pull, it.ours);
  if (!result.ok) {
    // What it touched cannot be told from the configuration any more; what it planned can.
    const left = it.ours.results.filter((one) => one.state !== 'applied' && one.state !== 'no-changes');
    if (left.length === 0) {
      return releaseAll(it, null);
    }
    claimByMerge(it, left);
    publishChange(it, null, result.notices);
    return finish(draft, 'pull-merged');
  }
  return settleMerged(it, result.work, actor);
}

/** After the merge, and after each later apply: release when nothing is left, else keep and perhaps apply by itself. */
export function settleMerged(it: PullCase, work: Work, actor: Pick<Actor, 'id' | 'login'>): Decision {
  const { draft, ours, pull } = it;
  const { all } = layersOf(it, work);
  const left = all.filter(({ part, standing }) => standing.state !== 'done' && !wasGivenUp(it, part));
  if (left.length === 0) {
    return releaseAll(it, work);
  }
  const keep = new Set(left.map(({ part }) => dirspaceKey(part)));
  erase(it, 'pull-merged', (plan) => !keep.has(dirspaceKey(plan)));
  const locking = all.map(({ part }) => part).filter(locksOnMerge);
  const wanted = new Set(locking.map(dirspaceKey));
  const given = ours.locks.filter((one) => one.pull === pull.number && !wanted.has(dirspaceKey(one)));
  if (given.length > 0) {
    intend(draft, { do: 'release-locks', pull: pull.number, dirspaces: given.map(plain) });
    wakeLine(it, given);
  }
  if (locking.some((part) => left.some((one) => one.part === part))) {
    claimByMerge(it, locking);
  }
  const stale = staleNow(it, work);
  if (stale.length > 0) {
    // What the merge made of it is not what was planned.
    replan(it, work, stale, 'plan-stale-base');
  } else {
    publishChange(it, work, []);
    autoapply(it, work, actor);
  }
  return finish(draft, 'pull-merged');
}

function releaseAll(it: PullCase, work: Work | null): Decision {
  const { draft, pull } = it;
  erase(it, 'pull-merged', () => true);
  intend(draft, { do: 'release-locks', pull: pull.number, dirspaces: 'all' });
  wakeLine(it, 'all');
  if (work === null) {
    publish(it);
  } else {
    publishChange(it, work, []);
  }
  return finish(draft, 'pull-merged');
}

/**
 * Claims by the merge; when something was applied there before, its time is kept. Somebody who unlocked after the merge
 * took them away for good: a later look at the same merge must not bring them back.
 */
function claimByMerge(it: PullCase, dirspaces: readonly Dirspace[]): void {
  const { ours, pull, now } = it;
  const mergedAt = pull.mergedAt ?? now;
  if ((ours.pull?.unlockedAt ?? 0) >= mergedAt) {
    return;
  }
  const byTime = new Map<number | null, Dirspace[]>();
  for (const dirspace of [...dirspaces].sort(compareDirspaces)) {
    const appliedAt = claimOf(ours.locks, dirspace, pull.number)?.appliedAt ?? null;
    byTime.set(appliedAt, [...(byTime.get(appliedAt) ?? []), plain(dirspace)]);
  }
  for (const [appliedAt, some] of byTime) {
    const { number, baseRef } = pull;
    intend(it.draft, { do: 'claim-locks', pull: number, dirspaces: some, baseRef, mergedAt, appliedAt });
  }
}

/** Did somebody unlock it after the merge? Then it keeps nothing else locked. */
function wasGivenUp({ ours, pull, now }: PullCase, part: Part): boolean {
  const unlocked = (ours.pull?.unlockedAt ?? 0) >= (pull.mergedAt ?? now);
  return unlocked && locksOnMerge(part) && claimOf(ours.locks, part, pull.number) === null;
}

function erase(it: PullCase, reason: 'pull-merged' | 'pull-closed-unmerged', which: (plan: Dirspace) => boolean): void {
  const used = new Set(
    it.ours.runs
      .filter((run) => run.kind === 'apply' && isActive(run.state))
      .flatMap((run) => run.targets.map((one) => one.planId)),
  );
  const plans = it.ours.plans.filter((plan) => plan.state !== 'erased' && !used.has(plan.id) && which(plan));
  if (plans.length > 0) {
    intend(it.draft, { do: 'erase-plans', plans: plans.map((plan) => plan.id), reason });
  }
}

function plain({ dir, workspace }: Dirspace): Dirspace {
  return { dir, workspace };
}

import { isConfigPath } from '../config/config-paths.ts';
import { MINUTE } from '../domain/instant.ts';
import type { MergeGroup } from '../domain/merge-group.ts';
import type { ReasonCode } from '../domain/reason.ts';
import { branchesMatch } from './branches.ts';
import { layersOf, type Placed } from './layers.ts';
import { runsThatLook } from './looking-run.ts';
import { startPlans } from './plan.ts';
import { isPlannedAfterMerge } from './planned-later.ts';
import type { PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';
import { isStale, mayReplan, replan, requester } from './replan.ts';
import { type Work, workOf } from './work.ts';

/** What may come late is waited for so long after we heard of the group; then the answer is no. */
const PATIENCE_MS = 2 * MINUTE;
/** GitHub makes a new group when the one before it fails. It gets this time, so that nobody falls for another's fault. */
const REGROUP_MS = MINUTE;

/** What the merge queue is told. `waits`: for plans that are being made, or for what somebody else has yet to say. */
export type GroupVerdict =
  | { readonly state: 'passed'; readonly dirspaces: number; readonly applied: boolean }
  | { readonly state: 'pending'; readonly waits: 'plans' | 'others' }
  | {
      readonly state: 'failed';
      readonly conclusion: 'failure' | 'action_required';
      readonly refusals: readonly Refusal[];
    };

/** The pull request as if the group's base were its base; what the group would make of it is its merge. */
export function inGroup(it: PullCase, { baseSha }: Pick<MergeGroup, 'baseSha'>): PullCase {
  return { ...it, pull: { ...it.pull, baseSha, mergeTreeSha: it.github.treeOf ?? null } };
}

/**
 * Is this pull request planned for what the merge queue would make of it? The same rules as on the pull request, on the group's
 * base; what is stale there is planned there. Null: Plumbline does not work for these branches.
 */
export function judgeGroup(it: PullCase, group: MergeGroup): GroupVerdict | null {
  if ((it.github.treeOf ?? null) === null) {
    return it.now - group.since < PATIENCE_MS ? OTHERS : refused('merge-group-base-unknown');
  }
  const grouped = inGroup(it, group);
  const result = workOf(grouped.github, grouped.pull, grouped.ours);
  if (!result.ok) {
    return failed(
      result.notices.map((notice) => ({
        reason: notice.kind === 'reason' ? notice.reason : ('config-broken' as const),
        ...(notice.kind === 'reason' && notice.text !== '' ? { detail: notice.text } : {}),
      })),
    );
  }
  const { work } = result;
  const branches = { base: it.pull.baseRef, head: it.pull.headRef, defaultBranch: it.github.repository.defaultBranch };
  if (!work.config.enabled || !branchesMatch(work.config, branches)) {
    return null;
  }
  if (changesConfig(it, group)) {
    return refused('merge-group-config');
  }
  const own = judgeOwn(grouped, work);
  return own.state === 'passed' ? (judgeBefore(it, group) ?? own) : own;
}

/** Does something before it in the queue change the configuration? Then nobody can tell yet what there is to plan. */
function changesConfig(it: PullCase, group: MergeGroup): boolean {
  if (group.baseSha === it.pull.baseSha) {
    return false;
  }
  const moved = it.github.baseFilesSince?.[it.pull.baseSha];
  return (
    moved?.known !== true ||
    moved.value.some(({ path, previousPath = path }) => isConfigPath(path) || isConfigPath(previousPath))
  );
}

function judgeOwn(grouped: PullCase, work: Work): GroupVerdict {
  const { all, working } = layersOf(grouped, work);
  const stale = all.filter(isStale);
  const looks = runsThatLook(grouped).length > 0;
  const others = all.filter((one) => !isGood(one) && !isStale(one) && !isPlannedAfterMerge(work, one.part, working));
  const bad = others.filter(({ standing }) => standing.state === 'invalid');
  if (work.modules === 'unknown' && !looks) {
    return refused('modules-unknown', 'plumbline plan');
  }
  if (bad.length > 0) {
    return failed(bad.flatMap(refusalOf));
  }
  if (stale.length > 0 || (work.modules === 'moved' && !looks)) {
    return planStale(grouped, work, stale, working[0]?.part.layer ?? 0);
  }
  if (looks || others.length > 0) {
    return PLANS;
  }
  return { state: 'passed', dirspaces: all.length, applied: all.every(({ standing }) => standing.state === 'done') };
}

/** Plan on the group's base what is stale there, if it may be planned without anybody asking. */
function planStale(grouped: PullCase, work: Work, stale: readonly Placed[], layer: number): GroupVerdict {
  const canPlan = stale.every(({ part }) => part.autoplan && part.layer <= layer);
  if (!canPlan || !mayReplan(grouped, work)) {
    return stale.length === 0 ? refused('modules-unknown', 'plumbline plan') : failed(stale.flatMap(refusalOf));
  }
  if (stale.length === 0) {
    startPlans(grouped, work, [], { by: requester(grouped), at: grouped.now, flags: [] });
    return PLANS;
  }
  const done = replan(grouped, work, stale, 'plan-stale-base');
  return typeof done === 'object' ? refused(done.refused) : PLANS;
}

function isGood({ standing }: Placed): boolean {
  return standing.state === 'done' || standing.state === 'valid';
}

function refusalOf({ part, standing }: Placed): readonly Refusal[] {
  return standing.state === 'invalid' ? [{ reason: standing.reason, about: [part], next: 'plumbline plan' }] : [];
}

/** A group stands on the branch or on the group before it, and is worth no more than that one. Null: nothing against it. */
function judgeBefore(it: PullCase, group: MergeGroup): GroupVerdict | null {
  if (group.baseSha === it.pull.baseSha) {
    return null;
  }
  const before = (it.ours.mergeGroups ?? []).find(({ headSha }) => headSha === group.baseSha);
  const age = it.now - group.since;
  if (before === undefined) {
    return age < PATIENCE_MS ? OTHERS : refused('merge-group-base-unknown');
  }
  if (before.state === 'failed') {
    return age < REGROUP_MS ? OTHERS : failed([{ reason: 'merge-group-behind', detail: `#${before.pull}.` }]);
  }
  return before.state === 'passed' ? null : OTHERS;
}

const OTHERS = { state: 'pending', waits: 'others' } as const;
const PLANS = { state: 'pending', waits: 'plans' } as const;

function refused(reason: ReasonCode, next?: string): GroupVerdict {
  return failed([{ reason, ...(next === undefined ? {} : { next }) }]);
}

function failed(refusals: readonly Refusal[]): GroupVerdict {
  const conclusion = refusals.some(({ reason }) => FAILURES.has(reason)) ? 'failure' : 'action_required';
  return { state: 'failed', conclusion, refusals };
}

const FAILURES: ReadonlySet<ReasonCode> = new Set(['plan-failed', 'config-broken', 'change-broken']);

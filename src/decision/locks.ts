import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { LockClaim } from '../domain/run.ts';
import type { OurFacts } from '../domain/snapshot.ts';
import type { Part } from './work.ts';

/** A claim that holds: something was applied under it, or the pull request was merged with it. Others only wait in line. */
export function isHolding(claim: LockClaim): boolean {
  return claim.mergedAt !== null || claim.appliedAt !== null;
}

/** Who asks for a lock. */
export interface LockAsker {
  readonly pull: number;
  readonly baseRef: string;
}

/** One pull request's hold on a dirspace, ranked. */
export interface Holder {
  readonly pull: number;
  readonly baseRef: string;
  readonly mergedAt: number | null;
  readonly appliedAt: number | null;
}

/**
 * The pull requests that hold something, the first rank first: by merge time, then by the first apply. The rank belongs to
 * the pull request and not to the dirspace: ranks that differed per dirspace could make two of them wait for one another.
 */
export function rankedHolders(locks: readonly LockClaim[]): readonly Holder[] {
  const holders = new Map<number, Holder>();
  for (const claim of locks.filter(isHolding)) {
    const before = holders.get(claim.pull);
    holders.set(claim.pull, {
      pull: claim.pull,
      baseRef: claim.baseRef,
      mergedAt: earliest(before?.mergedAt ?? null, claim.mergedAt),
      appliedAt: earliest(before?.appliedAt ?? null, claim.appliedAt),
    });
  }
  return [...holders.values()].sort(
    (a, b) => nullsLast(a.mergedAt, b.mergedAt) || nullsLast(a.appliedAt, b.appliedAt) || a.pull - b.pull,
  );
}

/**
 * Who keeps this pull request from applying there? A pull request that holds anything holds every dirspace that it still
 * touches: those it claimed, and those its newest results are about. The first rank may go on; null: that is the asker, or
 * nobody. With `lock_branch_target: dest_branch` only holders for the same base branch count.
 */
export function heldBy(
  ours: Pick<OurFacts, 'locks' | 'others' | 'openPulls' | 'busy'>,
  part: Part,
  asker: LockAsker,
): Holder | null {
  const ranked = rankedHolders(ours.locks);
  for (const holder of ranked) {
    if (holder.pull === asker.pull) {
      return null;
    }
    const conflicts = part.lockBranchTarget === 'all' || holder.baseRef === asker.baseRef;
    if (conflicts && holdsThere(ours, part, holder)) {
      return holder;
    }
  }
  return null;
}

function holdsThere(
  ours: Pick<OurFacts, 'locks' | 'others' | 'openPulls' | 'busy'>,
  part: Part,
  holder: Holder,
): boolean {
  const key = dirspaceKey(part);
  if (ours.locks.some((claim) => claim.pull === holder.pull && isHolding(claim) && dirspaceKey(claim) === key)) {
    return true;
  }
  const open = ours.openPulls.find((pull) => pull.number === holder.pull);
  // Between a push and its plans the runs tell what the new commit touches.
  const planning = (ours.busy ?? []).some((run) => run.pull === holder.pull && dirspaceKey(run) === key);
  const touching = ours.others.some(
    (result) => result.pull === holder.pull && result.headSha === open?.headSha && dirspaceKey(result) === key,
  );
  return locksOnApply(part) && open !== undefined && (planning || touching);
}

/** Dirspaces on which nobody else has a claim, not even a place in line: what the commit can assert whatever the ranks are. */
export function unclaimedByOthers(
  locks: readonly LockClaim[],
  parts: readonly Dirspace[],
  pull: number,
): readonly Dirspace[] {
  const claimed = new Set(locks.filter((claim) => claim.pull !== pull).map(dirspaceKey));
  return parts.filter((part) => !claimed.has(dirspaceKey(part))).map(({ dir, workspace }) => ({ dir, workspace }));
}

/** Does applying there before the merge take a lock? */
export function locksOnApply({ lockPolicy }: Pick<Part, 'lockPolicy'>): boolean {
  return lockPolicy === 'strict' || lockPolicy === 'apply';
}

/** Does merging with something unapplied take a lock? */
export function locksOnMerge({ lockPolicy }: Pick<Part, 'lockPolicy'>): boolean {
  return lockPolicy === 'strict' || lockPolicy === 'merge';
}

/** This pull request's claim there, holding or waiting. */
export function claimOf(locks: readonly LockClaim[], dirspace: Dirspace, pull: number): LockClaim | null {
  const key = dirspaceKey(dirspace);
  return locks.find((claim) => claim.pull === pull && dirspaceKey(claim) === key) ?? null;
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function nullsLast(a: number | null, b: number | null): number {
  return a === b ? 0 : a === null ? 1 : b === null ? -1 : a - b;
}

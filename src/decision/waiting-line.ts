import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { LockClaim } from '../domain/run.ts';
import { intend } from './draft.ts';
import { isHolding } from './locks.ts';
import type { PullCase } from './pull-case.ts';
import type { Part } from './work.ts';

/** Pull requests that wait for a dirspace, in the order in which they came. */
export function lineFor({ ours }: Pick<PullCase, 'ours'>, dirspace: Dirspace): readonly number[] {
  return lineOn(ours.locks, dirspaceKey(dirspace));
}

function lineOn(locks: readonly LockClaim[], key: string): readonly number[] {
  return locks
    .filter((claim) => !isHolding(claim) && dirspaceKey(claim) === key)
    .sort((a, b) => a.claimedAt - b.claimedAt || a.pull - b.pull)
    .map((claim) => claim.pull);
}

/** The place in the line, from 1; somebody who does not stand in it yet would come last. */
export function placeInLine(it: PullCase, dirspace: Dirspace): number {
  const line = lineFor(it, dirspace);
  const at = line.indexOf(it.pull.number);
  return at < 0 ? line.length + 1 : at + 1;
}

/** Stand in line for these dirspaces, behind those who are there. Somebody who holds or waits already keeps what he has. */
export function joinLine(it: PullCase, parts: readonly Part[]): void {
  const have = new Set(it.ours.locks.filter((claim) => claim.pull === it.pull.number).map(dirspaceKey));
  const dirspaces = parts
    .filter((part) => !have.has(dirspaceKey(part)))
    .map(({ dir, workspace }) => ({ dir, workspace }));
  if (dirspaces.length > 0) {
    const { number: pull, baseRef } = it.pull;
    intend(it.draft, { do: 'claim-locks', pull, dirspaces, baseRef, mergedAt: null, appliedAt: null });
  }
}

/** A pull request whose base was changed claims for the branch that it goes into now; who waited for the other one may go on. */
export function followBase(it: PullCase): void {
  const { draft, ours, pull } = it;
  const elsewhere = ours.locks.filter((claim) => claim.pull === pull.number && claim.baseRef !== pull.baseRef);
  for (const { dir, workspace, mergedAt, appliedAt } of elsewhere) {
    const claimed = { pull: pull.number, dirspaces: [{ dir, workspace }], baseRef: pull.baseRef, mergedAt, appliedAt };
    intend(draft, { do: 'claim-locks', ...claimed });
  }
  if (elsewhere.some(isHolding)) {
    wakeLine(it, elsewhere);
  }
}

/** This pull request's places in line. */
export function waitingFor({ ours, pull }: Pick<PullCase, 'ours' | 'pull'>): readonly Dirspace[] {
  return ours.locks.filter((claim) => claim.pull === pull.number && !isHolding(claim));
}

/** Who gives something up; the pull request by its number is enough. */
export interface WokenBy extends Pick<PullCase, 'draft' | 'now' | 'repository' | 'ours'> {
  readonly pull: { readonly number: number };
}

/**
 * Tell who waits that something became free: the first in each line for what this pull request held or touched. It decides
 * for itself: it is planned again and mentioned, or gives its turn to the next. Whoever comes meanwhile is not kept out.
 */
export function wakeLine(it: WokenBy, freed: readonly Dirspace[] | 'all'): void {
  const { ours, pull } = it;
  const mine = [...ours.locks, ...ours.others].filter((one) => one.pull === pull.number);
  wakeFirst(it, [...(freed === 'all' ? [] : freed), ...mine, ...ours.results]);
}

/** Tell the first in each line for exactly these dirspaces. */
export function wakeFirst(it: WokenBy, freed: readonly Dirspace[]): void {
  const { ours, pull, now, draft, repository } = it;
  const keys = new Set(freed.map(dirspaceKey));
  const others = ours.locks.filter((claim) => claim.pull !== pull.number);
  const firsts = [...keys].flatMap((key) => {
    const [first] = lineOn(others, key);
    return first === undefined ? [] : [first];
  });
  for (const waiter of [...new Set(firsts)].sort((a, b) => a - b)) {
    intend(draft, {
      do: 'emit',
      key: `lock-freed/${repository.repositoryId}/${pull.number}/${waiter}/${now}`,
      event: { kind: 'reconsider', repository, pull: waiter, because: 'lock-freed' },
    });
  }
}

import { sql } from 'kysely';
import type { Dirspace } from '../domain/dirspace.ts';
import type { Instant } from '../domain/instant.ts';
import type { LockClaim } from '../domain/run.ts';
import type { Db, Tx } from './database.ts';
import { instantOrNull, now } from './values.ts';

/** Every claim in the repository, the best rank of a dirspace first: merged before applied, each by its time. */
export async function readLocks(db: Db | Tx, repositoryId: number): Promise<readonly LockClaim[]> {
  const rows = await db
    .selectFrom('lock_claim')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .orderBy('dir')
    .orderBy('workspace')
    .orderBy('merged_at', (order) => order.asc().nullsLast())
    .orderBy('applied_at', (order) => order.asc().nullsLast())
    .orderBy('claimed_at')
    .orderBy('pull')
    .execute();
  return rows.map((row) => ({
    dir: row.dir,
    workspace: row.workspace,
    pull: row.pull,
    baseRef: row.base_ref,
    mergedAt: row.merged_at,
    appliedAt: row.applied_at,
    claimedAt: row.claimed_at,
  }));
}

/** Who holds the dirspace: the pull request of the first rank. `baseRef`: only claims of that branch count. */
export async function holderOf(
  db: Db | Tx,
  repositoryId: number,
  dirspace: Dirspace,
  baseRef?: string,
): Promise<number | undefined> {
  const claims = await readLocks(db, repositoryId);
  return claims.find(
    (claim) =>
      claim.dir === dirspace.dir &&
      claim.workspace === dirspace.workspace &&
      (baseRef === undefined || claim.baseRef === baseRef),
  )?.pull;
}

export interface NewClaims {
  readonly repositoryId: number;
  readonly pull: number;
  readonly dirspaces: readonly Dirspace[];
  readonly baseRef: string;
  readonly mergedAt: Instant | null;
  readonly appliedAt: Instant | null;
}

/** Claim the dirspaces, or better a claim that is there: the times that it has stay. The first apply is noted on the pull request. */
export async function claimLocks(tx: Tx, claims: NewClaims): Promise<void> {
  for (const { dir, workspace } of claims.dirspaces) {
    await tx
      .insertInto('lock_claim')
      .values({
        repository_id: claims.repositoryId,
        dir,
        workspace,
        pull: claims.pull,
        base_ref: claims.baseRef,
        merged_at: instantOrNull(claims.mergedAt),
        applied_at: instantOrNull(claims.appliedAt),
        claimed_at: now(),
      })
      .onConflict((conflict) =>
        conflict.columns(['repository_id', 'dir', 'workspace', 'pull']).doUpdateSet({
          base_ref: claims.baseRef,
          merged_at: sql`coalesce(lock_claim.merged_at, excluded.merged_at)`,
          applied_at: sql`coalesce(lock_claim.applied_at, excluded.applied_at)`,
        }),
      )
      .execute();
  }
  if (claims.appliedAt !== null) {
    await tx
      .updateTable('pull_request')
      .set({ first_applied_at: instantOrNull(claims.appliedAt) })
      .where('repository_id', '=', claims.repositoryId)
      .where('number', '=', claims.pull)
      .where('first_applied_at', 'is', null)
      .execute();
  }
}

export interface ClaimsToRelease {
  readonly repositoryId: number;
  readonly pull: number;
  readonly dirspaces: readonly Dirspace[] | 'all';
  readonly byPerson?: boolean;
}

/** Give up the pull request's claims, those named or all of them. Giving up all, or by a person's word, is noted on the pull request. */
export async function releaseLocks(
  tx: Tx,
  { repositoryId, pull, dirspaces, byPerson = dirspaces === 'all' }: ClaimsToRelease,
): Promise<void> {
  const mine = tx.deleteFrom('lock_claim').where('repository_id', '=', repositoryId).where('pull', '=', pull);
  if (byPerson) {
    await tx
      .updateTable('pull_request')
      .set({ unlocked_at: now() })
      .where('repository_id', '=', repositoryId)
      .where('number', '=', pull)
      .execute();
  }
  if (dirspaces === 'all') {
    await mine.execute();
    return;
  }
  for (const { dir, workspace } of dirspaces) {
    await mine.where('dir', '=', dir).where('workspace', '=', workspace).execute();
  }
}

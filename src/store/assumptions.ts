import { sql } from 'kysely';
import type { Assumption } from '../domain/decision.ts';
import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { Tx } from './database.ts';

export interface AssumptionPlace {
  readonly installationId: number;
  readonly repositoryId: number | null;
}

/**
 * Look at what a decision assumed, again and under locks. Returns the first assumption that no longer holds. Rows are
 * locked in one order for everybody: installation, (dirspaces, by the caller), runs, plans, each by its key.
 */
export async function firstBroken(
  tx: Tx,
  place: AssumptionPlace,
  assumptions: readonly Assumption[],
): Promise<Assumption | undefined> {
  const sorted = [...assumptions].sort((a, b) => ORDER[a.that] - ORDER[b.that]);
  for (const assumption of sorted) {
    if (!(await holds(tx, place, assumption))) {
      return assumption;
    }
  }
  return undefined;
}

/** The dirspaces that the assumptions are about, each once. */
export function assumedDirspaces(assumptions: readonly Assumption[]): readonly Dirspace[] {
  const all = assumptions.flatMap((assumption) => ('dirspaces' in assumption ? assumption.dirspaces : []));
  return [...new Map(all.map((dirspace) => [dirspaceKey(dirspace), dirspace])).values()];
}

const ORDER: Readonly<Record<Assumption['that'], number>> = {
  'installation-active': 0,
  'lock-free': 1,
  'no-active-run': 2,
  'run-state': 3,
  'plan-stored': 4,
};

async function holds(tx: Tx, place: AssumptionPlace, assumption: Assumption): Promise<boolean> {
  switch (assumption.that) {
    case 'installation-active': {
      const row = await tx
        .selectFrom('installation')
        .select(['state', 'paused'])
        .where('id', '=', place.installationId)
        .forShare()
        .executeTakeFirst();
      return row?.state === 'active';
    }
    case 'no-active-run': {
      for (const { dir, workspace } of assumption.dirspaces) {
        let active = tx
          .selectFrom('run_target')
          .select('run_id')
          .where('repository_id', '=', place.repositoryId ?? 0)
          .where('dir', '=', dir)
          .where('workspace', '=', workspace)
          .where('active', '=', sql.lit(true));
        if (assumption.kind === 'apply') {
          active = active.where('kind', '=', 'apply');
        }
        if ((await active.executeTakeFirst()) !== undefined) {
          return false;
        }
      }
      return true;
    }
    case 'run-state': {
      const row = await tx
        .selectFrom('run')
        .select('state')
        .where('id', '=', assumption.run)
        .forUpdate()
        .executeTakeFirst();
      return row !== undefined && assumption.states.includes(row.state);
    }
    case 'plan-stored': {
      const rows = await sql<{ id: string }>`
        select id from plan where id = any(${[...assumption.plans]}::text[]) and state = 'stored'
          and expires_at > clock_timestamp()
        order by id for update`.execute(tx);
      return rows.rows.length === new Set(assumption.plans).size;
    }
    case 'lock-free':
      return isLockFree(tx, place.repositoryId ?? 0, assumption.pull, assumption.dirspaces);
  }
}

/** Nobody of a better rank claims them. Where the dirspace's lock is per branch, claims of other branches do not count. */
async function isLockFree(
  tx: Tx,
  repositoryId: number,
  pull: number,
  dirspaces: readonly Dirspace[],
): Promise<boolean> {
  const own = await tx
    .selectFrom('pull_request')
    .select(['base_ref', 'change'])
    .where('repository_id', '=', repositoryId)
    .where('number', '=', pull)
    .executeTakeFirst();
  const perBranch = new Set(
    (own?.change?.dirspaces ?? [])
      .filter(({ lockBranchTarget }) => lockBranchTarget === 'dest_branch')
      .map((dirspace) => dirspaceKey(dirspace)),
  );
  for (const dirspace of dirspaces) {
    const claims = await tx
      .selectFrom('lock_claim')
      .select(['pull', 'base_ref'])
      .where('repository_id', '=', repositoryId)
      .where('dir', '=', dirspace.dir)
      .where('workspace', '=', dirspace.workspace)
      .orderBy('merged_at', (order) => order.asc().nullsLast())
      .orderBy('applied_at', (order) => order.asc().nullsLast())
      .orderBy('claimed_at')
      .orderBy('pull')
      .execute();
    const counting = perBranch.has(dirspaceKey(dirspace))
      ? claims.filter((claim) => claim.base_ref === own?.base_ref)
      : claims;
    const holder = counting[0];
    if (holder !== undefined && holder.pull !== pull) {
      return false;
    }
  }
  return true;
}

import { sql } from 'kysely';
import { type Event, pullSubject, type RepositoryRef } from '../domain/event.ts';
import { MINUTE } from '../domain/instant.ts';
import type { Db, Tx } from './database.ts';
import { refusedByUnique } from './database-error.ts';
import { enqueueEvent } from './inbox.ts';
import { erasePlans } from './plan-erasure.ts';
import { type RunRecord, readRun } from './runs.ts';
import { now, nowPlus } from './values.ts';

/** A claim whose answer was lost may be made again by the same Actions run within this time. */
const CLAIM_AGAIN_MS = 2 * MINUTE;

export interface Claim {
  readonly run: string;
  readonly repositoryId: number;
  readonly githubRunId: number;
  /** Hash of the token that the runner gets. */
  readonly tokenHash: string;
}

export type ClaimAnswer =
  | { readonly claim: 'bound'; readonly record: RunRecord }
  /** `taken`: another Actions run has it. `ended`: it is over. `unknown`: no such run in this repository. `refused`: the installation is not active, or it or the repository is paused. */
  | { readonly claim: 'taken' | 'ended' | 'unknown' | 'refused' };

/**
 * Bind a run to the Actions run that claims it: the first valid claim wins. A plan run without discovery has its manifest
 * at once; an apply run's claim becomes an event, and its manifest is withheld until that is decided.
 */
export async function bindClaim(db: Db, claim: Claim): Promise<ClaimAnswer> {
  try {
    return await db.transaction().execute((tx) => bind(tx, claim));
  } catch (error) {
    if (refusedByUnique(error) !== undefined) {
      return { claim: 'taken' };
    }
    throw error;
  }
}

async function bind(tx: Tx, claim: Claim): Promise<ClaimAnswer> {
  const before = await tx
    .selectFrom('run')
    .innerJoin('installation', 'installation.id', 'run.installation_id')
    .innerJoin('repository', 'repository.id', 'run.repository_id')
    .select(['run.state', 'run.kind', 'run.discovery_order', 'run.github_run_id', 'run.begun_at', 'run.reported_at'])
    .select([
      'installation.state as installation_state',
      'installation.paused',
      'repository.paused as repository_paused',
    ])
    .select(sql<boolean>`run.claimed_at > ${nowPlus(-CLAIM_AGAIN_MS)}`.as('claimed_lately'))
    .where('run.id', '=', claim.run)
    .where('run.repository_id', '=', claim.repositoryId)
    .forUpdate('run')
    .executeTakeFirst();
  if (before === undefined) {
    return { claim: 'unknown' };
  }
  if (before.installation_state !== 'active' || before.paused || before.repository_paused) {
    return { claim: 'refused' };
  }
  const waits = before.state === 'queued' || before.state === 'dispatched';
  const again = before.state === 'claimed' || before.state === 'running';
  if (!waits && !again) {
    return { claim: 'ended' };
  }
  const isSame = before.github_run_id === claim.githubRunId;
  if (before.github_run_id !== null && !isSame) {
    return { claim: 'taken' };
  }
  if (again && (!before.claimed_lately || before.begun_at !== null || before.reported_at !== null)) {
    return { claim: 'taken' };
  }
  const free = before.kind === 'plan' && before.discovery_order === null;
  await tx
    .updateTable('run')
    .set({
      token_hash: claim.tokenHash,
      github_run_id: claim.githubRunId,
      dispatched_at: sql`coalesce(dispatched_at, clock_timestamp())`,
      claimed_at: sql`coalesce(claimed_at, clock_timestamp())`,
      heartbeat_at: now(),
      ...(waits ? { state: free ? ('running' as const) : ('claimed' as const) } : {}),
      ...(waits && free ? { manifest: 'released' as const } : {}),
    })
    .where('id', '=', claim.run)
    .execute();
  if (waits && before.kind === 'apply') {
    await enqueueOfRun(tx, claim.run, 'apply-claimed');
  }
  const record = await readRun(tx, claim.run);
  return record === undefined ? { claim: 'unknown' } : { claim: 'bound', record };
}

/**
 * The apply begins to change things: from here on its plans are used up. Keys and bytes are destroyed before the runner hears our
 * yes. `begun`: now or before. `refused`: it may not, since it has ended, or never had its manifest.
 */
export async function markBegun(db: Db, runId: string): Promise<'begun' | 'refused'> {
  return db.transaction().execute(async (tx) => {
    const begun = await tx
      .updateTable('run')
      .set({ begun_at: sql`coalesce(begun_at, clock_timestamp())` })
      .where('id', '=', runId)
      .where('kind', '=', 'apply')
      .where('state', '=', 'running')
      .where('manifest', '=', 'released')
      .returning('id')
      .executeTakeFirst();
    if (begun === undefined) {
      return 'refused';
    }
    const targets = await tx.selectFrom('run_target').select('plan_id').where('run_id', '=', runId).execute();
    await erasePlans(
      tx,
      targets.map(({ plan_id }) => plan_id),
      'plan-used',
    );
    return 'begun';
  });
}

/** Put an event about a run in the line of its pull request, in the transaction of what it tells of. `again` tells several of a kind apart. */
export async function enqueueOfRun(
  tx: Tx,
  runId: string,
  kind: 'apply-claimed' | 'discovered' | 'run-reported' | 'run-silent',
  again = '',
): Promise<void> {
  const row = await tx
    .selectFrom('run')
    .innerJoin('repository', 'repository.id', 'run.repository_id')
    .select(['run.installation_id', 'run.repository_id', 'run.pull', 'repository.owner', 'repository.name'])
    .where('run.id', '=', runId)
    .executeTakeFirst();
  if (row === undefined) {
    return;
  }
  const repository: RepositoryRef = {
    installationId: row.installation_id,
    repositoryId: row.repository_id,
    owner: row.owner,
    name: row.name,
  };
  const event: Event = { kind, repository, pull: row.pull, run: runId };
  await enqueueEvent(tx, {
    key: `${kind} ${runId}${again}`,
    name: kind,
    installationId: row.installation_id,
    subject: pullSubject(row.repository_id, row.pull),
    event,
  });
}

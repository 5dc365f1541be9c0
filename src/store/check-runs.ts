import type { Selectable } from 'kysely';
import type { Db } from './database.ts';
import type { Schema } from './tables.ts';
import { now } from './values.ts';

export interface CheckRunPlace {
  readonly repositoryId: number;
  readonly sha: string;
  readonly name: string;
}

export type CheckRunState = Pick<Selectable<Schema['check_run']>, 'status' | 'conclusion' | 'digest'> & {
  readonly checkRunId: number;
};

/** The newest check of ours with this name on this commit. */
export async function readCheckRun(db: Db, place: CheckRunPlace): Promise<CheckRunState | undefined> {
  const row = await db
    .selectFrom('check_run')
    .select(['check_run_id', 'status', 'conclusion', 'digest'])
    .where('repository_id', '=', place.repositoryId)
    .where('sha', '=', place.sha)
    .where('name', '=', place.name)
    .executeTakeFirst();
  return row === undefined
    ? undefined
    : { checkRunId: row.check_run_id, status: row.status, conclusion: row.conclusion, digest: row.digest };
}

/** What GitHub has now. `digest`: of the content that was sent, so that the same is not sent twice. */
export async function saveCheckRun(db: Db, place: CheckRunPlace, state: CheckRunState): Promise<void> {
  const row = {
    check_run_id: state.checkRunId,
    status: state.status,
    conclusion: state.conclusion,
    digest: state.digest,
    updated_at: now(),
  };
  await db
    .insertInto('check_run')
    .values({ repository_id: place.repositoryId, sha: place.sha, name: place.name, ...row })
    .onConflict((conflict) => conflict.columns(['repository_id', 'sha', 'name']).doUpdateSet(row))
    .execute();
}

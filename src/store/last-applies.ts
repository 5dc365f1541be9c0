import { sql } from 'kysely';
import type { Dirspace } from '../domain/dirspace.ts';
import type { Instant } from '../domain/instant.ts';
import type { Db, Tx } from './database.ts';

/** When each dirspace of a repository was last applied or may have been; what was not attempted does not count. */
export async function readLastApplies(
  db: Db | Tx,
  repositoryId: number,
): Promise<readonly (Dirspace & { readonly at: Instant })[]> {
  return db
    .selectFrom('dirspace_result')
    .select(['dir', 'workspace', sql<Instant>`max(ended_at)`.as('at')])
    .where('repository_id', '=', repositoryId)
    .where('kind', '=', 'apply')
    .where('state', '<>', 'not-attempted')
    .groupBy(['dir', 'workspace'])
    .orderBy('dir')
    .orderBy('workspace')
    .execute();
}

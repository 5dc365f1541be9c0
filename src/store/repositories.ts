import type { Db, Tx } from './database.ts';

export interface RepositoryRow {
  readonly id: number;
  readonly installationId: number;
  readonly owner: string;
  readonly name: string;
  /** Null until GitHub was asked. */
  readonly ownerId: number | null;
  readonly defaultBranch: string;
}

/** The repository; undefined when it is not ours, or not any more. Its default branch is GitHub's usual one until it was read. */
export async function readRepository(db: Db | Tx, id: number): Promise<RepositoryRow | undefined> {
  const row = await db.selectFrom('repository').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined
    ? undefined
    : {
        id,
        installationId: row.installation_id,
        owner: row.owner,
        name: row.name,
        ownerId: row.owner_id,
        defaultBranch: row.default_branch ?? 'main',
      };
}

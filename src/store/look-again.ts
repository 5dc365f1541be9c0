import { sql } from 'kysely';
import type { Event } from '../domain/event.ts';
import { MINUTE } from '../domain/instant.ts';
import type { Tx } from './database.ts';
import { json, nowPlus } from './values.ts';

/** So many pull requests look again at once; the others follow, that many a minute. */
const AT_ONCE = 20;

/** Whose pull requests: those of an installation, of a repository, or with neither of the whole service. */
export interface Scope {
  readonly installationId: number | null;
  readonly repositoryId: number | null;
}

/**
 * Let pull requests look again at what was left undone while something was paused: those that are open, and those that are
 * merged and still hold something. Returns how many will.
 */
export async function lookAgainAfterPause(tx: Tx, { installationId, repositoryId }: Scope): Promise<number> {
  const rows = await sql<{
    repository_id: number;
    installation_id: number;
    owner: string;
    name: string;
    number: number;
  }>`
    select repository.id as repository_id, repository.installation_id, repository.owner, repository.name, pull.number
    from pull_request pull join repository on repository.id = pull.repository_id
    where (${installationId}::int8 is null or repository.installation_id = ${installationId})
      and (${repositoryId}::int8 is null or repository.id = ${repositoryId})
      and (pull.state = 'open' or (pull.state = 'merged' and exists (
        select from lock_claim claim where claim.repository_id = pull.repository_id and claim.pull = pull.number)))
    order by repository.id, pull.number`.execute(tx);
  for (const [at, row] of rows.rows.entries()) {
    const repository = {
      installationId: row.installation_id,
      repositoryId: row.repository_id,
      owner: row.owner,
      name: row.name,
    };
    const event: Event = { kind: 'reconsider', repository, pull: row.number, because: 'resumed' };
    const timer = { due_at: nowPlus(Math.floor(at / AT_ONCE) * MINUTE), event: json(event) };
    await tx
      .insertInto('timer')
      .values({ key: `resumed/${row.repository_id}/${row.number}`, installation_id: row.installation_id, ...timer })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(timer))
      .execute();
  }
  return rows.rows.length;
}

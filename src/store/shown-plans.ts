import { sql } from 'kysely';
import type { ShownPlan } from '../domain/run.ts';
import type { Db, Tx } from './database.ts';

/**
 * What the pull request showed as the plan of each dirspace, and from when on, oldest first; only where the commit
 * or the content changed. Erased plans leave their digest, so this reaches back to the first one. A plan that nobody was shown
 * is not there.
 */
export async function readShownPlans(
  db: Db | Tx,
  pull: { readonly repositoryId: number; readonly number: number },
): Promise<readonly ShownPlan[]> {
  const rows = await sql<ShownPlan>`
    select dir, workspace, digest, head_sha as "headSha", at from (
      select dir, workspace, digest, head_sha, at, id,
        row_number() over by_time as place,
        lag(digest) over by_time as before, lag(head_sha) over by_time as head_before
      from (
        select result.dir, result.workspace, result.head_sha, result.id,
          case when result.state = 'planned' then result.digest end as digest,
          coalesce(plan.published_at, result.ended_at) as at
        from dirspace_result result left join plan on plan.id = result.plan_id
        where result.repository_id = ${pull.repositoryId} and result.pull = ${pull.number} and result.kind = 'plan'
          and not result.superseded and (result.state <> 'planned' or plan.published_at is not null)
      ) shown
      window by_time as (partition by dir, workspace order by at, id)
    ) changes where place = 1 or digest is distinct from before or head_sha <> head_before order by at, id`.execute(db);
  return rows.rows;
}

import { sql } from 'kysely';
import type { PullFacts, RepositoryFacts } from '../domain/snapshot.ts';
import { storableText } from '../domain/storable-text.ts';
import type { Tx } from './database.ts';
import { instantOrNull, json, now } from './values.ts';

/** Remember what GitHub said of the repository. The row is written only when something is new: every commit of the repository passes here. */
export async function saveRepository(tx: Tx, facts: RepositoryFacts): Promise<void> {
  await sql`
    insert into repository (id, installation_id, owner, name, owner_id, default_branch, archived)
    values (${facts.repositoryId}, ${facts.installationId}, ${facts.owner}, ${facts.name}, ${facts.ownerId},
      ${storableText(facts.defaultBranch)}, ${facts.archived})
    on conflict (id) do update set
      installation_id = excluded.installation_id, owner = excluded.owner, name = excluded.name,
      owner_id = excluded.owner_id, default_branch = excluded.default_branch, archived = excluded.archived
    where (repository.installation_id, repository.owner, repository.name, repository.owner_id, repository.default_branch,
      repository.archived) is distinct from (excluded.installation_id, excluded.owner, excluded.name, excluded.owner_id,
      excluded.default_branch, excluded.archived)`.execute(tx);
}

/** Remember what GitHub said of the pull request. */
export async function savePull(tx: Tx, repositoryId: number, facts: PullFacts): Promise<void> {
  const seen = {
    state: facts.state,
    draft: facts.draft,
    title: storableText(facts.title),
    author_id: facts.author.id,
    author_login: facts.author.login,
    head_sha: facts.headSha,
    head_ref: storableText(facts.headRef),
    head_repository_id: facts.headRepositoryId,
    base_sha: facts.baseSha,
    base_ref: storableText(facts.baseRef),
    merged_at: instantOrNull(facts.mergedAt),
    merge_commit_sha: facts.mergeCommitSha,
    labels: json(facts.labels),
    observed_at: now(),
  };
  await tx
    .insertInto('pull_request')
    .values({ repository_id: repositoryId, number: facts.number, ...seen })
    .onConflict((conflict) => conflict.columns(['repository_id', 'number']).doUpdateSet(seen))
    .execute();
}

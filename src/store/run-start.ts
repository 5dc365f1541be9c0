import { sql } from 'kysely';
import { compareDirspaces, type Dirspace } from '../domain/dirspace.ts';
import { DAY } from '../domain/instant.ts';
import type { NewRun } from '../domain/snapshot.ts';
import { storableText } from '../domain/storable-text.ts';
import type { Tx } from './database.ts';
import { instant, json, nowPlus } from './values.ts';

/** No setting can make a plan live longer. */
const MAX_PLAN_LIFE_MS = 14 * DAY;

export interface RunPlace {
  readonly installationId: number;
  readonly repositoryId: number;
  readonly planLifeMs: number;
}

/**
 * A new run with its targets, and for a plan run the plans that it will make. Lock the dirspaces first. A unique index refuses a
 * second active apply of a dirspace, and a second active run of its kind for the pull request: the caller turns that into a conflict.
 */
export async function insertRun(tx: Tx, run: NewRun, place: RunPlace): Promise<void> {
  await tx
    .insertInto('run')
    .values({
      id: run.id,
      installation_id: place.installationId,
      repository_id: place.repositoryId,
      pull: run.pull,
      kind: run.kind,
      state: 'queued',
      head_sha: run.headSha,
      base_sha: run.baseSha,
      base_ref: storableText(run.baseRef),
      environment: run.environment,
      runs_on: run.runsOn,
      flags: json(run.flags),
      requested_by_id: run.requestedBy.id,
      requested_by_login: run.requestedBy.login,
      requested_at: instant(run.requestedAt),
      autoapprove: run.autoapprove,
      force: run.force,
      discovery_order: run.discovers === null ? null : json(run.discovers),
      parallel: run.parallel,
      config_digest: run.configDigest,
    })
    .execute();
  await insertTargets(tx, run, place);
}

/** Other targets for a run that has not got its manifest: what discovery showed, instead of what was guessed before it. */
export async function replaceTargets(tx: Tx, run: NewRun, place: RunPlace): Promise<void> {
  // Nobody was told of these plans yet: there is nothing to erase and nothing to remember.
  await tx.deleteFrom('plan').where('run_id', '=', run.id).where('state', '=', sql.lit('expected')).execute();
  await tx.deleteFrom('run_target').where('run_id', '=', run.id).execute();
  await tx
    .updateTable('run')
    .set({ parallel: run.parallel, config_digest: run.configDigest })
    .where('id', '=', run.id)
    .execute();
  await insertTargets(tx, run, place);
}

async function insertTargets(tx: Tx, run: NewRun, place: RunPlace): Promise<void> {
  if (run.targets.length === 0) {
    return;
  }
  const settings = new Map(run.settings.map((setting) => [setting.index, setting]));
  const inserted = await tx
    .insertInto('run_target')
    .values(
      run.targets.map((target) => ({
        run_id: run.id,
        position: target.index,
        repository_id: place.repositoryId,
        pull: run.pull,
        kind: run.kind,
        dir: target.dir,
        workspace: target.workspace,
        plan_id: target.planId,
        settings: json(settings.get(target.index) ?? null),
        active: true,
      })),
    )
    .returning(['plan_id', 'dir', 'workspace'])
    .execute();
  if (run.kind === 'plan' && inserted.length > 0) {
    await tx
      .insertInto('plan')
      .values(
        inserted.map((target) => ({
          id: target.plan_id,
          installation_id: place.installationId,
          repository_id: place.repositoryId,
          run_id: run.id,
          pull: run.pull,
          dir: target.dir,
          workspace: target.workspace,
          state: 'expected' as const,
          expires_at: nowPlus(Math.min(place.planLifeMs, MAX_PLAN_LIFE_MS)),
        })),
      )
      .execute();
  }
}

/** Lock the dirspaces against every other commit that assumes something about them. In one order for everybody. */
export async function lockDirspaces(tx: Tx, repositoryId: number, dirspaces: readonly Dirspace[]): Promise<void> {
  const sorted = [...dirspaces].sort(compareDirspaces);
  for (const { dir, workspace } of sorted) {
    await sql`
      insert into dirspace (repository_id, dir, workspace) values (${repositoryId}, ${dir}, ${workspace})
      on conflict do nothing`.execute(tx);
    await sql`
      select from dirspace where repository_id = ${repositoryId} and dir = ${dir} and workspace = ${workspace}
      for update`.execute(tx);
  }
}

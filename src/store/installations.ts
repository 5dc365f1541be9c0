import { sql } from 'kysely';
import type { Event, RepositorySeen } from '../domain/event.ts';
import type { Table } from './column.ts';
import type { Db, Tx } from './database.ts';
import { lookAgainAfterPause } from './look-again.ts';
import { TABLES } from './tables.ts';
import { json } from './values.ts';

export interface Installation {
  readonly id: number;
  readonly account: { readonly id: number; readonly login: string; readonly type: string };
  readonly state: 'active' | 'suspended';
  readonly paused: boolean;
}

/** The installation; `deleted`: it was uninstalled and only its receipt is left; `unknown`: we have not heard of it. */
export async function readInstallation(db: Db | Tx, id: number): Promise<Installation | 'deleted' | 'unknown'> {
  const row = await db.selectFrom('installation').selectAll().where('id', '=', id).executeTakeFirst();
  if (row !== undefined) {
    return {
      id: row.id,
      account: { id: row.account_id, login: row.account_login, type: row.account_type },
      state: row.state,
      paused: row.paused,
    };
  }
  const receipt = await db
    .selectFrom('uninstall_receipt')
    .select('installation_id')
    .where('installation_id', '=', id)
    .executeTakeFirst();
  return receipt === undefined ? 'unknown' : 'deleted';
}

/** Remember an installation. One that was uninstalled does not come back: GitHub gives a new id when the App is installed again. */
export async function saveInstallation(db: Db | Tx, installation: Omit<Installation, 'paused'>): Promise<void> {
  await sql`
    insert into installation (id, account_id, account_login, account_type, state)
    select ${installation.id}::int8, ${installation.account.id}::int8, ${installation.account.login}::text,
      ${installation.account.type}::text, ${installation.state}::text
    where not exists (select from uninstall_receipt where installation_id = ${installation.id})
    on conflict (id) do update set account_id = excluded.account_id, account_login = excluded.account_login,
      account_type = excluded.account_type, state = excluded.state`.execute(db);
}

/** Kill switches: nothing is planned or applied while it is paused. */
export async function pauseInstallation(db: Db, id: number, paused: boolean): Promise<boolean> {
  const changed = await db.updateTable('installation').set({ paused }).where('id', '=', id).executeTakeFirst();
  return changed.numUpdatedRows === 1n;
}

/** As `pauseInstallation`, for one repository. */
export async function pauseRepository(db: Db, id: number, paused: boolean): Promise<boolean> {
  const changed = await db.updateTable('repository').set({ paused }).where('id', '=', id).executeTakeFirst();
  return changed.numUpdatedRows === 1n;
}

/** Carry out what an event says of an installation or repository. `uninstall` is left to the caller: it must be the last thing of its transaction. */
export async function applyInstallationEvent(tx: Tx, event: Event): Promise<{ readonly uninstall: number | null }> {
  if (event.kind === 'installation') {
    if (event.action === 'deleted') {
      return { uninstall: event.installationId };
    }
    const state = event.action === 'suspend' ? 'suspended' : 'active';
    await saveInstallation(tx, { id: event.installationId, account: event.account, state });
    await seeRepositories(tx, event.installationId, event.repositories);
    if (event.action === 'unsuspend') {
      await lookAgainAfterPause(tx, { installationId: event.installationId, repositoryId: null });
    }
  } else if (event.kind === 'installation-repositories') {
    await seeRepositories(tx, event.installationId, event.added);
    for (const id of event.removed) {
      await removeRepository(tx, event.installationId, id);
    }
  } else if (event.kind === 'repository') {
    await applyRepositoryEvent(tx, event);
  }
  return { uninstall: null };
}

async function applyRepositoryEvent(tx: Tx, event: Extract<Event, { readonly kind: 'repository' }>): Promise<void> {
  const { installationId, repositoryId, owner, name } = event.repository;
  if (event.action === 'deleted') {
    await removeRepository(tx, installationId, repositoryId);
    return;
  }
  await tx
    .updateTable('repository')
    .set({
      owner,
      name,
      default_branch: event.defaultBranch,
      ...(event.action === 'archived' ? { archived: true } : {}),
      ...(event.action === 'unarchived' ? { archived: false } : {}),
    })
    .where('id', '=', repositoryId)
    .where('installation_id', '=', installationId)
    .execute();
  if (event.action === 'unarchived') {
    await lookAgainAfterPause(tx, { installationId, repositoryId });
  }
}

/**
 * Remove everything of an installation: its key first, then every row of every table, and leave a receipt that counts them. In one
 * transaction, as its last act: nothing of the installation may be written after it.
 */
export async function uninstall(tx: Tx, installationId: number): Promise<Readonly<Record<string, number>>> {
  await tx.deleteFrom('installation_key').where('installation_id', '=', installationId).execute();
  await sql`set local plumbline.erasing = 'on'`.execute(tx);
  const removed: Record<string, number> = {};
  for (const [name, table] of leavesFirst()) {
    const owned = ownedBy(table, sql`= ${installationId}`);
    if (owned !== null) {
      const result = await sql`delete from ${sql.table(name)} where ${owned}`.execute(tx);
      removed[name] = Number(result.numAffectedRows ?? 0n);
    }
  }
  await sql`set local plumbline.erasing = 'off'`.execute(tx);
  await tx
    .insertInto('uninstall_receipt')
    .values({ installation_id: installationId, removed: json(removed) })
    .onConflict((conflict) => conflict.column('installation_id').doNothing())
    .execute();
  return removed;
}

/** Know the repositories of an installation; names are brought up to date. */
export async function seeRepositories(tx: Tx, installationId: number, seen: readonly RepositorySeen[]): Promise<void> {
  for (const { repositoryId, owner, name } of [...seen].sort((a, b) => a.repositoryId - b.repositoryId)) {
    await tx
      .insertInto('repository')
      .values({ id: repositoryId, installation_id: installationId, owner, name })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ installation_id: installationId, owner, name }))
      .execute();
  }
}

/** The App lost the repository: what we kept of it goes, but for decisions and audit, which tell of the past. */
async function removeRepository(tx: Tx, installationId: number, id: number): Promise<void> {
  const known = await tx
    .selectFrom('repository')
    .select('id')
    .where('id', '=', id)
    .where('installation_id', '=', installationId)
    .forUpdate()
    .executeTakeFirst();
  if (known === undefined) {
    return;
  }
  for (const [name, table] of leavesFirst()) {
    const isKept =
      name === 'decision' || name === 'audit' || name === 'repository' || !('repository_id' in table.columns);
    if (table.owner === 'plan_id') {
      await sql`
        delete from ${sql.table(name)} where plan_id in (select id from plan where repository_id = ${id})`.execute(tx);
    } else if (!isKept) {
      await sql`delete from ${sql.table(name)} where repository_id = ${id}`.execute(tx);
    }
  }
  await tx.deleteFrom('repository').where('id', '=', id).execute();
}

/** What hangs on another table is removed before that one. */
function leavesFirst(): readonly (readonly [string, Table])[] {
  const order: Readonly<Record<Table['owner'], number>> = {
    plan_id: 0,
    run_id: 1,
    repository_id: 2,
    installation_id: 3,
    id: 4,
    receipt: 5,
    none: 5,
  };
  const tables: readonly (readonly [string, Table])[] = Object.entries(TABLES);
  return tables
    .filter(([name]) => name !== 'repository')
    .toSorted(([, a], [, b]) => order[a.owner] - order[b.owner])
    .concat([['repository', TABLES.repository]]);
}

function ownedBy(table: Table, is: ReturnType<typeof sql>) {
  switch (table.owner) {
    case 'id':
      return sql`id ${is}`;
    case 'installation_id':
      return sql`installation_id ${is}`;
    case 'repository_id':
      return sql`repository_id in (select id from repository where installation_id ${is})`;
    case 'run_id':
      return sql`run_id in (select id from run where installation_id ${is})`;
    case 'plan_id':
      return sql`plan_id in (select id from plan where installation_id ${is})`;
    case 'receipt':
    case 'none':
      return null;
  }
}

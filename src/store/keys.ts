import type { Db } from './database.ts';

/** The installation's wrapped key; undefined when it has none, or it was destroyed. */
export async function readInstallationKey(db: Db, installationId: number): Promise<string | undefined> {
  const row = await db
    .selectFrom('installation_key')
    .select('wrapped')
    .where('installation_id', '=', installationId)
    .executeTakeFirst();
  return row?.wrapped;
}

/** Keep a new wrapped key, unless the installation has one: the first stays. Returns the one that is kept; undefined when the installation is gone. */
export async function saveInstallationKey(
  db: Db,
  installationId: number,
  wrapped: string,
): Promise<string | undefined> {
  return db.transaction().execute(async (tx) => {
    const alive = await tx
      .selectFrom('installation')
      .select('id')
      .where('id', '=', installationId)
      .forShare()
      .executeTakeFirst();
    if (alive === undefined) {
      return undefined;
    }
    await tx
      .insertInto('installation_key')
      .values({ installation_id: installationId, wrapped })
      .onConflict((conflict) => conflict.column('installation_id').doNothing())
      .execute();
    const kept = await tx
      .selectFrom('installation_key')
      .select('wrapped')
      .where('installation_id', '=', installationId)
      .executeTakeFirst();
    return kept?.wrapped;
  });
}

/** Every wrapped installation key, for rotation. */
export async function listInstallationKeys(
  db: Db,
): Promise<readonly { readonly installationId: number; readonly wrapped: string }[]> {
  const rows = await db
    .selectFrom('installation_key')
    .select(['installation_id', 'wrapped'])
    .orderBy('installation_id')
    .execute();
  return rows.map((row) => ({ installationId: row.installation_id, wrapped: row.wrapped }));
}

/** Replace a wrapped key by the same key under another root key. False: it changed meanwhile. */
export async function replaceInstallationKey(
  db: Db,
  installationId: number,
  change: { readonly from: string; readonly to: string },
): Promise<boolean> {
  const changed = await db
    .updateTable('installation_key')
    .set({ wrapped: change.to })
    .where('installation_id', '=', installationId)
    .where('wrapped', '=', change.from)
    .executeTakeFirst();
  return changed.numUpdatedRows === 1n;
}

import { sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as start from '../../migrations/0001-start.ts';
import type { Db } from './database.ts';

/** Every migration, in order. Append only: one that was released is never changed. */
const MIGRATIONS: Readonly<Record<string, Migration>> = { '0001-start': start };

/**
 * Bring the database to this version of the code; says what was done. Several processes may call it at once: one works,
 * the others wait. Throws, and changes nothing, when the database was migrated by newer code.
 */
export async function migrate(db: Db): Promise<readonly string[]> {
  await refuseNewer(db);
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableName: 'migration',
    migrationLockTableName: 'migration_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const why = error instanceof Error ? `: ${error.message}` : '';
    throw new Error(`the database could not be migrated${why}`, { cause: error });
  }
  return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
}

async function refuseNewer(db: Db): Promise<void> {
  const exists = await sql<{ found: string | null }>`select to_regclass('migration')::text as found`.execute(db);
  if (exists.rows[0]?.found === null) {
    return;
  }
  const done = await sql<{ name: string }>`select name from migration order by name`.execute(db);
  const unknown = done.rows.filter(({ name }) => !Object.hasOwn(MIGRATIONS, name)).map(({ name }) => name);
  if (unknown.length > 0) {
    throw new Error(
      `The database was migrated by a newer Plumbline (${unknown.join(', ')}). Start that version or a newer one.`,
    );
  }
}

import { sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as start from '../../migrations/0001-start.ts';
import * as lostDeliveries from '../../migrations/0002-lost-deliveries.ts';
import * as killSwitch from '../../migrations/0003-kill-switch.ts';
import * as byItself from '../../migrations/0004-by-itself.ts';
import * as stillNeeded from '../../migrations/0005-still-needed.ts';
import type { Db } from './database.ts';

/** Every migration, in order. Append only: one that was released is never changed. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-start': start,
  '0002-lost-deliveries': lostDeliveries,
  '0003-kill-switch': killSwitch,
  '0004-by-itself': byItself,
  '0005-still-needed': stillNeeded,
};

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

/** Throws, with what to do about it, unless the database is exactly what this version of the code works with. */
export async function requireMigrated(db: Db): Promise<void> {
  await refuseNewer(db);
  const done = await migrated(db);
  const missing = Object.keys(MIGRATIONS).filter((name) => !done.includes(name));
  if (missing.length > 0) {
    throw new Error(
      `The database is not migrated to this version (${missing.join(', ')}). Run \`plumbline migrate\` first.`,
    );
  }
}

async function refuseNewer(db: Db): Promise<void> {
  const unknown = (await migrated(db)).filter((name) => !Object.hasOwn(MIGRATIONS, name));
  if (unknown.length > 0) {
    throw new Error(
      `The database was migrated by a newer Plumbline (${unknown.join(', ')}). Start that version or a newer one.`,
    );
  }
}

async function migrated(db: Db): Promise<readonly string[]> {
  const exists = await sql<{ found: string | null }>`select to_regclass('migration')::text as found`.execute(db);
  if (exists.rows[0]?.found === null) {
    return [];
  }
  const done = await sql<{ name: string }>`select name from migration order by name`.execute(db);
  return done.rows.map(({ name }) => name);
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readStorageSettings, type StorageSettings, settingsReport } from '../settings.ts';
import type { Database } from '../store/database.ts';
import { requireMigrated } from '../store/migrate.ts';
import { openDatabase } from '../store/open.ts';

/** What a command on the database works with. */
export interface Storage {
  readonly database: Database;
  readonly settings: StorageSettings;
}

/**
 * Do something with the database that the environment names, and close it. Sets the exit code: what `work` answers, 2 for
 * bad settings. `may`: `migrate` takes any database and makes one; `use` takes only one that is there and migrated.
 */
export async function withStorage(may: 'migrate' | 'use', work: (storage: Storage) => Promise<number>): Promise<void> {
  const read = readStorageSettings(process.env);
  if (!read.ok) {
    console.error(settingsReport(read.problems));
    process.exitCode = 2;
    return;
  }
  const { settings } = read;
  if (may === 'use' && settings.databaseUrl === null && !existsSync(join(settings.dataDir, 'database'))) {
    throw new Error(`There is no database in ${settings.dataDir}. Set DATABASE_URL, or DATA_DIR for the embedded one.`);
  }
  const database = await openDatabase({ databaseUrl: settings.databaseUrl ?? undefined, dataDir: settings.dataDir });
  try {
    if (may === 'use') {
      await requireMigrated(database.db);
    }
    process.exitCode = await work({ database, settings });
  } finally {
    await database.close();
  }
}

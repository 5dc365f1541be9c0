import type { Database } from './database.ts';

export interface DatabaseSettings {
  /** Absent: the embedded database. */
  readonly databaseUrl?: string | undefined;
  /** Where the embedded database lives. */
  readonly dataDir: string;
}

/** Open the database that the settings name. Not migrated: see `migrate`. */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  // Loaded only when used: the embedded engine costs hundreds of megabytes.
  if (settings.databaseUrl !== undefined) {
    const { openPostgres } = await import('./open-postgres.ts');
    return openPostgres({ databaseUrl: settings.databaseUrl });
  }
  const { openEmbedded } = await import('./open-embedded.ts');
  return openEmbedded({ dataDir: settings.dataDir });
}

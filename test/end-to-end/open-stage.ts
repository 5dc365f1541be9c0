import { isOnPath } from '../action/start-runner.ts';
import { dropDatabase, freshDatabaseUrl, hasPostgres } from '../database.ts';
import { type Stage, type StageOptions, startStage } from './stage.ts';

/** Terraform is what these tests are about; without it they are counted as skipped. */
export const hasTerraform = isOnPath('terraform');

/** A stage on PostgreSQL where there is one, since it starts in a tenth of the time; else on the embedded database. `close` it. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  if (!hasPostgres) {
    return startStage(options);
  }
  const databaseUrl = await freshDatabaseUrl();
  const environment = { DATABASE_URL: databaseUrl, ...options.environment };
  const stage = await startStage({ ...options, environment });
  return {
    ...stage,
    close: async () => {
      await stage.close();
      await dropDatabase(databaseUrl);
    },
  };
}

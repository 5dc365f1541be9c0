import { Command } from 'commander';
import { migrate } from '../store/migrate.ts';
import { withStorage } from './with-storage.ts';

/** `plumbline migrate`: bring the database to this version. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to this version, and make it if there is none; the service does so at its start')
    .option('--json', 'answer in JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      await withStorage('migrate', async ({ database }) => {
        const applied = await migrate(database.db);
        if (json === true) {
          console.log(JSON.stringify({ database: database.kind, applied }));
        } else {
          console.log(applied.length === 0 ? 'Nothing to do.' : applied.map((name) => `applied ${name}`).join('\n'));
        }
        return 0;
      });
    });
}

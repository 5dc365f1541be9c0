import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/store/migrate.ts';
import { openPostgres } from '../../src/store/open-postgres.ts';
import { findPostgres, startCluster, stopCluster } from '../postgres-cluster.ts';

export const NO_POSTGRES = 'not measured: PostgreSQL is not on this machine (install postgresql)';

export interface ScratchPostgres extends Disposable {
  /** The address of a new database; `empty` leaves it without our tables. */
  readonly database: (options?: { readonly empty?: boolean }) => Promise<string>;
}

/** A PostgreSQL of our own that is thrown away. Undefined when this machine has none. */
export function startScratchPostgres(): ScratchPostgres | undefined {
  const binaries = findPostgres();
  if (binaries === undefined) {
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
  const address = startCluster(folder, binaries);
  return {
    async database({ empty = false } = {}) {
      const name = `bench_${randomBytes(6).toString('hex')}`;
      const client = new pg.Client({ connectionString: address('postgres') });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      if (!empty) {
        const database = await openPostgres({ databaseUrl: address(name) });
        await migrate(database.db);
        await database.close();
      }
      return address(name);
    },
    [Symbol.dispose]() {
      stopCluster(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

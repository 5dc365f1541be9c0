import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { describe, inject } from 'vitest';
import type { Database, Db } from '../src/store/database.ts';
import { migrate } from '../src/store/migrate.ts';
import { openEmbedded } from '../src/store/open-embedded.ts';
import { openPostgres } from '../src/store/open-postgres.ts';
import { clusterAddress, clusterRuns, findPostgres, startCluster } from './postgres-cluster.ts';

export type DatabaseKind = Database['kind'];

const root = join(import.meta.dirname, '..');
const TEMPLATE = 'plumbline_template';

/** Can PostgreSQL be tested here? */
export const hasPostgres = process.env.TEST_DATABASE_URL !== undefined || findPostgres() !== undefined;

/** The same tests on both databases. Without PostgreSQL on the machine its half is skipped, and says so. */
export function describeDatabases(name: string, tests: (kind: DatabaseKind) => void): void {
  describe(`${name} (embedded)`, () => tests('embedded'));
  const title = hasPostgres
    ? `${name} (postgres)`
    : `${name} (postgres: skipped, install postgresql or set TEST_DATABASE_URL)`;
  describe.skipIf(!hasPostgres)(title, () => tests('postgres'));
}

/** The embedded database of a test file that is done with it, for the next one in this process: starting one takes seconds. */
let spare: Database | null = null;

/** A migrated database of its own. Close it when done. */
export async function freshDatabase(kind: DatabaseKind): Promise<Database> {
  if (kind === 'embedded') {
    return freshEmbedded();
  }
  const databaseUrl = await freshDatabaseUrl();
  const database = await openPostgres({ databaseUrl });
  return {
    ...database,
    async close() {
      await database.close();
      await dropDatabase(databaseUrl);
    },
  };
}

async function freshEmbedded(): Promise<Database> {
  const used = spare;
  spare = null;
  if (used !== null) {
    await emptyDatabase(used.db);
    await migrate(used.db);
  }
  const database = used ?? (await openEmbedded({ dataDir: null, dump: await embeddedDump() }));
  return {
    ...database,
    async close() {
      if (spare === null) {
        spare = database;
      } else {
        await database.close();
      }
    },
  };
}

/** Leave nothing in a database, not even tables. */
export async function emptyDatabase(db: Db): Promise<void> {
  await sql`drop schema public cascade`.execute(db);
  await sql`create schema public`.execute(db);
}

/** The address of a migrated PostgreSQL database of its own, for processes that open it themselves. `empty`: not migrated. */
export async function freshDatabaseUrl(options: { readonly empty?: boolean } = {}): Promise<string> {
  const address = await postgresServer();
  const name = `plumbline_test_${randomUUID().replaceAll('-', '')}`;
  const template = options.empty === true ? 'template0' : await migratedTemplate(address);
  await admin(address, `create database ${name} template ${template}`);
  return address(name);
}

/** Drop what `freshDatabaseUrl` made. */
export async function dropDatabase(databaseUrl: string): Promise<void> {
  const name = new URL(databaseUrl).pathname.slice(1);
  await admin(await postgresServer(), `drop database if exists ${name} with (force)`);
}

type Address = (database: string) => string;

async function postgresServer(): Promise<Address> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined) {
    return (database) => {
      const url = new URL(given);
      url.pathname = `/${database}`;
      return url.href;
    };
  }
  const folder = inject('databaseFolder');
  return exclusively(join(folder, 'cluster-lock'), async () => {
    const binaries = findPostgres();
    if (binaries === undefined) {
      throw new Error('PostgreSQL is not on this machine');
    }
    return clusterRuns(folder) ? clusterAddress(folder) : startCluster(folder, binaries);
  });
}

async function migratedTemplate(address: Address): Promise<string> {
  const name = `${TEMPLATE}_${schemaVersion()}`;
  await exclusively(join(inject('databaseFolder'), 'template-lock'), async () => {
    const found = await admin(address, `select from pg_database where datname = '${name}'`);
    if (found > 0) {
      return;
    }
    const building = `${name}_building`;
    await admin(address, `drop database if exists ${building} with (force)`);
    await admin(address, `create database ${building} template template0`);
    const database = await openPostgres({ databaseUrl: address(building) });
    await migrate(database.db);
    await database.close();
    await admin(address, `alter database ${building} rename to ${name}`);
  });
  return name;
}

/** A migrated data folder, made once per version of the migrations and kept between runs: making one takes seconds. */
async function embeddedDump(): Promise<Uint8Array> {
  const file = join(root, '.cache', `embedded-${schemaVersion()}.tar`);
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    await exclusively(join(inject('databaseFolder'), 'dump-lock'), async () => {
      if (!existsSync(file)) {
        const database = await openEmbedded({ dataDir: null });
        await migrate(database.db);
        writeFileSync(`${file}.${process.pid}`, await database.dump());
        await database.close();
        renameSync(`${file}.${process.pid}`, file);
      }
    });
  }
  return readFileSync(file);
}

function schemaVersion(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(join(root, 'migrations')).sort()) {
    hash.update(readFileSync(join(root, 'migrations', name)));
  }
  return hash
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
    .slice(0, 12);
}

async function admin(address: Address, statement: string): Promise<number> {
  const client = new pg.Client({ connectionString: address('postgres') });
  await client.connect();
  try {
    return (await client.query(statement)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}

/** One test process at a time; a folder can be made only once. */
async function exclusively<T>(lock: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      await delay(20);
    }
  }
  try {
    return await work();
  } finally {
    rmdirSync(lock);
  }
}

import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import type { Database, Db } from '../../src/store/database.ts';
import { ddlOf } from '../../src/store/ddl.ts';
import { migrate } from '../../src/store/migrate.ts';
import { TABLES } from '../../src/store/tables.ts';
import { type DatabaseKind, describeDatabases, emptyDatabase, freshDatabase } from '../database.ts';

const open: Database[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((database) => database.close()));
});

/** Emptying a migrated one is quicker than making a new one. */
async function newDatabase(kind: DatabaseKind): Promise<Database> {
  const database = await freshDatabase(kind);
  open.push(database);
  await emptyDatabase(database.db);
  return database;
}

describeDatabases('migrations', (kind) => {
  it('build exactly the tables that queries are checked against', async () => {
    const database = await freshDatabase(kind);
    open.push(database);
    const migrated = await catalogue(database.db, 'public');
    // One session for all: the search path is its own.
    const defined = await database.db.connection().execute(async (db) => {
      await sql`create schema defined`.execute(db);
      await sql`set search_path to defined`.execute(db);
      for (const statement of ddlOf(TABLES)) {
        await sql.raw(statement).execute(db);
      }
      const found = await catalogue(db, 'defined');
      await sql`set search_path to public`.execute(db);
      await sql`drop schema defined cascade`.execute(db);
      return found;
    });
    expect(migrated).toEqual(defined);
    expect(migrated.columns.length).toBeGreaterThan(100);
  });

  it('do nothing the second time', async () => {
    const { db } = await newDatabase(kind);
    expect(await migrate(db)).toEqual([
      '0001-start',
      '0002-lost-deliveries',
      '0003-kill-switch',
      '0004-by-itself',
      '0005-still-needed',
    ]);
    expect(await migrate(db)).toEqual([]);
  });

  it('are done once when several start together', async () => {
    const { db } = await newDatabase(kind);
    const done = await Promise.all([migrate(db), migrate(db), migrate(db)]);
    expect(done.flat()).toEqual([
      '0001-start',
      '0002-lost-deliveries',
      '0003-kill-switch',
      '0004-by-itself',
      '0005-still-needed',
    ]);
  });

  it('refuse a database that newer code has migrated, and change nothing', async () => {
    const { db } = await newDatabase(kind);
    await migrate(db);
    await sql`insert into migration (name, timestamp) values ('9999-later', 'x')`.execute(db);
    await expect(migrate(db)).rejects.toThrow(/newer Plumbline \(9999-later\)/);
  });
});

async function catalogue(db: Db, schema: string) {
  const columns = await sql<Record<string, unknown>>`
    select table_name, column_name, ordinal_position, data_type, is_nullable, is_identity,
      replace(column_default, ${`${schema}.`}, '') as fallback
    from information_schema.columns
    where table_schema = ${schema} and table_name not in ('migration', 'migration_lock')
    order by table_name, ordinal_position`.execute(db);
  const indexes = await sql<{ indexdef: string }>`
    select replace(indexdef, ${`${schema}.`}, '') as indexdef from pg_indexes
    where schemaname = ${schema} and tablename not in ('migration', 'migration_lock')
    order by indexname`.execute(db);
  return { columns: columns.rows, indexes: indexes.rows.map(({ indexdef }) => indexdef) };
}

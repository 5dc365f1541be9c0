import type { Column, Table } from './column.ts';

/** The statements that build the tables, one each: what a migration is made from, and what the migrated database is compared with. */
export function ddlOf(tables: Readonly<Record<string, Table>>): readonly string[] {
  return Object.entries(tables).flatMap(([name, table]) => [
    createTable(name, table),
    ...Object.entries(table.unique ?? {}).map(([index, on]) => `CREATE UNIQUE INDEX ${index} ON ${name} ${on}`),
    ...Object.entries(table.index ?? {}).map(([index, on]) => `CREATE INDEX ${index} ON ${name} ${on}`),
  ]);
}

function createTable(name: string, table: Table): string {
  const columns = Object.entries(table.columns).map(([column, definition]) => `  ${column} ${columnSql(definition)}`);
  return `CREATE TABLE ${name} (\n${columns.join(',\n')},\n  PRIMARY KEY (${table.primaryKey.join(', ')})\n)`;
}

function columnSql(column: Column<unknown, unknown>): string {
  const nullable = column.nullable ? '' : ' NOT NULL';
  if (column.fallback === 'identity') {
    return `${column.sql} GENERATED ALWAYS AS IDENTITY`;
  }
  return `${column.sql}${nullable}${column.fallback === null ? '' : ` DEFAULT ${column.fallback}`}`;
}

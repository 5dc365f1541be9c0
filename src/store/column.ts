import type { ColumnType } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Json, Timestamp } from './values.ts';

type SqlType = 'text' | 'int8' | 'int4' | 'float8' | 'boolean' | 'timestamptz' | 'jsonb' | 'bytea';

/** One column: what the database is told, and (in the type alone) what is read and what may be written. */
export interface Column<Read, Write> {
  readonly sql: SqlType;
  readonly nullable: boolean;
  /** An SQL expression, or `identity` for a number that the database counts. */
  readonly fallback: string | null;
  readonly kysely?: ColumnType<Read, Write, Exclude<Write, undefined>>;
}

export interface Table {
  readonly columns: Readonly<Record<string, Column<unknown, unknown>>>;
  readonly primaryKey: readonly [string, ...string[]];
  /** By what the rows of an installation are found when it is uninstalled; null: they belong to none. */
  readonly owner: 'installation_id' | 'id' | 'repository_id' | 'run_id' | 'plan_id' | 'receipt' | 'none';
  /** Name to definition, as it stands after `CREATE [UNIQUE] INDEX name ON table`. */
  readonly unique?: Readonly<Record<string, string>>;
  readonly index?: Readonly<Record<string, string>>;
  /** Rows are never changed, and removed only by retention and uninstall. */
  readonly appendOnly?: true;
}

/** The kysely view of one table. */
export type RowOf<T extends Table> = {
  readonly [C in keyof T['columns']]: T['columns'][C] extends Column<infer Read, infer Write>
    ? ColumnType<Read, Write, Exclude<Write, undefined>>
    : never;
};

export function text<T extends string = string>(): Column<T, T> {
  return { sql: 'text', nullable: false, fallback: null };
}
export function int8(): Column<number, number> {
  return { sql: 'int8', nullable: false, fallback: null };
}
export function int4(): Column<number, number> {
  return { sql: 'int4', nullable: false, fallback: null };
}
export function float8(): Column<number, number> {
  return { sql: 'float8', nullable: false, fallback: null };
}
export function bool(): Column<boolean, boolean> {
  return { sql: 'boolean', nullable: false, fallback: null };
}
export function moment(): Column<Instant, Timestamp> {
  return { sql: 'timestamptz', nullable: false, fallback: null };
}
export function document<T>(): Column<T, Json<T>> {
  return { sql: 'jsonb', nullable: false, fallback: null };
}
export function bytes(): Column<Uint8Array, Uint8Array> {
  return { sql: 'bytea', nullable: false, fallback: null };
}
/** A number that the database counts up. */
export function counted(): Column<number, undefined> {
  return { sql: 'int8', nullable: false, fallback: 'identity' };
}
export function orNull<R, W>(column: Column<R, W>): Column<R | null, W | null | undefined> {
  return { sql: column.sql, nullable: true, fallback: column.fallback };
}
/** With a default, so that an insert may leave it out. `fallback` is an SQL expression. */
export function withDefault<R, W>(column: Column<R, W>, fallback: string): Column<R, W | undefined> {
  return { sql: column.sql, nullable: column.nullable, fallback };
}

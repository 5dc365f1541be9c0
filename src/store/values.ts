import { type RawBuilder, sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import { storableText } from '../domain/storable-text.ts';

declare const written: unique symbol;
/** A moment on its way into the database; only `instant` and `now` make one. Comes back as milliseconds. */
export interface Timestamp {
  readonly [written]: 'timestamptz';
}
/** A JSON document on its way into the database; only `json` makes one. */
export interface Json<T> {
  readonly [written]: T;
}

/** PostgreSQL's type numbers that the two drivers read differently. Source: pg_type. */
const OID = { bytea: 17, int8: 20, json: 114, int8Array: 1016, timestamptz: 1184, jsonb: 3802 } as const;

/**
 * How values are read, the same on both databases: int8 and counts as numbers, bytea as Uint8Array, timestamptz as
 * milliseconds, JSON parsed. Every difference between the two drivers is settled here and nowhere else.
 */
export const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [OID.bytea]: parseBytes,
  [OID.int8]: parseInteger,
  [OID.int8Array]: (text) => (text === '{}' ? [] : text.slice(1, -1).split(',').map(parseInteger)),
  [OID.timestamptz]: parseInstant,
  [OID.json]: (text) => JSON.parse(text),
  [OID.jsonb]: (text) => JSON.parse(text),
};

/** A moment as a parameter. Milliseconds since the epoch. */
export function instant(at: Instant): RawBuilder<Timestamp> {
  return sql<Timestamp>`${new Date(at).toISOString()}::timestamptz`;
}

/** `instant`, or null. */
export function instantOrNull(at: Instant | null): RawBuilder<Timestamp> | null {
  return at === null ? null : instant(at);
}

/** The database's clock, read when the statement runs and not when its transaction began: a wait for a lock may lie between. */
export function now(): RawBuilder<Timestamp> {
  return sql<Timestamp>`clock_timestamp()`;
}

/** The database's clock plus some milliseconds. */
export function nowPlus(ms: number): RawBuilder<Timestamp> {
  return sql<Timestamp>`(clock_timestamp() + ${ms}::float8 * interval '1 millisecond')`;
}

/**
 * A JSON document as a parameter. jsonb knows neither NUL nor half a surrogate pair, and strangers can send both: they
 * become U+FFFD, so that no text from outside can make a row unwritable.
 */
export function json<T>(value: T): RawBuilder<Json<T>> {
  return sql<Json<T>>`${JSON.stringify(value, wellFormed)}::jsonb`;
}

function wellFormed(_key: string, value: unknown): unknown {
  if (typeof value === 'string') {
    return storableText(value);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return value;
  }
  const entries = Object.entries(value);
  return entries.every(([key]) => key === storableText(key))
    ? value
    : Object.fromEntries(entries.map(([key, part]) => [storableText(key), part]));
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError('the database holds an integer beyond 2^53');
  }
  return value;
}

function parseBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}

function parseInstant(text: string): number {
  // "2026-11-21 10:00:00.123456+00": whole hours carry no minutes, which Date cannot read.
  const iso = text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
  const at = Date.parse(iso);
  if (Number.isNaN(at)) {
    throw new RangeError(`the database holds a moment that cannot be read: ${text}`);
  }
  return at;
}

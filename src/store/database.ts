import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './tables.ts';

/** The database, in or outside of a transaction. */
export type Db = Kysely<Schema>;
/** A function that asks for this may only be called inside a transaction. */
export type Tx = Transaction<Schema>;

/** What sleepers are woken by: something waits in the inbox, or in the outbox. */
export type Channel = 'inbox' | 'outbox';

/** An open database. */
export interface Database {
  readonly db: Db;
  readonly kind: 'postgres' | 'embedded';
  /** Call `wake` whenever `channel` is notified, by this process or another. A hint: it may come for nothing or, rarely, not at all. Returns what ends it. */
  listen(channel: Channel, wake: () => void): () => void;
  /** Wake whoever listens, after the commit of what they shall find. Never fails, never waits. */
  notify(channel: Channel): void;
  close(): Promise<void>;
}

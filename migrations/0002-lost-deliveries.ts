import { type Kysely, sql } from 'kysely';

/** What is known of deliveries that GitHub sent and that never came in. */
const STATEMENTS: readonly string[] = [
  `
    CREATE TABLE delivery_look (
      name text NOT NULL,
      seen_until timestamptz NOT NULL,
      cursor text,
      walk_from timestamptz,
      due_at timestamptz NOT NULL,
      lease_token text,
      lease_until timestamptz,
      PRIMARY KEY (name)
    )
  `,
  `
    CREATE TABLE lost_delivery (
      guid text NOT NULL,
      delivery_id text NOT NULL,
      delivered_at timestamptz NOT NULL,
      asked int4 NOT NULL DEFAULT 0,
      due_at timestamptz NOT NULL,
      PRIMARY KEY (guid)
    )
  `,
  `
    CREATE INDEX lost_delivery_due ON lost_delivery (due_at)
  `,
];

/** Builds the tables of the search for lost deliveries. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) {
    await sql.raw(statement).execute(db);
  }
}

import { type Kysely, sql } from 'kysely';

/** Switches of the whole service: on while the row is there. */
const STATEMENTS: readonly string[] = [
  `
    CREATE TABLE service_switch (
      name text NOT NULL,
      since timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (name)
    )
  `,
];

/** Builds the table of the switches of the whole service. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) {
    await sql.raw(statement).execute(db);
  }
}

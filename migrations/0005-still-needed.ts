import { type Kysely, sql } from 'kysely';

/** What an apply of each dirspace still needed when the pull request was last looked at. */
const STATEMENTS: readonly string[] = [
  `
    ALTER TABLE pull_request ADD COLUMN needs jsonb
  `,
];

/** Adds what people read of the requirements of an apply. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) {
    await sql.raw(statement).execute(db);
  }
}

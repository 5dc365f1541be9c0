import { type Kysely, sql } from 'kysely';

/** What a pull request does without anybody asking, and the merge that a merge queue tries with it. */
const STATEMENTS: readonly string[] = [
  `
    ALTER TABLE pull_request ADD COLUMN by_itself boolean NOT NULL DEFAULT false
  `,
  `
    ALTER TABLE pull_request ADD COLUMN merge_group jsonb
  `,
];

/** Adds what is remembered of pull requests that go on by themselves. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) {
    await sql.raw(statement).execute(db);
  }
}

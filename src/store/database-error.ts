/** The SQLSTATE of a database error, when it has one. */
export function sqlState(error: unknown): string | undefined {
  return field(error, 'code');
}

/** The name of the unique index or constraint that refused a row; undefined: it was something else. */
export function refusedByUnique(error: unknown): string | undefined {
  return sqlState(error) === '23505' ? (field(error, 'constraint') ?? '') : undefined;
}

/** Two transactions were in each other's way and this one was chosen to give in: the same again may succeed. */
function gaveIn(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

/** The database cannot be reached, or is going away. */
export function isUnreachable(error: unknown): boolean {
  const state = sqlState(error);
  return (
    state !== undefined &&
    (/^(08|57P0)/.test(state) ||
      ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', '53300'].includes(state))
  );
}

/** Run a transaction again when another one was in its way, a few times. */
export async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!gaveIn(error) || tries === 5) {
        throw error;
      }
    }
  }
}

function field(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null) {
    return undefined;
  }
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}

import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';

/** A statement asks to be prepared by beginning with a comment that names it. The same name, the same text. */
const ASKS = /^\s*\/\* prepared: ([a-z-]{1,40}) \*\//;

/**
 * A pool for kysely in which every connection keeps the statements that ask for it prepared. For the few that are sent
 * for every delivery: PostgreSQL then neither reads nor plans their text again. Kysely has no way of its own to say so.
 */
export function preparedPool(pool: pg.Pool): PostgresPool {
  // Kysely knows a connection again by its object.
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect();
      const kept = known.get(client) ?? preparing(client);
      known.set(client, kept);
      return kept;
    },
    end: () => pool.end(),
  };
}

function preparing(client: pg.PoolClient): PostgresPoolClient {
  const query = client.query.bind(client);
  const queryPrepared = (text: string, values: unknown[]) => {
    const name = ASKS.exec(text)?.[1];
    return name === undefined ? query(text, values) : query({ name, text, values });
  };
  return new Proxy<PostgresPoolClient>(client, {
    get(target, property) {
      if (property === 'query') {
        return queryPrepared;
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

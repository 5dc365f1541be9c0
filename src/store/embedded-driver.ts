import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { EmbeddedEngine } from './embedded-engine.ts';

/** A query that waits this long for the one connection is waiting for itself: it was made outside of the open transaction. */
const STUCK_MS = 60_000;

/** PostgreSQL's dialect over the embedded engine. */
export function embeddedDialect(engine: EmbeddedEngine): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new EmbeddedDriver(engine),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

/** The engine has one session, so there is one connection, and whoever has it has it alone until it is given back. */
class EmbeddedDriver implements Driver {
  readonly #connection: EmbeddedConnection;
  #tail: Promise<void> = Promise.resolve();
  #giveBack: () => void = () => undefined;

  constructor(engine: EmbeddedEngine) {
    this.#connection = new EmbeddedConnection(engine);
  }
  async init(): Promise<void> {}
  async destroy(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const turn = Promise.withResolvers<void>();
    const before = this.#tail;
    this.#tail = before.then(() => turn.promise);
    const stuck = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      // The turn is passed on when it comes, since nobody is here to use it.
      void before.then(turn.resolve);
      stuck.reject(
        new Error('the embedded database was busy for a minute: a query made outside of the open transaction?'),
      );
    }, STUCK_MS);
    try {
      await Promise.race([before, stuck.promise]);
    } finally {
      clearTimeout(timer);
    }
    this.#giveBack = turn.resolve;
    return this.#connection;
  }
  async releaseConnection(): Promise<void> {
    this.#giveBack();
  }

  async beginTransaction(): Promise<void> {
    this.#connection.failed = false;
    await this.#run('begin');
  }
  async commitTransaction(): Promise<void> {
    if (this.#connection.failed) {
      // PostgreSQL would answer this commit with a rollback and no error.
      await this.#run('rollback');
      throw new Error('the transaction had failed and was rolled back');
    }
    await this.#run('commit');
  }
  async rollbackTransaction(): Promise<void> {
    await this.#run('rollback');
  }

  async #run(text: string): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw(text));
  }
}

class EmbeddedConnection implements DatabaseConnection {
  readonly #engine: EmbeddedEngine;
  /** A statement of the open transaction has failed. */
  failed = false;

  constructor(engine: EmbeddedEngine) {
    this.#engine = engine;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>>;
  async executeQuery(query: CompiledQuery): Promise<QueryResult<unknown>> {
    try {
      const answer = await this.#engine.ask({ ask: 'query', sql: query.sql, parameters: query.parameters });
      return {
        rows: answer.rows,
        ...(answer.affected === null ? {} : { numAffectedRows: BigInt(answer.affected) }),
      };
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }

  // biome-ignore lint/correctness/useYield: the interface wants a stream, and the engine has none.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the embedded database cannot stream');
  }
}

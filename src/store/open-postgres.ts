import { setTimeout as delay } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { Failure } from '../domain/failure.ts';
import type { Channel, Database } from './database.ts';
import { isUnreachable, sqlState } from './database-error.ts';
import { preparedPool } from './prepared-pool.ts';
import type { Schema } from './tables.ts';
import { PARSERS } from './values.ts';
import { Wake } from './wake.ts';

const CHANNELS: readonly Channel[] = ['inbox', 'outbox'];
/** Shortest time between two notifications. */
const NOTIFY_EVERY_MS = 5;
/** How long the listening connection waits before it comes back after a loss. The worker polls meanwhile. */
const RECONNECT_MS = 1_000;

export interface PostgresOptions {
  readonly databaseUrl: string;
  /** Connections at most. */
  readonly pool?: number;
}

/** A pool of connections to PostgreSQL 14 or newer, and one more that listens. Throws when the server cannot be reached or is too old. */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const settings = {
    connectionString: options.databaseUrl,
    types: { getTypeParser: parserOf },
    connectionTimeoutMillis: 10_000,
    application_name: 'plumbline',
  };
  const pool = new pg.Pool({ ...settings, max: options.pool ?? 10 });
  // An idle connection that breaks is replaced by the pool; without a listener the process would end.
  pool.on('error', () => undefined);
  const wake = new Wake();
  const listener = new Listener(settings, wake);
  try {
    await refuseOldServer(pool);
    await listener.start();
  } catch (error) {
    listener.stop();
    await pool.end();
    if (isUnreachable(error)) {
      const why = sqlState(error) ?? 'no answer';
      throw new Failure('database-unreachable', `the database cannot be reached (${why}): see DATABASE_URL`, {
        cause: error,
      });
    }
    throw error;
  }
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: preparedPool(pool) }) });
  const notifier = new Notifier(pool);
  return {
    db,
    kind: 'postgres',
    listen: (channel, listen) => wake.listen(channel, listen),
    notify(channel) {
      wake.wake(channel);
      notifier.notify(channel);
    },
    async close() {
      listener.stop();
      await notifier.idle();
      await db.destroy();
    },
  };
}

function parserOf(oid: number): (text: string) => unknown {
  return PARSERS[oid] ?? pg.types.getTypeParser(oid, 'text');
}

async function refuseOldServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ version: string }>("select current_setting('server_version_num') as version");
  const version = Number(rows[0]?.version);
  if (version < 140_000) {
    throw new Error(`PostgreSQL 14 or newer is needed; this server is ${Math.floor(version / 10_000)}`);
  }
}

/**
 * Sends at most one notification per channel at a time, in a transaction of its own: commits that notify wait for one
 * another in PostgreSQL, and the ones that carry data shall not.
 */
class Notifier {
  readonly #pool: pg.Pool;
  readonly #asked = new Set<Channel>();
  #sending: Promise<void> | null = null;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }
  notify(channel: Channel): void {
    this.#asked.add(channel);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
    });
  }
  async idle(): Promise<void> {
    await this.#sending;
  }
  async #send(): Promise<void> {
    for (let channel = this.#take(); channel !== undefined; channel = this.#take()) {
      // A lost notification costs the other processes one poll.
      await this.#pool.query("select pg_notify('plumbline_' || $1, '')", [channel]).catch(() => undefined);
      // Under load one notification speaks for many.
      await delay(NOTIFY_EVERY_MS);
    }
  }
  #take(): Channel | undefined {
    const [channel] = this.#asked;
    if (channel !== undefined) {
      this.#asked.delete(channel);
    }
    return channel;
  }
}

class Listener {
  readonly #settings: pg.ClientConfig;
  readonly #wake: Wake;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(settings: pg.ClientConfig, wake: Wake) {
    this.#settings = settings;
    this.#wake = wake;
  }
  async start(): Promise<void> {
    const client = new pg.Client({ ...this.#settings, keepAlive: true });
    this.#client = client;
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', (message) => {
      const channel = CHANNELS.find((name) => message.channel === `plumbline_${name}`);
      if (channel !== undefined) {
        this.#wake.wake(channel);
      }
    });
    await client.connect();
    for (const channel of CHANNELS) {
      await client.query(`listen plumbline_${channel}`);
    }
  }
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
    }
    this.#client?.end().catch(() => undefined);
  }
  #lost(client: pg.Client): void {
    if (this.#client === client) {
      this.#client = null;
      this.#startLater();
    }
  }
  #startLater(): void {
    if (this.#stopped || this.#timer !== null) {
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.start().then(
        // What was notified meanwhile is lost: everybody looks.
        () => this.#wake.wakeAll(),
        () => this.#startLater(),
      );
    }, RECONNECT_MS);
  }
}

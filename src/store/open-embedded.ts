import { join } from 'node:path';
import { Kysely } from 'kysely';
import { lockDataFolder } from './data-lock.ts';
import type { Database } from './database.ts';
import { embeddedDialect } from './embedded-driver.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import type { Schema } from './tables.ts';
import { Wake } from './wake.ts';

export interface EmbeddedOptions {
  /** The folder of the data; null: in memory, for tests. */
  readonly dataDir: string | null;
  /** A dump to begin with. */
  readonly dump?: Uint8Array;
}

/** The embedded database: one process, and not safe against power loss. Throws when another process has the folder. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Database & { dump(): Promise<Uint8Array> }> {
  const unlock = options.dataDir === null ? () => undefined : lockDataFolder(options.dataDir);
  const directory = options.dataDir === null ? null : join(options.dataDir, 'database');
  const engine = new EmbeddedEngine({ directory, dump: options.dump ?? null });
  try {
    await engine.ask({ ask: 'ready' });
    await engine.ask({ ask: 'query', sql: "set timezone to 'UTC'", parameters: [] });
  } catch (error) {
    unlock();
    throw error;
  }
  const db = new Kysely<Schema>({ dialect: embeddedDialect(engine) });
  const wake = new Wake();
  return {
    db,
    kind: 'embedded',
    listen: (channel, listener) => wake.listen(channel, listener),
    notify: (channel) => wake.wake(channel),
    async dump() {
      const { rows } = await engine.ask({ ask: 'dump' });
      const dump = rows[0]?.dump;
      if (!(dump instanceof Uint8Array)) {
        throw new TypeError('the embedded database gave no dump');
      }
      return dump;
    },
    async close() {
      await db.destroy();
      await engine.close();
      unlock();
    },
  };
}

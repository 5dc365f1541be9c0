import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../../src/store/database.ts';

const LOOK_EVERY_MS = 25;

/** Fulfilled when nothing waits to be decided or to be sent. Looks: a benchmark may, and the last write tells nobody. */
export async function quiet(db: Db): Promise<void> {
  for (;;) {
    const events = await db.selectFrom('inbox_event').select('id').where('state', '=', 'pending').execute();
    const writes = await db.selectFrom('outbox').select('id').where('state', 'in', ['pending', 'sending']).execute();
    if (events.length === 0 && writes.length === 0) {
      return;
    }
    await delay(LOOK_EVERY_MS);
  }
}

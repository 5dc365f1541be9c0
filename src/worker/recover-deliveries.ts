import { Failure } from '../domain/failure.ts';
import { DAY, MINUTE, SECOND } from '../domain/instant.ts';
import type { GitHubClient } from '../github/app-client.ts';
import { listDeliveries, requestRedelivery } from '../github/deliveries.ts';
import {
  type DeliveryLook,
  endDeliveryLook,
  extendDeliveryLook,
  saveDeliveryLook,
  takeDeliveryLook,
} from '../store/delivery-look.ts';
import {
  askedForDelivery,
  dueLostDeliveries,
  noteLostDeliveries,
  settleLostDeliveries,
} from '../store/lost-deliveries.ts';
import { LEASE, whileHeld } from './while-held.ts';
import type { WorkerDeps } from './worker-deps.ts';

const LOOK_EVERY_MS = 3 * MINUTE;
/** Sooner than that while there is more to do than one look may. */
const LOOK_AGAIN_MS = 30 * SECOND;
/** GitHub forgets deliveries after three days, and sends none again that is older. https://docs.github.com/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks */
const KEPT_MS = 3 * DAY;
/** A service on a new database asks for what was sent while it was being set up; commands that are older are refused anyway. */
const FIRST_BACK_MS = 15 * MINUTE;
/** A delivery may be listed later than younger ones: while it is under way it is not in the list. */
const OVERLAP_MS = 2 * MINUTE;
/** Calls of one look, at most: pages of a hundred, and requests for redelivery. */
const MAX_PAGES = 3;
const MAX_REQUESTS = 20;
/** No request is begun later than this after the look began. */
const REQUESTS_UNTIL_MS = 60 * SECOND;

/**
 * Find deliveries that GitHub sent and we never got, and have them sent again: once per look and delivery, with growing
 * pauses, until they come or GitHub has forgotten them. They come in as every delivery does, under the same GUID. One
 * process at a time looks; it ends early when `goOn` says no. Returns how many were asked for; undefined: it was not time for a look, or it failed and is repeated.
 */
export async function recoverDeliveries(
  deps: Pick<WorkerDeps, 'database' | 'app' | 'log'>,
  options: { readonly atOnce?: boolean; readonly goOn?: () => boolean } = {},
): Promise<number | undefined> {
  const { database, log } = deps;
  const since = performance.now();
  const look = await takeDeliveryLook(database.db, {
    leaseMs: LEASE.forMs,
    firstBackMs: FIRST_BACK_MS,
    keptMs: KEPT_MS,
    atOnce: options.atOnce === true,
  });
  if (look === undefined) {
    return undefined;
  }
  const held = {
    times: LEASE,
    since,
    renew: () => extendDeliveryLook(database.db, look.token, LEASE.forMs),
    log,
    what: 'the look for lost deliveries',
  };
  let dueInMs = LOOK_EVERY_MS;
  try {
    const { asked, all } = await whileHeld(held, (lost) =>
      lookOnce(deps, look, () => !lost.aborted && options.goOn?.() !== false),
    );
    if (!all) {
      dueInMs = LOOK_AGAIN_MS;
    }
    return asked;
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    dueInMs = Math.max(dueInMs, error.retryAfterMs ?? 0);
    log.warn({ err: error }, 'could not look for lost deliveries; trying again later');
    return undefined;
  } finally {
    await endDeliveryLook(database.db, look.token, dueInMs);
  }
}

/** `all`: nothing is left for another look. */
async function lookOnce(
  deps: Pick<WorkerDeps, 'database' | 'app' | 'log'>,
  look: DeliveryLook,
  goOn: () => boolean,
): Promise<{ readonly asked: number; readonly all: boolean }> {
  const { database, app, log } = deps;
  const began = performance.now();
  const client = await app.appClient();
  const complete = await compare(deps, client, look);
  const { arrived, givenUp } = await settleLostDeliveries(database.db, KEPT_MS);
  if (arrived.length > 0) {
    log.info({ deliveries: arrived }, 'deliveries that were lost have come');
  }
  if (givenUp.length > 0) {
    log.warn(
      { deliveries: givenUp },
      'GitHub has forgotten deliveries that never came; see the pull requests of that time',
    );
  }
  const { asked, more } = await askForLost(deps, client, () => performance.now() < began + REQUESTS_UNTIL_MS && goOn());
  return { asked, all: complete && !more };
}

/** Go through what GitHub lists, from the newest back to where an earlier look ended. False: there is more than one look may read. */
async function compare(
  { database, log }: Pick<WorkerDeps, 'database' | 'log'>,
  client: GitHubClient,
  look: DeliveryLook,
): Promise<boolean> {
  const sent = await listDeliveries(client, {
    since: look.seenUntil - OVERLAP_MS,
    cursor: look.rest?.cursor ?? null,
    maxPages: MAX_PAGES,
  });
  const lost = await noteLostDeliveries(database.db, sent.deliveries);
  if (lost > 0) {
    log.warn({ deliveries: lost }, 'GitHub sent deliveries that never came; asking for them');
  }
  const newest = look.rest?.walkFrom ?? sent.deliveries[0]?.deliveredAt ?? look.seenUntil;
  await saveDeliveryLook(
    database.db,
    look.token,
    sent.cursor === null
      ? { seenUntil: Math.max(newest, look.seenUntil), rest: null }
      : { seenUntil: look.seenUntil, rest: { cursor: sent.cursor, walkFrom: newest } },
  );
  return sent.cursor === null;
}

async function askForLost(
  { database, log }: Pick<WorkerDeps, 'database' | 'log'>,
  client: GitHubClient,
  goOn: () => boolean,
): Promise<{ readonly asked: number; readonly more: boolean }> {
  const due = await dueLostDeliveries(database.db, MAX_REQUESTS + 1);
  let asked = 0;
  for (const lost of due.slice(0, MAX_REQUESTS)) {
    if (!goOn()) {
      return { asked, more: true };
    }
    const willCome = await requestRedelivery(client, lost.deliveryId);
    await askedForDelivery(database.db, lost);
    asked += 1;
    log[willCome ? 'info' : 'warn'](
      { guid: lost.guid, attempt: lost.asked + 1 },
      willCome ? 'asked GitHub to send a delivery again' : 'GitHub does not want to send a delivery again',
    );
  }
  return { asked, more: due.length > MAX_REQUESTS };
}

import { installationOf, subjectOf } from '../domain/event.ts';
import { eventOf } from '../github/payload-to-event.ts';
import type { Database } from '../store/database.ts';
import { recordDelivery } from '../store/inbox.ts';
import { lostSince } from '../store/lost-deliveries.ts';
import type { WebhookDeps } from './webhook-routes.ts';

/** Ignored deliveries belong to no installation's line; they are kept for a while, to be looked at. */
const NO_INSTALLATION = 0;

/** The event that carries the buttons of checks. */
const BUTTONS = 'check_run';

/** Put what GitHub sent into the database, once per delivery id, and wake the worker. What it means to us is found out here, what follows is not. */
export function createIntake(
  database: Database,
  app: { readonly appId: number; readonly botId: number },
): WebhookDeps['intake'] {
  return async ({ guid, name, payload }) => {
    // A button says nowhere when it was pressed. One that was lost and comes again days later is as old as its first delivery.
    const lost = name === BUTTONS ? await lostSince(database.db, guid) : undefined;
    const mapped = eventOf(name, payload, { ...app, receivedAt: lost ?? Date.now() });
    if ('ignored' in mapped) {
      await recordDelivery(database.db, {
        dedupeKey: guid,
        name,
        installationId: NO_INSTALLATION,
        subject: null,
        event: null,
        ignoredReason: mapped.ignored,
      });
      return 'ignored';
    }
    const { event } = mapped;
    const recorded = await recordDelivery(database.db, {
      dedupeKey: guid,
      name,
      installationId: installationOf(event),
      subject: subjectOf(event),
      event,
    });
    database.notify('inbox');
    return recorded;
  };
}

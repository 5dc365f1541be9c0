import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import pg from 'pg';
import { installationOf, subjectOf } from '../../src/domain/event.ts';
import { eventOf } from '../../src/github/payload-to-event.ts';
import { isSigned } from '../../src/github/webhook-signature.ts';
import { createLog } from '../../src/log.ts';
import { recordDelivery } from '../../src/store/inbox.ts';
import { openPostgres } from '../../src/store/open-postgres.ts';
import { webhookRoutes } from '../../src/web/webhook-routes.ts';

/** One process that takes deliveries: `node intake-routes.ts bare|route DATABASE_URL SECRET`. Tells its parent the port. */
const [kind, databaseUrl = '', secret = ''] = process.argv.slice(2);
const app = kind === 'bare' ? await bareRoute() : await ourRoute();
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => process.send?.(port));

/** The least that a receiver can do: the same HMAC over the same bytes, one row. */
async function bareRoute(): Promise<Hono> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  await pool.query('create table if not exists delivery (guid text primary key, name text, payload jsonb)');
  return new Hono().post('/webhooks/github', async (c) => {
    const body = new Uint8Array(await c.req.arrayBuffer());
    if (!isSigned(body, c.req.header('x-hub-signature-256'), [secret])) {
      return c.text('no', 401);
    }
    await pool.query({
      name: 'keep',
      text: 'insert into delivery (guid, name, payload) values ($1, $2, $3) on conflict do nothing',
      values: [c.req.header('x-github-delivery'), c.req.header('x-github-event'), new TextDecoder().decode(body)],
    });
    return c.text('ok', 202);
  });
}

/** The service's own route with its own recording, and no worker beside it. */
async function ourRoute(): Promise<Hono> {
  const database = await openPostgres({ databaseUrl });
  return webhookRoutes({
    log: createLog('silent'),
    isSigned: (body, signature) => isSigned(body, signature, [secret]),
    accepting: () => true,
    intake: async ({ guid, name, payload }) => {
      const mapped = eventOf(name, payload, { appId: 1, botId: 2, receivedAt: Date.now() });
      const recorded = await recordDelivery(
        database.db,
        'event' in mapped
          ? {
              dedupeKey: guid,
              name,
              installationId: installationOf(mapped.event),
              subject: subjectOf(mapped.event),
              event: mapped.event,
            }
          : { dedupeKey: guid, name, installationId: 0, subject: null, event: null, ignoredReason: mapped.ignored },
      );
      database.notify('inbox');
      return 'event' in mapped ? recorded : 'ignored';
    },
  });
}

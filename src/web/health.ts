import { Hono } from 'hono';

/** `/healthz`: the process answers. `/readyz`: it can do its work. Both say no more than that. */
export function healthRoutes(ready: () => Promise<boolean>): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', async (c) => {
    // A database that does not answer is what "not ready" is for, not a fault of the request.
    const able = await ready().catch(() => false);
    return able ? c.text('ok') : c.text('not ready', 503);
  });
  return app;
}

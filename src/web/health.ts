import { Hono } from 'hono';

/** `/healthz`: the process answers. `/readyz`: it can do its work. Both say no more than that. */
export function healthRoutes(ready: () => Promise<boolean>): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', async (c) => ((await ready()) ? c.text('ok') : c.text('not ready', 503)));
  return app;
}

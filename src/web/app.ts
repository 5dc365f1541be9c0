import { Hono } from 'hono';
import type { Log } from '../log.ts';
import { healthRoutes } from './health.ts';
import { type RunnerDeps, runnerRoutes } from './runner-routes.ts';
import { type WebhookDeps, webhookRoutes } from './webhook-routes.ts';

export interface WebDeps extends WebhookDeps, RunnerDeps {
  readonly log: Log;
  /** Can the service do its work now: database reachable, worker running? */
  readonly ready: () => Promise<boolean>;
}

/** What a request must bring to reach a route. */
export type RouteRule = 'public' | 'webhook-signature' | 'github-oidc' | 'run-token';

/** The rule of each route; a test compares this table with the routes that exist. */
export const ROUTE_RULES: Readonly<Record<string, RouteRule>> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'POST /webhooks/github': 'webhook-signature',
  'POST /runner/v1/claim': 'github-oidc',
  'GET /runner/v1/runs/:run/manifest': 'run-token',
  'POST /runner/v1/runs/:run/discovery': 'run-token',
  'POST /runner/v1/runs/:run/heartbeat': 'run-token',
  'PUT /runner/v1/runs/:run/plans/:plan': 'run-token',
  'GET /runner/v1/runs/:run/plans/:plan': 'run-token',
  'GET /runner/v1/runs/:run/plans/:plan/shown': 'run-token',
  'POST /runner/v1/runs/:run/begun': 'run-token',
  'POST /runner/v1/runs/:run/report': 'run-token',
};

/** Every route of the service. Unknown ones answer 404 and tell nothing about us. */
export function createWeb(deps: WebDeps): Hono {
  const app = new Hono();
  app.route('/', healthRoutes(deps.ready));
  app.route('/', webhookRoutes(deps));
  app.route('/', runnerRoutes(deps));
  app.notFound((c) => c.json({ error: { code: 'not-found', message: 'There is nothing here.' } }, 404));
  app.onError((error, c) => {
    deps.log.error({ err: error, method: c.req.method, route: c.req.routePath }, 'a request failed');
    return c.json({ error: { code: 'internal', message: 'Something went wrong here; try again.' } }, 500);
  });
  return app;
}

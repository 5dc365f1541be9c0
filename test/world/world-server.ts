import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { matchedRoutes } from 'hono/route';
import { ApiError } from './api-error.ts';
import type { CallFault } from './faults.ts';
import { serveGit } from './git-http.ts';
import type { Call } from './journal.ts';
import { serveActions } from './rest-actions.ts';
import { serveApp } from './rest-app.ts';
import { serveChecks } from './rest-checks.ts';
import { serveIssues } from './rest-issues.ts';
import { servePulls } from './rest-pulls.ts';
import { serveRepository } from './rest-repository.ts';
import { serveGraphql } from './serve-graphql.ts';
import { serveOidc } from './serve-oidc.ts';
import type { WorldParts } from './world-parts.ts';

const HOURLY_LIMIT = 5000;

export interface WorldServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Everything the world answers over HTTP, as a hono app: REST under `/api/v3` (and at the root, as api.github.com). */
export function worldApp(parts: WorldParts, closing: AbortSignal): Hono {
  const app = new Hono();
  const operations = new WeakMap<Request, string>();
  const used = new Map<string, number>();
  app.use('*', async (c, next) => {
    const at = Date.now();
    const path = new URL(c.req.url).pathname;
    const fault = parts.faults.takeForCall({ method: c.req.method, path });
    if (fault !== undefined) {
      parts.journal.changed();
    }
    const refused = fault === undefined ? undefined : await before(fault, closing);
    if (refused === undefined) {
      await next();
    } else {
      c.res = refused;
    }
    if (fault?.kind === 'answer-lost') {
      c.res = Response.json({ message: 'Server Error' }, { status: 502 });
    }
    const kind = kindOf(path);
    if (kind === 'rest' || kind === 'graphql' || kind === 'token') {
      addHeaders(c, used, parts);
    }
    const operation = operations.get(c.req.raw);
    parts.journal.record({
      method: c.req.method,
      route: operation === undefined ? routeOf(c, path) : `graphql:${operation}`,
      path,
      kind,
      at,
      status: c.res.status,
    });
  });
  app.onError((error) => {
    if (error instanceof ApiError) {
      const { message, status, errors, headers } = error;
      const body = {
        message,
        ...(errors === undefined ? {} : { errors }),
        documentation_url: 'https://docs.github.com/rest',
        status: String(status),
      };
      return Response.json(body, { status, headers });
    }
    parts.background(Promise.reject(error));
    return Response.json({ message: 'Server Error' }, { status: 500 });
  });
  app.notFound(() =>
    Response.json(
      { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' },
      { status: 404 },
    ),
  );

  serveOidc(app, parts);
  const named = (request: Request, name: string) => {
    operations.set(request, name);
  };
  serveGraphql(app, '/graphql', parts, named);
  serveGraphql(app, '/api/graphql', parts, named);
  const api = new Hono();
  serveApp(api, parts);
  serveRepository(api, parts);
  servePulls(api, parts);
  serveChecks(api, parts);
  serveIssues(api, parts);
  serveActions(api, parts);
  app.route('/api/v3', api);
  app.route('/', api);
  serveGit(app, parts);
  return app;
}

export async function listen(app: Hono): Promise<WorldServer> {
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  if (!server.listening) {
    await once(server, 'listening');
  }
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the world got no port');
  }
  return {
    port: address.port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      closeConnections(server);
      await closed;
    },
  };
}

function closeConnections(server: object): void {
  const http: Partial<Pick<Server, 'closeAllConnections'>> = server;
  http.closeAllConnections?.();
}

/** What a fault answers instead of the route; undefined when the route is still to run. */
async function before(fault: CallFault, closing: AbortSignal): Promise<Response | undefined> {
  switch (fault.kind) {
    case 'secondary-limit':
      return limited(403, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.', {
        'retry-after': String(fault.retryAfterSeconds ?? 1),
      });
    case 'rate-limit':
      return limited(403, 'API rate limit exceeded for installation.', {
        'x-ratelimit-limit': String(HOURLY_LIMIT),
        'x-ratelimit-remaining': '0',
        'x-ratelimit-used': String(HOURLY_LIMIT),
        'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + (fault.resetInSeconds ?? 1)),
      });
    case 'too-many-requests':
      return limited(429, 'You have exceeded a secondary rate limit.', {
        'retry-after': String(fault.retryAfterSeconds ?? 1),
      });
    case 'server-error':
      return Response.json({ message: 'Server Error' }, { status: fault.status ?? 502 });
    case 'hang':
      await new Promise<void>((resolve) => closing.addEventListener('abort', () => resolve(), { once: true }));
      return new Response(null, { status: 504 });
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return undefined;
    case 'answer-lost':
      return undefined;
  }
}

function limited(status: number, message: string, headers: Readonly<Record<string, string>>): Response {
  return Response.json({ message, documentation_url: 'https://docs.github.com/rest' }, { status, headers });
}

function kindOf(path: string): Call['kind'] {
  if (path.startsWith('/_')) {
    return 'oidc';
  }
  if (path === '/graphql' || path === '/api/graphql') {
    return 'graphql';
  }
  if (path.endsWith('/access_tokens')) {
    return 'token';
  }
  return /\/(info\/refs|git-(upload|receive)-pack)$/.test(path) ? 'git' : 'rest';
}

function routeOf(c: Context, path: string): string {
  const route = matchedRoutes(c).findLast((one) => one.path !== '/*' && one.path !== '*');
  return (route?.path ?? path).replace(/^\/api\/v3/, '').replaceAll(/\{[^}]*\}+\??/g, '');
}

function addHeaders(c: Context, used: Map<string, number>, parts: WorldParts): void {
  const key = createHash('sha256')
    .update(c.req.header('authorization') ?? '')
    .digest('hex');
  const count = (used.get(key) ?? 0) + 1;
  used.set(key, count);
  const headers: Record<string, string> = {
    'x-github-request-id': randomUUID(),
    'x-github-media-type': 'github.v3; format=json',
    'x-ratelimit-limit': String(HOURLY_LIMIT),
    'x-ratelimit-remaining': String(Math.max(HOURLY_LIMIT - count, 0)),
    'x-ratelimit-used': String(count),
    'x-ratelimit-reset': String(Math.ceil(parts.state.now().getTime() / 1000) + 3600),
    'x-ratelimit-resource': c.req.path.endsWith('graphql') ? 'graphql' : 'core',
  };
  for (const [name, value] of Object.entries(headers)) {
    if (!c.res.headers.has(name)) {
      c.res.headers.set(name, value);
    }
  }
}

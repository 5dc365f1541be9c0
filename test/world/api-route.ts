import type { Context, Hono } from 'hono';
import { ApiError, notFound } from './api-error.ts';
import { type Caller, identify, requirePermission, requireReach } from './app-token.ts';
import { type Json, parseBody } from './request-body.ts';
import type { WorldParts } from './world-parts.ts';
import { type IssuedToken, type Repository, repositoryByName } from './world-state.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Answer {
  readonly status?: number;
  /** Undefined: no body. */
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call to a repository's route, authorised already. */
export interface RepositoryCall {
  readonly repository: Repository;
  readonly token: IssuedToken;
  readonly body: Json;
  readonly param: (name: string) => string;
  readonly number: (name: string) => number;
  readonly query: (name: string) => string | undefined;
  readonly accept: string;
}

/** Permission name to level; any one of them suffices. */
export type AnyOf = Readonly<Record<string, 'read' | 'write'>>;

/** Routes under `/repos/:owner/:repo`: token, reach and permission are checked before the handler runs. */
export function repositoryRoutes(api: Hono, parts: WorldParts) {
  return (
    method: Method,
    path: string,
    anyOf: AnyOf,
    handler: (call: RepositoryCall) => Answer | Promise<Answer>,
  ): void => {
    api.on(method, `/repos/:owner/:repo${path}`, async (c) => {
      const token = await requireToken(parts, c);
      const owner = c.req.param('owner');
      const name = c.req.param('repo');
      const repository = repositoryByName(parts.state, owner ?? '', name ?? '');
      if (repository === undefined) {
        throw notFound();
      }
      requireReach(parts.state, token, repository);
      if (repository.name.toLowerCase() !== (name ?? '').toLowerCase()) {
        return movedPermanently(c, parts, repository);
      }
      requirePermission(token, anyOf);
      const call: RepositoryCall = {
        repository,
        token,
        body: method === 'GET' ? {} : parseBody(await c.req.text()),
        param: (key) => c.req.param(key) ?? '',
        number: (key) => wholeNumber(c.req.param(key)),
        query: (key) => c.req.query(key),
        accept: c.req.header('accept') ?? '',
      };
      return respond(await handler(call));
    });
  };
}

// GitHub redirects calls to a renamed repository to its id, and clients follow.
function movedPermanently(c: Context, parts: WorldParts, repository: Repository): Response {
  const rest = new URL(c.req.url).pathname.split('/repos/')[1]?.split('/').slice(2).join('/') ?? '';
  const search = new URL(c.req.url).search;
  const location = `${parts.state.url}/api/v3/repositories/${repository.id}${rest === '' ? '' : `/${rest}`}${search}`;
  const status = c.req.method === 'GET' ? 301 : 307;
  return Response.json({ message: 'Moved Permanently', url: location }, { status, headers: { location } });
}

/** Routes under `/app`: only the App's own JWT opens them. */
export function appRoutes(api: Hono, parts: WorldParts) {
  return (
    method: Method,
    path: string,
    handler: (call: Pick<RepositoryCall, 'body' | 'param' | 'number' | 'query'>) => Answer | Promise<Answer>,
  ): void => {
    api.on(method, path, async (c) => {
      const caller = await identify(parts.state, c.req.header('authorization'));
      if (caller.kind !== 'app') {
        throw new ApiError(401, 'A JSON web token could not be decoded');
      }
      return respond(
        await handler({
          body: method === 'GET' ? {} : parseBody(await c.req.text()),
          param: (key) => c.req.param(key) ?? '',
          number: (key) => wholeNumber(c.req.param(key)),
          query: (key) => c.req.query(key),
        }),
      );
    });
  };
}

export async function requireToken(parts: WorldParts, c: Context): Promise<IssuedToken> {
  const caller: Caller = await identify(parts.state, c.req.header('authorization'));
  if (caller.kind !== 'token') {
    throw new ApiError(401, 'Bad credentials');
  }
  return caller.token;
}

export function respond(answer: Answer): Response {
  const headers = { ...answer.headers };
  if (answer.json !== undefined) {
    return Response.json(answer.json, { status: answer.status ?? 200, headers });
  }
  return new Response(answer.text ?? null, {
    status: answer.status ?? (answer.text === undefined ? 204 : 200),
    headers,
  });
}

function wholeNumber(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) {
    throw notFound();
  }
  return Number(text);
}

/** One page of a list, with GitHub's `Link` header. */
export function page(
  call: Pick<RepositoryCall, 'query'>,
  all: readonly unknown[],
  path: string,
  wrap?: (items: readonly unknown[]) => unknown,
): Answer {
  const size = Math.min(Math.max(Number(call.query('per_page') ?? 30) || 30, 1), 100);
  const current = Math.max(Number(call.query('page') ?? 1) || 1, 1);
  const last = Math.max(Math.ceil(all.length / size), 1);
  const items = all.slice((current - 1) * size, current * size);
  const link = (to: number, rel: string) =>
    `<${path}${path.includes('?') ? '&' : '?'}per_page=${size}&page=${to}>; rel="${rel}"`;
  const links = [
    ...(current > 1 ? [link(current - 1, 'prev')] : []),
    ...(current < last ? [link(current + 1, 'next'), link(last, 'last')] : []),
    ...(current > 1 ? [link(1, 'first')] : []),
  ];
  return {
    json: wrap === undefined ? items : wrap(items),
    headers: links.length === 0 ? {} : { link: links.join(', ') },
  };
}

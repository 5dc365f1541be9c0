import type { Hono } from 'hono';
import { ApiError } from './api-error.ts';
import type { WorldParts } from './world-parts.ts';
import { fullName, repositoryById } from './world-state.ts';

/** The OIDC issuer, and the endpoint of a running job that asks for its token. */
export function serveOidc(app: Hono, parts: WorldParts): void {
  app.get('/_oidc/.well-known/openid-configuration', () => Response.json(parts.issuer.configuration()));
  app.get('/_oidc/.well-known/jwks', () => Response.json(parts.issuer.jwks()));
  app.get('/_actions/id-token/:id', async (c) => {
    const run = parts.state.runs.get(Number(c.req.param('id')));
    const bearer = c.req.header('authorization')?.replace(/^bearer /i, '');
    if (run === undefined || bearer !== run.idTokenRequestToken || run.permissions['id-token'] !== 'write') {
      throw new ApiError(401, 'Unauthorized');
    }
    if (run.status !== 'in_progress') {
      throw new ApiError(403, 'The job is not running');
    }
    const repository = repositoryById(parts.state, run.repositoryId);
    // Without an audience GitHub names the owner.
    const audience = c.req.query('audience') ?? `${parts.state.url}/${fullName(repository).split('/')[0] ?? ''}`;
    const value = await parts.issuer.sign(parts.issuer.claimsOf(run, audience));
    return Response.json({ count: value.length, value });
  });
}

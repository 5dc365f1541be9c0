import type { Hono } from 'hono';
import { accountJson, apiUrl, appJson, installationJson } from './account-json.ts';
import { ApiError, notFound } from './api-error.ts';
import { appRoutes, page, requireToken, respond } from './api-route.ts';
import { mintInstallationToken } from './app-token.ts';
import type { Delivery } from './deliveries.ts';
import { repositoryJson } from './repository-json.ts';
import { listIn, recordIn, textsIn } from './request-body.ts';
import type { WorldParts } from './world-parts.ts';
import { covers, type Installation, isoSeconds, repositoryByName } from './world-state.ts';

/** Routes of the App itself: who am I, my installations, tokens, deliveries. */
export function serveApp(api: Hono, parts: WorldParts): void {
  const { state } = parts;
  const route = appRoutes(api, parts);
  const installation = (id: number): Installation => {
    const found = state.installations.get(id);
    if (found === undefined || found.deleted) {
      throw notFound();
    }
    return found;
  };

  route('GET', '/app', () => ({ json: appJson(state) }));
  route('GET', '/app/installations', (call) =>
    page(
      call,
      [...state.installations.values()].filter((one) => !one.deleted).map((one) => installationJson(state, one)),
      `${apiUrl(state)}/app/installations`,
    ),
  );
  route('GET', '/app/installations/:id', (call) => ({
    json: installationJson(state, installation(call.number('id'))),
  }));
  route('GET', '/repos/:owner/:repo/installation', (call) => {
    const repository = repositoryByName(state, call.param('owner'), call.param('repo'));
    const found =
      repository && [...state.installations.values()].find((one) => !one.deleted && covers(one, repository));
    if (found === undefined) {
      throw notFound();
    }
    return { json: installationJson(state, found) };
  });

  route('POST', '/app/installations/:id/access_tokens', (call) => {
    const found = installation(call.number('id'));
    if (found.suspendedAt !== null) {
      throw new ApiError(403, 'This installation has been suspended');
    }
    const ids = repositoriesAsked(parts, found, call.body);
    const asked = recordIn(call.body, 'permissions');
    const permissions = asked === undefined ? undefined : textValues(asked);
    const token = mintInstallationToken(state, found, {
      ...(ids === undefined ? {} : { repositoryIds: ids }),
      ...(permissions === undefined ? {} : { permissions }),
    });
    return {
      status: 201,
      json: {
        token: token.token,
        expires_at: isoSeconds(new Date(token.expiresAt)),
        permissions: token.permissions,
        repository_selection: ids === undefined ? found.selection : 'selected',
      },
    };
  });

  route('GET', '/app/hook/deliveries', (call) => {
    const wanted = Math.min(Number(call.query('per_page') ?? 30) || 30, 100);
    const sent = parts.deliveries.all
      .filter((one) => one.outcome !== 'unsent' && one.outcome !== 'pending')
      .toReversed();
    const cursor = Number(call.query('cursor') ?? Number.POSITIVE_INFINITY);
    const from = sent.filter((one) => one.id < cursor);
    const items = from.slice(0, wanted);
    const next = from.length > wanted ? items.at(-1)?.id : undefined;
    const link = `<${apiUrl(state)}/app/hook/deliveries?per_page=${wanted}&cursor=${next ?? ''}>; rel="next"`;
    return { json: items.map(deliveryJson), headers: next === undefined ? {} : { link } };
  });
  const delivery = (id: number): Delivery => {
    const found = parts.deliveries.all.find((one) => one.id === id);
    if (found === undefined) {
      throw notFound();
    }
    return found;
  };
  route('GET', '/app/hook/deliveries/:id', (call) => {
    const found = delivery(call.number('id'));
    return {
      json: {
        ...deliveryJson(found),
        url: parts.deliveries.webhookUrl ?? '',
        request: {
          headers: { 'X-GitHub-Delivery': found.guid, 'X-GitHub-Event': found.event },
          payload: found.payload,
        },
        response: { headers: null, payload: null },
      },
    };
  });
  route('POST', '/app/hook/deliveries/:id/attempts', (call) => {
    parts.deliveries.redeliver(delivery(call.number('id')));
    return { status: 202, json: {} };
  });

  api.get('/installation/repositories', async (c) => {
    const token = await requireToken(parts, c);
    const found = installation(token.installationId);
    const all = [...state.repositories.values()]
      .filter((one) => covers(found, one) && (token.repositoryIds?.has(one.id) ?? true))
      .map((one) => repositoryJson(state, one));
    const path = `${apiUrl(state)}/installation/repositories`;
    const call = { query: (key: string) => c.req.query(key) };
    return respond(
      page(call, all, path, (repositories) => ({
        total_count: all.length,
        repository_selection: found.selection,
        repositories,
      })),
    );
  });

  // Open to everybody, as on GitHub; a token that is sent must be good.
  api.get('/users/:login', async (c) => {
    if (c.req.header('authorization') !== undefined) {
      await requireToken(parts, c);
    }
    const login = c.req.param('login');
    if (!state.accounts.has(login)) {
      throw notFound();
    }
    return respond({ json: accountJson(state, login) });
  });
}

function repositoriesAsked(parts: WorldParts, installation: Installation, body: Parameters<typeof textsIn>[0]) {
  const names = textsIn(body, 'repositories');
  const ids = listIn(body, 'repository_ids').filter((one) => typeof one === 'number');
  if (names.length === 0 && ids.length === 0) {
    return undefined;
  }
  const all = [...parts.state.repositories.values()].filter((one) => covers(installation, one));
  const found = all.filter((one) => names.includes(one.name) || ids.includes(one.id));
  if (found.length < names.length + ids.length) {
    throw new ApiError(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  }
  return found.map((one) => one.id);
}

function textValues(record: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : [])),
  );
}

function deliveryJson(delivery: Delivery) {
  const code = typeof delivery.outcome === 'number' ? delivery.outcome : 0;
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: Math.round(delivery.durationMs) / 1000,
    // GitHub writes `OK` for success and a reason otherwise.
    status:
      code >= 200 && code < 300 ? 'OK' : code === 0 ? 'failed to connect to host' : `Invalid HTTP Response: ${code}`,
    status_code: code,
    event: delivery.event,
    action: delivery.action ?? null,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
  };
}

import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Log } from '../log.ts';

/** GitHub's own limit on a payload. */
const MAX_WEBHOOK_BYTES = 25 * 1024 * 1024;

export interface WebhookDeps {
  readonly log: Log;
  /** Is this the signature of exactly these bytes under one of our secrets? Constant time. */
  readonly isSigned: (body: Uint8Array, signature: string | undefined) => boolean;
  /** Put the delivery into the database. It is there when the promise is fulfilled. */
  readonly intake: (delivery: {
    readonly guid: string;
    readonly name: string;
    readonly payload: unknown;
  }) => Promise<'new' | 'again-done' | 'again-pending' | 'ignored'>;
  /** False while the service closes: GitHub keeps the delivery as failed, and it can be recovered. */
  readonly accepting: () => boolean;
}

/** `POST /webhooks/github`: verify the raw bytes, record, answer 202. Nothing is decided here. */
export function webhookRoutes(deps: WebhookDeps): Hono {
  const app = new Hono();
  const tooLarge = bodyLimit({
    maxSize: MAX_WEBHOOK_BYTES,
    onError: (c) => c.json(problem('too-large', 'A delivery has at most 25 MiB.'), 413),
  });
  app.post('/webhooks/github', tooLarge, async (c) => {
    if (!deps.accepting()) {
      return c.json(problem('closing', 'The service is closing.'), 503);
    }
    const body = new Uint8Array(await c.req.arrayBuffer());
    if (!deps.isSigned(body, c.req.header('x-hub-signature-256'))) {
      return c.json(problem('bad-signature', 'The signature is missing or wrong.'), 401);
    }
    const guid = c.req.header('x-github-delivery');
    const name = c.req.header('x-github-event');
    if (guid === undefined || name === undefined || guid.length > 100 || name.length > 100) {
      return c.json(problem('bad-headers', 'X-GitHub-Delivery and X-GitHub-Event are needed.'), 400);
    }
    const payload = parseJson(body);
    if (payload === undefined) {
      return c.json(problem('not-json', 'The body is not a JSON object.'), 400);
    }
    return c.json({ recorded: await deps.intake({ guid, name, payload }) }, 202);
  });
  return app;
}

function parseJson(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function problem(
  code: string,
  message: string,
): { readonly error: { readonly code: string; readonly message: string } } {
  return { error: { code, message } };
}

import { createHmac, randomUUID } from 'node:crypto';
import type { Hono } from 'hono';
import { isSigned } from '../../src/github/webhook-signature.ts';
import { createLog } from '../../src/log.ts';
import type { Database } from '../../src/store/database.ts';
import { openKeyRing } from '../../src/vault/key-ring.ts';
import { createWeb, type WebDeps } from '../../src/web/app.ts';
import { createIntake } from '../../src/web/intake.ts';
import { createRunnerDesk } from '../../src/web/runner-desk.ts';

export const SECRET = 'the secret of these tests';
/** The next one, while rotating. */
export const NEXT_SECRET = 'the secret that comes after it';
const APP = { appId: 7, botId: 70 };

/** The whole web of the service on a database, without a socket. `change` replaces parts. */
export function webOn(database: Database, change: Partial<WebDeps> = {}): Hono {
  const log = createLog('silent');
  const key = Buffer.alloc(32, 1).toString('base64');
  const { ring } = openKeyRing({ keys: `k1:${key}`, dataDir: '/nowhere' });
  return createWeb({
    log,
    desk: createRunnerDesk({
      database,
      ring,
      log,
      publicUrl: 'http://127.0.0.1:1',
      oidcIssuer: 'http://127.0.0.1:1',
      botId: APP.botId,
      workflowPath: '.github/workflows/plumbline.yml',
    }),
    isSigned: (body, signature) => isSigned(body, signature, [SECRET, NEXT_SECRET]),
    accepting: () => true,
    intake: createIntake(database, APP),
    ready: () => Promise.resolve(true),
    ...change,
  });
}

export function signature(body: string | Uint8Array, secret: string, algorithm: 'sha256' | 'sha1' = 'sha256'): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`;
}

export interface Webhook {
  readonly body: string;
  readonly event?: string;
  readonly guid?: string;
  /** Replaced or, with undefined, left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** A signed delivery, as a request. */
export function webhook({ body, event = 'ping', guid = randomUUID(), headers = {} }: Webhook): RequestInit {
  const all = {
    'x-github-event': event,
    'x-github-delivery': guid,
    'x-hub-signature-256': signature(body, SECRET),
    ...headers,
  };
  const kept = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { method: 'POST', body, headers: Object.fromEntries(kept) };
}

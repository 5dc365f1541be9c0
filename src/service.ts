import { once } from 'node:events';
import { serve } from '@hono/node-server';
import { sql } from 'kysely';
import { WORKFLOW_PATH } from './decision/workflow-file.ts';
import { createApp } from './github/app-client.ts';
import type { CallSeen } from './github/github-fetch.ts';
import { readIdentity } from './github/identity.ts';
import { createTreeCache } from './github/repository-tree.ts';
import { isSigned } from './github/webhook-signature.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';
import type { Database } from './store/database.ts';
import { giveBackLeases } from './store/give-back.ts';
import { migrate } from './store/migrate.ts';
import { openDatabase } from './store/open.ts';
import { openKeyRing } from './vault/key-ring.ts';
import { createWeb } from './web/app.ts';
import { createIntake } from './web/intake.ts';
import { createRunnerDesk } from './web/runner-desk.ts';
import { startWorker } from './worker/start-worker.ts';

export interface Service {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly database: Database;
  /** Stop intake, finish what is in hand, close. */
  readonly close: () => Promise<void>;
}

export interface ServiceOptions {
  /** Hears of each call to GitHub, for figures. */
  readonly onCall?: (call: CallSeen) => void;
  /** When the service closes, requests and calls to GitHub that take longer than this are broken off. Milliseconds; default 4 s. */
  readonly finishWithinMs?: number;
}

const FINISH_WITHIN_MS = 4_000;

/** Put the rooms together and start: database, web, worker. Fulfilled when the service takes requests. */
export async function startService(settings: Settings, log: Log, options: ServiceOptions = {}): Promise<Service> {
  const { finishWithinMs = FINISH_WITHIN_MS } = options;
  await using stack = new AsyncDisposableStack();
  const { ring, generated } = openKeyRing({ keys: settings.encryptionKeys ?? undefined, dataDir: settings.dataDir });
  if (generated !== null) {
    log.warn(
      { file: generated },
      'made a root key; without this file stored plans cannot be read: back it up, apart from the database',
    );
  }
  const database = await openDatabase({ databaseUrl: settings.databaseUrl ?? undefined, dataDir: settings.dataDir });
  stack.defer(() => database.close());
  if (database.kind === 'embedded') {
    log.warn(
      { folder: settings.dataDir },
      'embedded database: for one process, and not safe against power loss; set DATABASE_URL for PostgreSQL',
    );
  }
  await migrate(database.db);
  if (database.kind === 'embedded') {
    // Nobody else can have its folder: what is held is held by a process that was killed.
    await giveBackLeases(database.db);
  }

  const [first, ...others] = settings.webhookSecrets;
  if (first === undefined) {
    throw new TypeError('a webhook secret is needed');
  }
  const secrets: [string, ...string[]] = [first, ...others];
  const app = createApp({
    appId: settings.appId,
    privateKey: settings.privateKey,
    webhookSecrets: secrets,
    apiUrl: settings.githubApiUrl,
    ...(options.onCall === undefined ? {} : { onCall: options.onCall }),
  });
  const identity = await readIdentity(app);

  const worker = startWorker({
    database,
    app,
    identity,
    trees: createTreeCache(),
    log,
    planLifeMs: settings.planLifeMs,
    publicUrl: settings.publicUrl,
    webUrl: webUrlOf(settings.githubApiUrl),
    finishWithinMs,
  });
  stack.defer(() => worker.stop());

  let accepting = true;
  const web = createWeb({
    log,
    desk: createRunnerDesk({
      database,
      ring,
      log,
      publicUrl: settings.publicUrl,
      oidcIssuer: settings.oidcIssuer,
      botId: identity.botId,
      workflowPath: WORKFLOW_PATH,
    }),
    isSigned: (body, signature) => isSigned(body, signature, secrets),
    accepting: () => accepting,
    intake: createIntake(database, { appId: settings.appId, botId: identity.botId }),
    ready: async () => {
      await sql`select 1`.execute(database.db);
      return accepting && worker.isAlive();
    },
  });
  const server = serve({ fetch: web.fetch, port: settings.port, hostname: settings.host });
  await once(server, 'listening');
  stack.defer(async () => {
    accepting = false;
    server.close();
    if ('closeIdleConnections' in server) {
      server.closeIdleConnections();
    }
    // A runner whose long upload is cut off sends it again, to the next process.
    const late = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), finishWithinMs);
    // Side by side: such an upload must not keep the worker from finishing what it has in hand.
    await Promise.all([once(server, 'close'), worker.stop()]);
    clearTimeout(late);
  });

  const parts = stack.move();
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : settings.port;
  const host = settings.host === '0.0.0.0' || settings.host === '::' ? '127.0.0.1' : settings.host;
  return { url: `http://${host}:${port}`, database, close: () => parts.disposeAsync() };
}

/** GitHub's pages from its API: `https://api.github.com` → `https://github.com`, `https://ghe.example.com/api/v3` → `https://ghe.example.com`. */
function webUrlOf(apiUrl: string): string {
  const { protocol, host } = new URL(apiUrl);
  return `${protocol}//${host.replace(/^api\.(?=github\.com$|.*\.ghe\.com$)/, '')}`;
}

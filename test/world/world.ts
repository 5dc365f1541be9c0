import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportPKCS8, exportSPKI } from 'jose';
import { apiUrl } from './account-json.ts';
import type { Account } from './accounts.ts';
import { Deliveries, webhookHeaders } from './deliveries.ts';
import { Faults } from './faults.ts';
import { closeObjectReaders } from './git-objects.ts';
import { Journal } from './journal.ts';
import { keyPairFor } from './key-pairs.ts';
import { type Claims, OidcIssuer } from './oidc-issuer.ts';
import { type Runner, RunnerOrders } from './runner-orders.ts';
import { killGroup } from './runner-process.ts';
import type { WorldParts, WorldSettings } from './world-parts.ts';
import { WorldPeople } from './world-people.ts';
import { listen, type WorldServer, worldApp } from './world-server.ts';
import type { WorldState } from './world-state.ts';

export interface WorldOptions {
  readonly webhookUrl?: string;
  readonly appSlug?: string;
  readonly webhookSecret?: string;
  /** Who does the jobs; default `{ kind: 'manual' }`. */
  readonly runner?: Runner;
  readonly settings?: Partial<WorldSettings>;
  /** Permissions the App asks for; default: those of Plumbline's manifest. */
  readonly permissions?: Readonly<Record<string, string>>;
  readonly events?: readonly string[];
}

/** What Plumbline's `app.yml` asks for. */
const APP_PERMISSIONS: Readonly<Record<string, string>> = {
  actions: 'write',
  administration: 'read',
  checks: 'write',
  contents: 'write',
  issues: 'write',
  members: 'read',
  merge_queues: 'read',
  metadata: 'read',
  pull_requests: 'write',
  statuses: 'read',
};

const APP_EVENTS: readonly string[] = [
  'check_run',
  'installation',
  'installation_repositories',
  'issue_comment',
  'issues',
  'member',
  'membership',
  'merge_group',
  'pull_request',
  'pull_request_review',
  'push',
  'repository',
  'team',
  'workflow_job',
  'workflow_run',
];

/** A GitHub of its own on loopback, for tests, the demo and benchmarks. `README.md` says what it plays and what not. */
export class World extends WorldPeople implements AsyncDisposable {
  readonly #server: WorldServer;
  readonly #closing: AbortController;
  readonly #root: string;
  /** Failures inside the world itself; a test that finds one here found a bug of the world. */
  readonly errors: readonly unknown[];

  private constructor(
    parts: WorldParts,
    server: WorldServer,
    closing: AbortController,
    root: string,
    errors: unknown[],
  ) {
    super(parts, root);
    this.#server = server;
    this.#closing = closing;
    this.#root = root;
    this.errors = errors;
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const root = await mkdtemp(join(tmpdir(), 'world-'));
    const state = await createState(options);
    const faults = new Faults();
    const journal = new Journal();
    const deliveries = new Deliveries(state, faults, journal);
    deliveries.webhookUrl = options.webhookUrl;
    const errors: unknown[] = [];
    const parts: WorldParts = {
      state,
      deliveries,
      faults,
      journal,
      issuer: await OidcIssuer.create(state),
      orders: new RunnerOrders(options.runner ?? { kind: 'manual' }),
      settings: { unknownLooks: 1, missingEnvironment: 'create', ...options.settings },
      background: (work) => {
        work.catch((error: unknown) => errors.push(error));
      },
    };
    const closing = new AbortController();
    const server = await listen(worldApp(parts, closing.signal));
    state.url = `http://127.0.0.1:${server.port}`;
    return new World(parts, server, closing, root, errors);
  }

  /** `http://127.0.0.1:PORT`: the server of git and of web pages (`GITHUB_SERVER_URL`). */
  get url(): string {
    return this.parts.state.url;
  }

  /** Base of the REST API (`GITHUB_API_URL`); GraphQL is found by octokit from it. */
  get apiUrl(): string {
    return apiUrl(this.parts.state);
  }

  get oidcIssuer(): string {
    return this.parts.issuer.issuer;
  }

  get state(): WorldState {
    return this.parts.state;
  }

  get faults(): Faults {
    return this.parts.faults;
  }

  get orders(): RunnerOrders {
    return this.parts.orders;
  }

  get calls(): Journal['calls'] {
    return this.parts.journal.calls;
  }

  get deliveries(): Deliveries['all'] {
    return this.parts.deliveries.all;
  }

  get app(): WorldState['app'] {
    return this.parts.state.app;
  }

  get runs() {
    return [...this.parts.state.runs.values()];
  }

  set webhookUrl(url: string | undefined) {
    this.parts.deliveries.webhookUrl = url;
  }

  get webhookUrl(): string | undefined {
    return this.parts.deliveries.webhookUrl;
  }

  /** The environment in which Plumbline talks to this world. */
  serviceEnvironment(): Record<string, string> {
    return {
      APP_ID: String(this.app.id),
      PRIVATE_KEY: this.app.privateKeyPem,
      WEBHOOK_SECRET: this.app.webhookSecret,
      GITHUB_API_URL: this.apiUrl,
      OIDC_ISSUER: this.oidcIssuer,
    };
  }

  /** Resolve with the first truthy answer of `look`, asked at once and whenever something happens in the world. */
  waitFor<T>(look: (world: World) => T | undefined | false | null, what?: string, timeoutMs?: number): Promise<T> {
    return this.parts.journal.waitFor(() => look(this), what, timeoutMs);
  }

  /** Headers of a webhook signed with the App's secret, for tests that send what GitHub would not. */
  signedHeaders(event: string, body: string, guid: string = randomUUID()): Record<string, string> {
    return webhookHeaders(this.parts.state, { event, guid }, body);
  }

  /** Resolves when every webhook sent so far has been answered. */
  deliveriesSettled(): Promise<void> {
    this.parts.deliveries.release();
    return this.parts.deliveries.settled();
  }

  /**
   * A token as the job of `runId` would get it, with claims replaced (`undefined` removes one); signed with another
   * key if one is given.
   */
  forgeToken(
    runId: number,
    audience: string,
    overrides: Claims = {},
    options: { readonly key?: Parameters<OidcIssuer['sign']>[1] } = {},
  ): Promise<string> {
    const run = this.run(runId);
    const claims = { ...this.parts.issuer.claimsOf(run, audience), ...overrides };
    const kept = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
    return this.parts.issuer.sign(kept, options.key);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.parts.deliveries.close();
    for (const run of this.runs) {
      if (run.process !== undefined) {
        killGroup(run.process);
      }
    }
    await this.#server.close();
    await closeObjectReaders(this.#root);
    await rm(this.#root, { recursive: true, force: true, maxRetries: 3 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function createState(options: WorldOptions): Promise<WorldState> {
  const keys = await keyPairFor('app');
  // Ids start far apart, so that one kind's id taken for another's is found at once.
  const counters = new Map<string, number>();
  const nextId = (kind: string) => {
    const next = counters.get(kind) ?? 1_000_000 * (counters.size + 1) + 1;
    counters.set(kind, next + 1);
    return next;
  };
  const slug = options.appSlug ?? 'plumbline';
  const id = nextId('app');
  const botId = nextId('account');
  const bot = {
    id: botId,
    nodeId: `BOT_${botId}`,
    login: `${slug}[bot]`,
    name: `${slug}[bot]`,
    email: `${botId}+${slug}[bot]@users.noreply.github.com`,
    type: 'Bot' as const,
  };
  const ownerId = nextId('account');
  const owner = {
    ...bot,
    id: ownerId,
    nodeId: `U_${ownerId}`,
    login: `${slug}-author`,
    name: slug,
    email: `${slug}@example.com`,
    type: 'User' as const,
  };
  return {
    app: {
      id,
      slug,
      name: slug,
      clientId: `Iv23${randomBytes(8).toString('hex')}`,
      privateKeyPem: await exportPKCS8(keys.privateKey),
      publicKeyPem: await exportSPKI(keys.publicKey),
      webhookSecret: options.webhookSecret ?? randomBytes(32).toString('hex'),
      bot,
      owner: owner.login,
      permissions: options.permissions ?? APP_PERMISSIONS,
      events: options.events ?? APP_EVENTS,
    },
    accounts: new Map<string, Account>([
      [bot.login, bot],
      [owner.login, owner],
    ]),
    teams: new Map(),
    installations: new Map(),
    repositories: new Map(),
    tokens: new Map(),
    runs: new Map(),
    url: '',
    nextId,
    now: () => new Date(),
    startedAt: new Date(),
  };
}

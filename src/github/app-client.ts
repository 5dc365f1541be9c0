import type { Octokit } from '@octokit/rest';
import { Probot, ProbotOctokit } from 'probot';
import { calling } from './github-failure.ts';
import { type CallSeen, type Fetch, HTTP_TIMEOUT_MS, timedFetch } from './github-fetch.ts';

/** What this room uses of an authenticated client: typed REST routes and GraphQL. */
export type GitHubClient = Pick<Octokit, 'request' | 'graphql'>;

export interface AppOptions {
  readonly appId: number;
  /** PEM, PKCS#1 or PKCS#8. */
  readonly privateKey: string;
  /** The current secret, and the previous one while it is being replaced. */
  readonly webhookSecrets: readonly [string, ...string[]];
  readonly apiUrl: string;
  readonly fetch?: Fetch;
  readonly timeoutMs?: number;
  readonly onCall?: (call: CallSeen) => void;
}

export interface GitHubApp {
  readonly appId: number;
  /** A client that acts as the installation. Its token is fetched when first needed, and kept for an hour less a minute. */
  readonly installationClient: (installationId: number) => Promise<GitHubClient>;
  /** A client that acts as the App itself; good for `/app` routes only. */
  readonly appClient: () => Promise<GitHubClient>;
  /** A client without a token, for what GitHub tells everybody. */
  readonly publicClient: () => GitHubClient;
  /** Forget what is kept for an installation, token included: it was removed, suspended or got other permissions. */
  readonly forget: (installationId: number) => void;
}

/** Enough for every installation that is busy at one time; a client is small, and made again at no cost. */
const CLIENTS_KEPT = 500;

/**
 * Nothing is retried or spaced out behind our back: the outbox paces and retries, and must know what was sent.
 * It has to be a function: plain defaults are overridden by probot's own.
 */
const PlainOctokit = ProbotOctokit.defaults((options: object) => ({
  ...options,
  throttle: { enabled: false },
  retry: { enabled: false },
}));

/**
 * The App's clients. Probot brings authentication and the token cache; nothing of its server, its environment
 * variables or its event handling is used.
 */
export function createApp(options: AppOptions): GitHubApp {
  const fetch = timedFetch(
    options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    options.apiUrl,
    options.onCall ?? (() => {}),
    options.timeoutMs ?? HTTP_TIMEOUT_MS,
  );
  const open = () =>
    new Probot({
      appId: options.appId,
      privateKey: options.privateKey,
      secret: options.webhookSecrets[0],
      baseUrl: options.apiUrl,
      logLevel: 'fatal',
      request: { fetch },
      Octokit: PlainOctokit,
    });
  let probot = open();
  const clients = new Map<number, Promise<GitHubClient>>();
  return {
    appId: options.appId,
    appClient: () => calling('authenticate as the App', () => probot.auth()),
    publicClient: () => new PlainOctokit({ baseUrl: options.apiUrl, request: { fetch } }),
    installationClient: (installationId) => {
      const kept = clients.get(installationId);
      if (kept !== undefined) {
        return kept;
      }
      const made = calling(`authenticate as installation ${installationId}`, () => probot.auth(installationId));
      clients.set(installationId, made);
      made.catch(() => clients.delete(installationId));
      const [oldest] = clients.keys();
      if (clients.size > CLIENTS_KEPT && oldest !== undefined) {
        clients.delete(oldest);
      }
      return made;
    },
    forget: (installationId) => {
      // Probot's token cache cannot drop one entry; a fresh one costs each busy installation one token call.
      if (clients.delete(installationId)) {
        probot = open();
        clients.clear();
      }
    },
  };
}

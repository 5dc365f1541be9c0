/** One HTTP call as it went out, retries not folded. `status` is null when no answer came. */
export interface CallSeen {
  readonly method: string;
  /** The path with its variable parts named, so that calls can be counted by kind. */
  readonly route: string;
  readonly status: number | null;
  readonly ms: number;
}

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Shorter than the lease under which a write is sent, so that two senders never overlap. */
export const HTTP_TIMEOUT_MS = 15_000;

/**
 * `fetch` with a time limit over the whole exchange, body included, which tells `onCall` of every call.
 */
export function timedFetch(
  fetch: Fetch,
  apiUrl: string,
  onCall: (call: CallSeen) => void,
  timeoutMs: number = HTTP_TIMEOUT_MS,
): Fetch {
  const base = new URL(apiUrl).pathname.replace(/\/+$/, '');
  return async (url, init = {}) => {
    const started = performance.now();
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
    const method = (init.method ?? 'GET').toUpperCase();
    let status: number | null = null;
    try {
      const response = await fetch(url, { ...init, signal });
      status = response.status;
      // Octokit takes a body that breaks off for an empty one; read here, it is an error.
      const body = await response.arrayBuffer();
      const { headers, statusText } = response;
      if (response.ok && body.byteLength > 0 && !/\bjson\b/.test(headers.get('content-type') ?? '')) {
        throw new TypeError('the answer is not JSON: something between us and GitHub answered');
      }
      return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
    } finally {
      onCall({ method, route: routeOf(new URL(url).pathname, base), status, ms: performance.now() - started });
    }
  };
}

/** Words that stand before a variable part, and the name of that part. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  repos: ['owner', 'repo'],
  repositories: ['repository'],
  orgs: ['org'],
  users: ['login'],
  installations: ['installation'],
  pulls: ['pull'],
  issues: ['issue'],
  comments: ['comment'],
  deliveries: ['delivery'],
  collaborators: ['login'],
  teams: ['team'],
  memberships: ['login'],
  trees: ['sha'],
  commits: ['sha'],
  compare: ['range'],
  'check-runs': ['check'],
  workflows: ['workflow'],
  runs: ['run'],
  labels: ['label'],
};

/** Words after which everything left is one variable part: branch names hold slashes. */
const REST: Readonly<Record<string, string>> = { branches: 'branch', heads: 'branch', contents: 'path' };

/** The kind of a call: `/repos/acme/infra/pulls/7/files` is `/repos/{owner}/{repo}/pulls/{pull}/files`. */
export function routeOf(pathname: string, base: string): string {
  // On an enterprise server GraphQL is not below the REST base.
  if (pathname.endsWith('/graphql')) {
    return '/graphql';
  }
  const parts = (pathname.startsWith(base) ? pathname.slice(base.length) : pathname).split('/').filter(Boolean);
  const out: string[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const word = parts[at] ?? '';
    out.push(word);
    const rest = Object.hasOwn(REST, word) ? REST[word] : undefined;
    if (rest !== undefined && at + 1 < parts.length) {
      out.push(`{${rest}}`);
      if (parts.at(-1) === 'protection' && at + 2 < parts.length) {
        out.push('protection');
      }
      break;
    }
    const names = Object.hasOwn(NAMED, word) ? (NAMED[word] ?? []) : [];
    // "issues/comments/5" has a word where "issues/5" has a number.
    const next = parts[at + 1];
    if (names.length > 0 && next !== undefined && !(word === 'issues' && next === 'comments')) {
      const taken = names.slice(0, parts.length - at - 1);
      out.push(...taken.map((name) => `{${name}}`));
      at += taken.length;
    }
  }
  return `/${out.join('/')}`;
}

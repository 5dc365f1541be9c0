import { Failure } from '../domain/failure.ts';
import type { GitHubClient } from './app-client.ts';
import { calling } from './github-failure.ts';

interface GraphqlProblem {
  readonly type: string;
  readonly message: string;
  readonly path: readonly (string | number)[];
}

/** `data` with holes where `problems` say so; GraphQL answers what it can. */
export interface Answered<T> {
  readonly data: T;
  readonly problems: readonly GraphqlProblem[];
}

/**
 * Ask GraphQL. Throws a Failure when nothing useful came: no answer, rate limit (which GraphQL says with status 200),
 * or a problem without a place in the data, such as GitHub's own time-out.
 */
export async function runQuery<T>(
  client: GitHubClient,
  what: string,
  text: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Answered<T>> {
  return await calling(what, async () => {
    try {
      return { data: await client.graphql<T>(text, { ...variables }), problems: [] };
    } catch (error) {
      const partial = partialOf<T>(error);
      if (partial === null) {
        throw error;
      }
      const limited = partial.problems.some(({ type }) => type === 'RATE_LIMITED' || type === 'RATE_LIMIT');
      if (limited) {
        throw new Failure('github-limited', `GitHub's rate limit was reached: ${what}`, {
          retryAfterMs: partial.waitMs,
        });
      }
      const { data, problems } = partial;
      if (data === null || problems.some(({ path }) => path.length === 0)) {
        throw new Failure('github-unreachable', `GitHub could not answer a query: ${what}: ${said(problems)}`);
      }
      return { data, problems };
    }
  });
}

/** Is there a problem of this type at exactly this place? */
export function hasProblem(
  problems: readonly GraphqlProblem[],
  type: string,
  path: readonly (string | number)[],
): boolean {
  return problems.some((problem) => problem.type === type && problem.path.join('/') === path.join('/'));
}

function said(problems: readonly GraphqlProblem[]): string {
  return problems
    .map(({ message }) => message.replace(/\s+/g, ' '))
    .join('; ')
    .slice(0, 300);
}

interface Partial<T> {
  readonly data: T | null;
  readonly problems: readonly GraphqlProblem[];
  readonly waitMs: number;
}

/** What octokit's GraphqlResponseError holds; null for any other error. */
function partialOf<T>(error: unknown): Partial<T> | null {
  if (!isGraphqlError<T>(error)) {
    return null;
  }
  const reset = Number(error.headers?.['x-ratelimit-reset']);
  return {
    data: error.data ?? null,
    problems: (error.errors ?? []).map((problem) => ({
      type: problem.type ?? '',
      message: problem.message ?? '',
      path: problem.path ?? [],
    })),
    waitMs: Number.isFinite(reset) ? Math.max(1_000, reset * 1_000 - Date.now()) : 60_000,
  };
}

interface GraphqlError<T> extends Error {
  readonly data?: T | null;
  readonly errors?: readonly Readonly<globalThis.Partial<GraphqlProblem>>[];
  readonly headers?: Readonly<Record<string, unknown>>;
}

function isGraphqlError<T>(error: unknown): error is GraphqlError<T> {
  return error instanceof Error && error.name === 'GraphqlResponseError';
}

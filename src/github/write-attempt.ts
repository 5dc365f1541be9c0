import { Failure } from '../domain/failure.ts';
import type { WriteResult } from '../domain/github-write.ts';
import type { Instant } from '../domain/instant.ts';
import { failureOf, limitOf, messageOf, statusOf } from './github-failure.ts';

/** How a write is sent. */
export interface WriteContext {
  readonly appId: number;
  readonly botId: number;
  /**
   * It was sent before and nobody knows what came of it: look for its effect first. Also right when the caller cannot
   * tell. A certain first try saves the look.
   */
  readonly uncertain: boolean;
  /** When the write was decided: its effect cannot be older. */
  readonly since: Instant;
}

/** What came of one request: its answer, or GitHub's final no. */
export type Attempt<T> =
  | { readonly ok: true; readonly data: T; readonly status: number }
  | { readonly ok: false; readonly status: number; readonly message: string };

/**
 * Send one request. What may pass by itself is thrown as a Failure: rate limits, 5xx, no answer, and a token that is not
 * accepted, since the next one may be. Everything else that GitHub refuses is an answer.
 */
export async function attempt<T>(
  what: string,
  call: () => Promise<{ readonly data: T; readonly status: number }>,
): Promise<Attempt<T>> {
  try {
    const { data, status } = await call();
    return { ok: true, data, status };
  } catch (error) {
    const status = statusOf(error);
    if (status === 401) {
      throw new Failure('github-unreachable', `GitHub did not accept our token: ${what}`);
    }
    if (status === null || status >= 500 || status === 408 || limitOf(error) !== null) {
      throw failureOf(what, error);
    }
    return { ok: false, status, message: messageOf(error) };
  }
}

/** The end of a write that GitHub refuses for good. */
export function dead(what: string, refused: { readonly status: number; readonly message: string }): WriteResult {
  return {
    ok: false,
    dead: `${what}: GitHub answered ${refused.status}${refused.message ? ` ${refused.message}` : ''}`,
  };
}

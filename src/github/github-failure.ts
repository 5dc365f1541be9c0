import { Failure } from '../domain/failure.ts';

/** What an error from a client says, read without trusting its shape. */
interface Answer {
  readonly status: number | null;
  readonly message: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Run a call to GitHub and turn whatever it throws into a `Failure`. `what` says for people what was being done.
 * Errors that are not GitHub's (bugs) pass through as they are. The original error is not kept as the cause:
 * it carries the request, and with it a token.
 */
export async function calling<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureOf(what, error);
  }
}

/** The `Failure` for an error of a GitHub client; any other error unchanged. */
export function failureOf(what: string, error: unknown): unknown {
  if (error instanceof Failure) {
    return error;
  }
  const answer = answerOf(error);
  if (answer === null) {
    return error;
  }
  const { status } = answer;
  const waitMs = limitedFor(answer);
  if (waitMs !== null) {
    return new Failure('github-limited', `GitHub's rate limit was reached: ${what}`, { retryAfterMs: waitMs });
  }
  if (status === null || status >= 500 || status === 408) {
    const how = status === null ? 'GitHub did not answer' : `GitHub answered ${status}`;
    return new Failure('github-unreachable', `${how}: ${what}`);
  }
  const said = answer.message === '' ? `${status}` : `${status} ${oneLine(answer.message)}`;
  if (status === 404 || status === 410) {
    return new Failure('github-not-found', `GitHub does not know this (${said}): ${what}`);
  }
  return new Failure('github-forbidden', `GitHub refused (${said}): ${what}`);
}

/** The HTTP status of a client's error; null when there was no answer or it is no such error. */
export function statusOf(error: unknown): number | null {
  return answerOf(error)?.status ?? null;
}

/** GitHub's own words in an error, as one short line. */
export function messageOf(error: unknown): string {
  return oneLine(answerOf(error)?.message ?? '');
}

/** How long GitHub asks to wait, in milliseconds, when the error is its rate limit; else null. */
export function limitOf(error: unknown): number | null {
  const answer = answerOf(error);
  return answer === null ? null : limitedFor(answer);
}

function answerOf(error: unknown): Answer | null {
  if (!(error instanceof Error)) {
    return null;
  }
  if (error.name === 'HttpError' && 'status' in error && typeof error.status === 'number') {
    const response: unknown = 'response' in error ? error.response : undefined;
    // The client reports a lost connection as a 500 of its own that has no response.
    if (!isRecord(response)) {
      return { status: null, message: error.message, headers: {} };
    }
    const data = isRecord(response.data) ? response.data : {};
    const message = typeof data.message === 'string' ? data.message : '';
    return { status: error.status, message, headers: isRecord(response.headers) ? response.headers : {} };
  }
  if (error.name === 'AbortError' || error.name === 'TimeoutError' || isNetworkError(error)) {
    return { status: null, message: error.message, headers: {} };
  }
  return null;
}

/** Node's fetch throws a TypeError with the socket's error as its cause. */
function isNetworkError(error: Error): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit */
function limitedFor(answer: Answer): number | null {
  const { status, message, headers } = answer;
  if (status !== 403 && status !== 429) {
    return null;
  }
  const after = numberOf(headers['retry-after']);
  if (after !== null) {
    return after * 1_000;
  }
  if (headers['x-ratelimit-remaining'] === '0') {
    const reset = numberOf(headers['x-ratelimit-reset']);
    return reset === null ? 60_000 : Math.max(1_000, reset * 1_000 - serverTime(headers));
  }
  return status === 429 || /rate limit/i.test(message) ? 60_000 : null;
}

/** GitHub's clock where it tells, so that a wrong clock here does not stretch the wait. */
function serverTime(headers: Readonly<Record<string, unknown>>): number {
  const date = headers.date;
  const parsed = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(parsed) ? Date.now() : parsed;
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  return Number.isFinite(number) && number >= 0 ? number : null;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

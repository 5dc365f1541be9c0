import { setTimeout as sleep } from 'node:timers/promises';
import {
  ErrorAnswer,
  HeartbeatAnswer,
  MAX_SHOWN_BYTES,
  NextStep,
  PROTOCOL,
  ShownPlan,
} from '../../src/protocol/messages.ts';
import { messageOf, RunnerFailure } from './runner-failure.ts';

/** A refusal of the service, or that it could not be reached (`status` 0). `code` is the service's own. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

/** The runner's side of the protocol. Every call but the claim uses the token that the claim gave. */
export interface Server {
  /** Asks `idToken` for a fresh token at every try: the service takes each of them once. */
  readonly claim: (idToken: () => Promise<string>) => Promise<NextStep>;
  readonly next: () => Promise<NextStep>;
  /** `bodyText` is JSON text. */
  readonly discovery: (bodyText: string) => Promise<NextStep>;
  /** False when the run is over for the service, too. */
  readonly heartbeat: () => Promise<{ readonly cancel: boolean }>;
  readonly begun: (indexes: readonly number[]) => Promise<void>;
  readonly report: (bodyText: string) => Promise<void>;
  readonly putPlan: (planId: string, sealed: Uint8Array) => Promise<void>;
  readonly getPlan: (planId: string, most: number) => Promise<Uint8Array>;
  /** What people read of the plan. */
  readonly getShown: (planId: string) => Promise<ShownPlan>;
}

export interface ServerOptions {
  readonly url: string;
  readonly run: string;
  readonly fetch?: typeof fetch;
  /** Pause before try number `n` (from 1), in milliseconds. */
  readonly pauseMs?: (n: number, retryAfterMs: number | null) => number;
  readonly tries?: number;
}

const CALL_TIMEOUT_MS = 15_000;
const BULK_TIMEOUT_MS = 120_000;
const TRIES = 6;
/** The report is the one thing that nobody can say again: a service that is away for a quarter of an hour must not lose what an apply did. */
const REPORT_TRIES = 60;
/** Answers are small but for plans; a manifest of a thousand dirspaces stays far below. */
const MAX_ANSWER = 16 * 1024 * 1024;

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly tries?: number;
  readonly authorization?: () => Promise<string>;
  readonly most?: number;
}

interface Reader<T> {
  readonly safeParse: (
    value: unknown,
  ) =>
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly { readonly path: PropertyKey[] }[] } };
}

/** Opens a client. Calls are repeated on 5xx, 429 and network errors: each of them may safely arrive twice. */
export function openServer(options: ServerOptions): Server {
  const doFetch = options.fetch ?? fetch;
  const pause = options.pauseMs ?? pauseWithJitter;
  const path = `/runner/v1/runs/${options.run}`;
  let token = '';

  async function call(request: Call): Promise<Uint8Array> {
    const tries = request.tries ?? options.tries ?? TRIES;
    for (let n = 1; ; n += 1) {
      const answer = await once(request);
      if (answer instanceof Uint8Array) {
        return answer;
      }
      if (!answer.again || n >= tries) {
        throw answer.refusal;
      }
      await sleep(pause(n, answer.retryAfterMs));
    }
  }

  async function once(request: Call) {
    const bearer = request.authorization === undefined ? token : await request.authorization();
    try {
      const response = await doFetch(`${options.url}${request.path}`, {
        method: request.method,
        redirect: 'error',
        signal: AbortSignal.timeout(request.timeoutMs ?? CALL_TIMEOUT_MS),
        headers: {
          authorization: `Bearer ${bearer}`,
          'user-agent': `plumbline-runner/${PROTOCOL}`,
          ...(request.body === undefined
            ? {}
            : { 'content-type': typeof request.body === 'string' ? 'application/json' : 'application/octet-stream' }),
        },
        ...(request.body === undefined ? {} : { body: bodyOf(request.body) }),
      });
      const body = await readBody(response, request.most ?? MAX_ANSWER);
      if (response.ok) {
        return body;
      }
      const again = response.status === 429 || response.status >= 500;
      return { again, retryAfterMs: retryAfter(response.headers), refusal: refusalOf(response.status, body) };
    } catch (error) {
      if (error instanceof ServerRefusal) {
        throw error;
      }
      const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
      const refusal = new ServerRefusal(
        0,
        'unreachable',
        `${options.url} could not be reached (${messageOf(error)}${cause})`,
        { cause: error },
      );
      return { again: true, retryAfterMs: null, refusal };
    }
  }

  async function ask<T>(schema: Reader<T>, request: Call): Promise<T> {
    const parsed = schema.safeParse(json(await call(request)));
    if (!parsed.success) {
      const where = parsed.error.issues.map((issue) => issue.path.map(String).join('.')).slice(0, 5);
      throw new RunnerFailure(
        'bad-answer',
        `The service answered something this runner does not understand (${where.join(', ')}). Pin the action to the version of your service.`,
      );
    }
    return parsed.data;
  }

  async function step(request: Call): Promise<NextStep> {
    const next = await ask(NextStep, request);
    token = next.token ?? token;
    return next;
  }

  return {
    claim: (idToken) =>
      step({
        method: 'POST',
        path: '/runner/v1/claim',
        body: JSON.stringify({ protocol: PROTOCOL, run: options.run }),
        authorization: idToken,
      }),
    next: () => step({ method: 'GET', path: `${path}/manifest` }),
    discovery: (body) => step({ method: 'POST', path: `${path}/discovery`, body, timeoutMs: BULK_TIMEOUT_MS }),
    heartbeat: async () => {
      // One try: the next beat is the retry.
      const answer = HeartbeatAnswer.safeParse(
        json(await call({ method: 'POST', path: `${path}/heartbeat`, body: '{}', tries: 1 })),
      );
      return { cancel: answer.success && answer.data.cancel };
    },
    begun: async (indexes) => {
      await call({ method: 'POST', path: `${path}/begun`, body: JSON.stringify({ indexes }) });
    },
    report: async (body) => {
      const tries = options.tries ?? REPORT_TRIES;
      await call({ method: 'POST', path: `${path}/report`, body, timeoutMs: BULK_TIMEOUT_MS, tries });
    },
    putPlan: async (planId, body) => {
      await call({ method: 'PUT', path: `${path}/plans/${planId}`, body, timeoutMs: BULK_TIMEOUT_MS });
    },
    getPlan: (planId, most) =>
      call({ method: 'GET', path: `${path}/plans/${planId}`, timeoutMs: BULK_TIMEOUT_MS, most }),
    getShown: (planId) =>
      ask(ShownPlan, { method: 'GET', path: `${path}/plans/${planId}/shown`, most: MAX_SHOWN_BYTES }),
  };
}

/** Full jitter over a doubling pause of at most 20 s; longer when the service asks for it. */
export function pauseWithJitter(n: number, retryAfterMs: number | null): number {
  const doubling = Math.min(20_000, 500 * 2 ** n);
  return Math.min(60_000, Math.max(retryAfterMs ?? 0, doubling * (0.5 + Math.random() / 2)));
}

function bodyOf(body: string | Uint8Array): string | Blob {
  // A Blob has a length, so that `content-length` is sent and nothing is chunked.
  return typeof body === 'string' ? body : new Blob([new Uint8Array(body)]);
}

async function readBody(response: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > most) {
      throw new ServerRefusal(
        response.status,
        'answer-too-large',
        `The service's answer is larger than ${most} bytes.`,
      );
    }
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

function refusalOf(status: number, body: Uint8Array): ServerRefusal {
  const answer = ErrorAnswer.safeParse(json(body));
  return answer.success
    ? new ServerRefusal(status, answer.data.error.code, answer.data.error.message)
    : new ServerRefusal(status, `http-${status}`, `The service answered with status ${status}.`);
}

function json(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return value;
  } catch {
    return undefined;
  }
}

function retryAfter(headers: Headers): number | null {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
}

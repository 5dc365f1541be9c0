import { Worker } from 'node:worker_threads';

export interface EmbeddedStart {
  /** Null: in memory. */
  readonly directory: string | null;
  /** A data folder as `dump` gave it; for tests. */
  readonly dump: Uint8Array | null;
}
export type EmbeddedQuestion =
  | { readonly ask: 'ready' | 'dump' | 'close' }
  | { readonly ask: 'query'; readonly sql: string; readonly parameters: readonly unknown[] };
export interface EmbeddedAnswer {
  readonly rows: Record<string, unknown>[];
  readonly affected: number | null;
}
interface Reply {
  readonly id: number;
  readonly result?: EmbeddedAnswer;
  readonly error?: { readonly message: string; readonly code?: string; readonly constraint?: string };
}

/** What the embedded database refused; named as PostgreSQL's driver names it. */
class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
  readonly code: string | undefined;
  readonly constraint: string | undefined;
  constructor(error: { readonly message: string; readonly code?: string; readonly constraint?: string }) {
    super(error.message);
    this.code = error.code;
    this.constraint = error.constraint;
  }
}

/** PGlite in a thread of its own: questions go in, answers come out in the same order. */
export class EmbeddedEngine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<EmbeddedAnswer>>();
  #next = 0;
  #gone: Error | null = null;

  constructor(start: EmbeddedStart) {
    this.#worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData: start, execArgv: [] });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#fail(new Error('the embedded database has stopped')));
  }

  /** One question. Rejects with an `EmbeddedError` when the database refuses. */
  async ask(question: EmbeddedQuestion): Promise<EmbeddedAnswer> {
    if (this.#gone !== null) {
      throw this.#gone;
    }
    const id = this.#next++;
    const waiting = Promise.withResolvers<EmbeddedAnswer>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ id, question });
    return waiting.promise;
  }

  /** Closes the data folder and ends the thread. */
  async close(): Promise<void> {
    if (this.#gone === null) {
      await this.ask({ ask: 'close' });
    }
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.result === undefined) {
      waiting?.reject(new EmbeddedError(reply.error ?? { message: 'no answer' }));
    } else {
      waiting?.resolve(reply.result);
    }
  }

  #fail(error: Error): void {
    this.#gone ??= error;
    for (const waiting of this.#waiting.values()) {
      waiting.reject(this.#gone);
    }
    this.#waiting.clear();
  }
}

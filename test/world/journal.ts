import { EventEmitter } from 'node:events';

export interface Call {
  readonly method: string;
  /** The route's pattern, e.g. `/repos/:owner/:repo/pulls/:number`; for GraphQL `graphql:<operation name>`. */
  readonly route: string;
  readonly path: string;
  readonly kind: 'rest' | 'graphql' | 'token' | 'git' | 'oidc';
  /** Milliseconds since the epoch at which the call came in. */
  readonly at: number;
  readonly status: number;
}

/** What happened so far, and waking whoever waits for something to happen. */
export class Journal {
  readonly calls: Call[] = [];
  readonly #events = new EventEmitter().setMaxListeners(0);

  record(call: Call): void {
    this.calls.push(call);
    this.changed();
  }

  /** Tell waiters that something of the world changed. */
  changed(): void {
    this.#events.emit('change');
  }

  /**
   * Resolve with the first truthy answer of `look`, asked now and after each change.
   * Rejects after `timeoutMs` (default 20 s) with `what` in the message.
   */
  waitFor<T>(look: () => T | undefined | false | null, what = 'the expected state', timeoutMs = 20_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#events.off('change', check);
      };
      const check = () => {
        try {
          const seen = look();
          if (seen !== undefined && seen !== false && seen !== null) {
            stop();
            resolve(seen);
          }
        } catch (error) {
          stop();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`waited ${timeoutMs} ms for ${what}`));
      }, timeoutMs);
      this.#events.on('change', check);
      check();
    });
  }
}

import type { Channel } from './database.ts';

/** Listeners of this process. */
export class Wake {
  readonly #listeners = new Map<Channel, Set<() => void>>();

  listen(channel: Channel, wake: () => void): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners);
    listeners.add(wake);
    return () => {
      listeners.delete(wake);
    };
  }

  wake(channel: Channel): void {
    for (const listener of this.#listeners.get(channel) ?? []) {
      listener();
    }
  }

  wakeAll(): void {
    for (const channel of this.#listeners.keys()) {
      this.wake(channel);
    }
  }
}

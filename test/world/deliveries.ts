import { createHmac, randomUUID } from 'node:crypto';
import type { DeliveryFault, Faults } from './faults.ts';
import type { Journal } from './journal.ts';
import type { WorldState } from './world-state.ts';

export interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
  readonly action: string | undefined;
  readonly installationId: number | null;
  readonly repositoryId: number | null;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly deliveredAt: string;
  readonly redelivery: boolean;
  /** `unsent`: no webhook address was set; `dropped`: lost on order; a number: what the receiver answered (0: no answer). */
  outcome: 'pending' | 'unsent' | 'dropped' | number;
  durationMs: number;
}

export interface Outgoing {
  readonly event: string;
  readonly action: string | undefined;
  readonly installationId: number | null;
  readonly repositoryId: number | null;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** GitHub gives a receiver ten seconds. */
const RECEIVER_TIMEOUT_MS = 10_000;

/** Sends signed webhooks one after the other, in the order in which things happened, unless told otherwise. */
export class Deliveries {
  readonly all: Delivery[] = [];
  webhookUrl: string | undefined;
  readonly #state: WorldState;
  readonly #faults: Faults;
  readonly #journal: Journal;
  readonly #held: Delivery[] = [];
  readonly #stopped = new AbortController();
  #tail: Promise<void> = Promise.resolve();

  constructor(state: WorldState, faults: Faults, journal: Journal) {
    this.#state = state;
    this.#faults = faults;
    this.#journal = journal;
  }

  send(outgoing: Outgoing): Delivery {
    return this.#enqueue(outgoing, randomUUID(), false);
  }

  /** Deliver once more under the same GUID, as `POST /app/hook/deliveries/{id}/attempts` does. */
  redeliver(delivery: Delivery): Delivery {
    return this.#enqueue(delivery, delivery.guid, true);
  }

  /** Resolves when nothing waits to be sent any more. */
  async settled(): Promise<void> {
    let seen: Promise<void> | undefined;
    while (seen !== this.#tail) {
      seen = this.#tail;
      await seen;
    }
  }

  close(): void {
    this.#stopped.abort();
  }

  #enqueue(outgoing: Outgoing, guid: string, redelivery: boolean): Delivery {
    const { event, action, installationId, repositoryId, payload } = outgoing;
    const delivery: Delivery = {
      id: this.#state.nextId('delivery'),
      guid,
      event,
      action,
      installationId,
      repositoryId,
      // What was sent stays what it was, whatever happens to the world afterwards.
      payload: structuredClone(payload),
      deliveredAt: this.#state.now().toISOString(),
      redelivery,
      outcome: 'pending',
      durationMs: 0,
    };
    this.all.push(delivery);
    if (this.webhookUrl === undefined) {
      delivery.outcome = 'unsent';
      this.#journal.changed();
      return delivery;
    }
    this.#held.push(delivery);
    if (this.#held.length >= this.#faults.shuffleWindow) {
      this.release();
    }
    return delivery;
  }

  /** Send what is held back for shuffling, last first. */
  release(): void {
    const hand = this.#held.splice(0);
    for (const delivery of this.#faults.shuffleWindow > 1 ? hand.reverse() : hand) {
      const fault = this.#faults.takeForDelivery(delivery);
      this.#tail = this.#tail.then(() => this.#deliver(delivery, fault));
    }
  }

  async #deliver(delivery: Delivery, fault: DeliveryFault | undefined): Promise<void> {
    if (fault?.kind === 'drop') {
      delivery.outcome = 'dropped';
      this.#journal.changed();
      return;
    }
    if (fault?.kind === 'delay') {
      // Later ones overtake it: a delayed delivery does not hold up the line.
      setTimeout(() => void this.#post(delivery), fault.ms).unref();
      return;
    }
    const copies = fault?.kind === 'repeat' ? (fault.copies ?? 2) : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      await this.#post(delivery);
    }
  }

  async #post(delivery: Delivery): Promise<void> {
    const url = this.webhookUrl;
    if (url === undefined || this.#stopped.signal.aborted) {
      delivery.outcome = 'unsent';
      return;
    }
    const body = JSON.stringify(delivery.payload);
    const started = performance.now();
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: webhookHeaders(this.#state, delivery, body),
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(RECEIVER_TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      delivery.outcome = response.status;
    } catch {
      delivery.outcome = 0;
    }
    delivery.durationMs = performance.now() - started;
    this.#journal.changed();
  }
}

/** The headers of a delivery, signatures included (the sha1 one is still sent by GitHub, too). */
export function webhookHeaders(
  state: WorldState,
  delivery: { readonly event: string; readonly guid: string },
  body: string,
): Record<string, string> {
  const sign = (algorithm: string) => createHmac(algorithm, state.app.webhookSecret).update(body).digest('hex');
  return {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/0000001',
    'x-github-event': delivery.event,
    'x-github-delivery': delivery.guid,
    'x-github-hook-id': '1',
    'x-github-hook-installation-target-id': String(state.app.id),
    'x-github-hook-installation-target-type': 'integration',
    'x-hub-signature': `sha1=${sign('sha1')}`,
    'x-hub-signature-256': `sha256=${sign('sha256')}`,
  };
}

/** What goes wrong with a call that matches. */
export type CallFault =
  | { readonly kind: 'secondary-limit'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'rate-limit'; readonly resetInSeconds?: number }
  | { readonly kind: 'too-many-requests'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'server-error'; readonly status?: number }
  /** The call takes effect, and its answer is replaced by a 502. */
  | { readonly kind: 'answer-lost' }
  /** The call never takes effect and is never answered; the connection stays open until the world closes. */
  | { readonly kind: 'hang' }
  /** The connection is answered late, after `ms`. */
  | { readonly kind: 'slow'; readonly ms: number };

export type DeliveryFault =
  | { readonly kind: 'drop' }
  | { readonly kind: 'repeat'; readonly copies?: number }
  | { readonly kind: 'delay'; readonly ms: number };

interface Armed<Fault, Subject> {
  readonly fault: Fault;
  readonly matches: (subject: Subject) => boolean;
  left: number;
}

export interface CallSubject {
  readonly method: string;
  readonly path: string;
}

export interface DeliverySubject {
  readonly event: string;
  readonly action: string | undefined;
}

/** Misbehaviour on order. Each fault is used up `times` times (default once), the oldest first. */
export class Faults {
  readonly #calls: Armed<CallFault, CallSubject>[] = [];
  readonly #deliveries: Armed<DeliveryFault, DeliverySubject>[] = [];
  /** The calls that something went wrong with, as `POST /api/graphql`, from the moment at which they came. */
  readonly struck: string[] = [];
  /** Trees longer than this are cut and marked `truncated`. */
  maxTreeEntries = 100_000;
  /** Lists of a pull request's files end here without saying so, as GitHub's do at 3000. */
  maxPullFiles = 3000;
  /** Hold back this many deliveries and send each full hand in another order. */
  shuffleWindow = 0;

  /** `route` is a part of the path, or a pattern tested against `METHOD /path`. */
  onCall(route: string | RegExp, fault: CallFault, times = 1): void {
    this.#calls.push({ fault, left: times, matches: (call) => matchesRoute(route, call) });
  }

  /** `event` is `pull_request` or `pull_request.opened`; undefined matches every delivery. */
  onDelivery(event: string | undefined, fault: DeliveryFault, times = 1): void {
    this.#deliveries.push({
      fault,
      left: times,
      matches: (one) => event === undefined || event === one.event || event === `${one.event}.${one.action ?? ''}`,
    });
  }

  takeForCall(call: CallSubject): CallFault | undefined {
    const fault = take(this.#calls, call);
    if (fault !== undefined) {
      this.struck.push(`${call.method} ${call.path}`);
    }
    return fault;
  }

  takeForDelivery(delivery: DeliverySubject): DeliveryFault | undefined {
    return take(this.#deliveries, delivery);
  }

  /** Forget everything ordered so far. */
  clear(): void {
    this.#calls.length = 0;
    this.#deliveries.length = 0;
    this.maxTreeEntries = 100_000;
    this.maxPullFiles = 3000;
    this.shuffleWindow = 0;
  }
}

function matchesRoute(route: string | RegExp, call: CallSubject): boolean {
  const text = `${call.method} ${call.path}`;
  return typeof route === 'string' ? text.includes(route) : route.test(text);
}

function take<Fault, Subject>(armed: Armed<Fault, Subject>[], subject: Subject): Fault | undefined {
  const found = armed.find((one) => one.left > 0 && one.matches(subject));
  if (found === undefined) {
    return undefined;
  }
  found.left -= 1;
  return found.fault;
}

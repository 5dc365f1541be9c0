import type { Event } from '../domain/event.ts';
import type { Instant } from '../domain/instant.ts';
import type { ReasonCode } from '../domain/reason.ts';

/** Who we are on GitHub, and when the delivery came: what a payload alone does not tell. */
export interface Arrival {
  readonly appId: number;
  readonly botId: number;
  readonly receivedAt: Instant;
}

/** Nothing to decide, and why. */
interface Ignorable {
  readonly ignored: ReasonCode;
  readonly detail: string;
}

/** What one kind of payload means to us. */
export type Outcome = Event | Ignorable;

/** `subject` is the line that an ignored delivery is recorded under. */
export type Mapped = { readonly event: Event } | (Ignorable & { readonly subject: string });

import type { ReasonCode } from '../domain/reason.ts';
import type { Refusal } from './refusal.ts';

/** What came of one command. */
export interface Outcome {
  readonly reason: ReasonCode;
  readonly refusals: readonly Refusal[];
  /** Lines of the workflow file that are missing. */
  readonly lines?: readonly string[];
  /** An answer for people, in Markdown, when the command is a question. */
  readonly answer?: string;
}

/** A command that is refused for one reason. */
export function refused(reason: ReasonCode, more: Omit<Refusal, 'reason'> = {}): Outcome {
  return { reason, refusals: [{ reason, ...more }] };
}

/** A command that was done. */
export function done(reason: ReasonCode): Outcome {
  return { reason, refusals: [] };
}

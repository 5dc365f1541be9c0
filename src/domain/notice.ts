import type { DispatchProblem } from './event.ts';
import type { Instant } from './instant.ts';
import type { ReasonCode } from './reason.ts';

/** A problem in a configuration file, with its place. */
export interface ConfigProblem {
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Key path such as `dirs.prod.when_modified`. */
  readonly path: string;
  readonly message: string;
  readonly allowed?: string;
  readonly nearest?: string;
}

/** How the repository wants to see what is published; from the configuration that counts for the pull request. */
export interface DisplaySettings {
  readonly checks: 'summary' | 'per-dirspace' | 'statuses';
  readonly labels: boolean;
  /** What becomes of the comment before; `edit` when the repository has not said. */
  readonly comments: 'edit' | 'append' | 'minimize' | 'delete';
}

/** The newest approval, for "what changed since it was reviewed". It decides nothing; what counts is read live. */
export interface SeenReview {
  readonly by: string;
  readonly at: Instant;
  readonly headSha: string;
}

/** Reasons for which something that was planned counts no more. */
export const OUTDATED: ReadonlySet<ReasonCode> = new Set([
  'plan-stale-base',
  'plan-stale-state',
  'plan-stale-config',
  'plan-expired',
]);

/** Something that people must read on the pull request beside its dirspaces. Kept until the next decision about the change. */
export type Notice =
  | { readonly kind: 'config'; readonly problems: readonly ConfigProblem[] }
  | { readonly kind: 'dispatch'; readonly problem: DispatchProblem }
  | { readonly kind: 'reason'; readonly reason: ReasonCode; readonly text: string; readonly next: string };

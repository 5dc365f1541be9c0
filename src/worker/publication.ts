import type { Send } from './effect-outcome.ts';

/** What is to be brought up to date, and by what it is written. */
export interface Publication {
  readonly repositoryId: number;
  readonly pull: number;
  readonly headSha: string;
  /** Make a new comment, since an apply begins: what was reviewed stays as it was read. */
  readonly newComment: boolean;
  /** The outbox row that wishes this. */
  readonly wish: number;
  readonly send: Send;
}

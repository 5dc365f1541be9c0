import type { Instant } from './instant.ts';

/** A merge that a merge queue tries: one pull request on the branch, or on the merge of the one before it in the queue. */
export interface MergeGroup {
  readonly pull: number;
  /** The commit that the branch would get. */
  readonly headSha: string;
  /** What it is merged onto: the branch's commit, or the head of the group before. */
  readonly baseSha: string;
  readonly baseBranch: string;
  readonly state: 'pending' | 'passed' | 'failed';
  /** When we first heard of it. */
  readonly since: Instant;
}

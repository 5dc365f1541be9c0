import type { KeyPath } from './key-path.ts';

export type FindingCode =
  | 'unknown-key'
  | 'missing-key'
  | 'wrong-type'
  | 'wrong-value'
  | 'tag-query'
  | 'match'
  | 'glob'
  | 'path'
  | 'regex'
  | 'time'
  | 'name'
  | 'conflicting-keys'
  | 'stack-reference'
  | 'stack-cycle'
  | 'merge-conflict'
  | 'not-in-default-branch'
  | 'deprecated'
  | 'no-effect'
  | 'too-large';

/** Something wrong (or, among warnings, odd) at a key, before it is known where in which file that key stands. */
export interface Finding {
  readonly code: FindingCode;
  readonly path: KeyPath;
  /** The key itself is wrong rather than its value. */
  readonly at?: 'key';
  /** Characters after the beginning of a text value, from 0. */
  readonly offset?: number;
  readonly message: string;
  readonly allowed?: string;
  readonly nearest?: string;
}

/** Nobody reads more of one file. What is wrong beyond that is found when these are mended. */
export const MAX_FINDINGS = 500;

/** Takes findings, in the order in which the file is walked. */
export type Report = (finding: Finding) => void;

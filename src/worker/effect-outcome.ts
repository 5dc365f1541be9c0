import type { GitHubWrite, WriteResult } from '../domain/github-write.ts';
import type { Tx } from '../store/database.ts';

/** What came of an effect. `follow` is carried out with the end of the row. */
export type EffectOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly dead: string; readonly follow?: (tx: Tx) => Promise<void> };

export type Send = (write: GitHubWrite) => Promise<WriteResult>;

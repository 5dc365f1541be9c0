import type { Dirspace } from './dirspace.ts';

/** One entry of a diff. A renamed file has both names, and both count. Paths are relative to the repository root. */
export interface ChangedFile {
  readonly path: string;
  readonly previousPath?: string;
  readonly status: 'added' | 'modified' | 'removed' | 'renamed';
}

/** What one directory calls. Paths are relative to that directory (`../modules/vpc`). */
export interface ModuleCalls {
  /** Local modules: called, therefore no root of their own unless `dirs` names them. */
  readonly modules: readonly string[];
  /** Directories that count as touched with this one and stay roots themselves (Terragrunt `dependency`, `include`). */
  readonly dependencies?: readonly string[];
}

/** Which directory calls which; names only, never contents. Built by the runner, or by `plumbline explain` from a checkout. */
export interface ModuleIndex {
  readonly paths: Readonly<Record<string, ModuleCalls>>;
  /** Pairs of link and target, both relative to the repository root. */
  readonly symlinks: readonly (readonly [link: string, target: string])[];
}

/** Why a dirspace is in the change. `file` is a changed path. */
export type Because =
  | { readonly why: 'file'; readonly file: string; readonly pattern: string }
  | { readonly why: 'module'; readonly file: string; readonly module: string }
  | { readonly why: 'depends-on'; readonly on: Dirspace }
  | { readonly why: 'stack'; readonly stack: string; readonly modifiedBy: string }
  /** The diff no longer touches it, but it was applied from this pull request. */
  | { readonly why: 'applied-before' };

/** A dirspace of a change. `workflow` is the position in `workflows`, null for the default workflow; `layer` counts from 0. */
export interface ChangedDirspace extends Dirspace {
  readonly tags: readonly string[];
  /** Tags under the default branch's configuration, where that puts the dirspace into the change as well. */
  readonly defaultTags?: readonly string[];
  readonly workflow: number | null;
  readonly layer: number;
  readonly autoplan: boolean;
  readonly autoplanDraftPr: boolean;
  readonly autoapply: boolean;
  /** The stack that selects it; `default` where none does. The stacks around it are in the tags. */
  readonly stack: string;
  readonly stackVariables: Readonly<Record<string, string>>;
  /** Stacks that must be wholly applied before this dirspace may be applied. */
  readonly applyAfter: readonly string[];
  readonly createIfMissing: boolean;
  readonly createAndSelectWorkspace: boolean;
  readonly lockBranchTarget: 'all' | 'dest_branch';
  readonly because: readonly Because[];
}

/** Why a changed file touches nothing. */
export type UnmatchedReason =
  | 'no-pattern'
  | 'ignored'
  | 'excluded'
  | 'directory-deleted'
  | 'module-not-called'
  | 'called-as-module'
  | 'query';

/** A changed file that touches no dirspace, with a sentence for people. */
export interface UnmatchedFile {
  readonly path: string;
  readonly code: UnmatchedReason;
  readonly reason: string;
}

export type ChangeErrorCode =
  | 'dependency-cycle'
  | 'stack-cycle'
  | 'stack-unknown'
  | 'stack-ambiguous'
  | 'stack-none'
  | 'bad-pattern'
  | 'too-large';

/** Something in the configuration that makes the change undecidable. With errors present nothing may be planned. */
export interface ChangeError {
  readonly code: ChangeErrorCode;
  readonly message: string;
  /** Key path in the configuration, where one is known. */
  readonly keyPath?: readonly (string | number)[];
  /** The dirspaces or stacks concerned, as people write them. */
  readonly about: readonly string[];
}

/** The dirspaces that a diff touches, in the order in which they may run: every layer waits for the ones before it. */
export interface Change {
  readonly dirspaces: readonly ChangedDirspace[];
  readonly layers: readonly (readonly Dirspace[])[];
  readonly unmatched: readonly UnmatchedFile[];
  readonly errors: readonly ChangeError[];
  /** Layers from this one on (from 0) can be planned only after the merge. Absent: none. */
  readonly plannedAfterMerge?: number;
}

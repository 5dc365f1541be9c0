import type { Dirspace } from './dirspace.ts';
import type { Notice } from './notice.ts';
import type { ApplyOutcome, Diagnostic, PlanCounts, PlanModel } from './plan-model.ts';
import type { StepResult } from './runner-step.ts';

/** Where a dirspace stands in this pull request. */
export type DirspaceState =
  | 'queued'
  | 'planning'
  | 'planned'
  | 'no-changes'
  | 'failed'
  | 'waiting'
  | 'stale'
  | 'applying'
  | 'applied'
  | 'partly'
  | 'apply-failed'
  | 'unknown';

/** A sentence for people, with the command that helps. Plain text: whoever renders it escapes it. */
export interface NoteView {
  /** Stable code from the catalogue of reasons, for golden files and docs. */
  readonly code?: string;
  readonly text: string;
  /** A whole command such as `plumbline plan dir:prod/db`. */
  readonly next?: string;
}

/** Something that must hold before an apply. */
export interface RequirementView {
  readonly name: string;
  readonly met: boolean;
  /** What is missing or who met it, as plain text. */
  readonly text: string;
  /** The whole command that meets it. */
  readonly next?: string;
}

/** What an apply of these dirspaces still needs, as it was when the pull request was last looked at. For people alone. */
export interface DirspaceNeeds {
  readonly dirspaces: readonly Dirspace[];
  readonly needs: readonly RequirementView[];
  /** Most risk points that a plan may have; null: that is not asked. */
  readonly maxPoints: number | null;
}

export interface PolicyView {
  readonly name: string;
  readonly outcome: 'passed' | 'warned' | 'failed' | 'waived';
  readonly text?: string;
  readonly file?: string;
  readonly line?: number;
}

export interface CostView {
  readonly currency: string;
  readonly before: number;
  readonly after: number;
}

/** The plan that somebody approved, to say what is different now. */
export interface ReviewedView {
  readonly by: string;
  readonly sha: string;
  readonly model: PlanModel;
}

export interface DirspaceView {
  readonly dirspace: Dirspace;
  readonly state: DirspaceState;
  /** 1-based; absent when the change has one layer. */
  readonly layer?: number;
  /** It can be planned only after the merge, so nothing waits for its plan before. */
  readonly afterMerge?: true;
  readonly environment?: string;
  /** Short sentence for `waiting`, `stale`, `unknown` and `failed`. */
  readonly why?: string;
  /** Where it failed: `init`, `plan`, `show`, `apply`, or the name of a step. */
  readonly failedAt?: string;
  /** Given without a model when only figures are kept. */
  readonly counts?: PlanCounts;
  readonly model?: PlanModel;
  /** Diagnostics that came without a model, as when init failed. */
  readonly diagnostics?: readonly Diagnostic[];
  readonly apply?: ApplyOutcome;
  readonly reviewed?: ReviewedView;
  /** Newest plan of the default branch (drift run): tells this change from old drift. */
  readonly baseline?: PlanModel;
  readonly requirements?: readonly RequirementView[];
  readonly policies?: readonly PolicyView[];
  /** The configuration's own steps that people are to read of, in order. */
  readonly steps?: readonly StepResult[];
  readonly cost?: CostView;
  readonly engine?: { readonly name: string; readonly version: string };
  readonly runUrl?: string;
  readonly durationMs?: number;
}

/** A dirspace that another pull request holds. */
export interface HeldView {
  readonly dirspace: Dirspace;
  readonly byPull: number;
  /** 1-based place in the line; absent when it is not known. */
  readonly position?: number;
}

/** Another open pull request that changes the same dirspace. */
export interface OverlapView {
  readonly dirspace: Dirspace;
  readonly pull: number;
  /** Addresses that both change. */
  readonly sameAddresses?: readonly string[];
  readonly applied?: boolean;
}

export interface RunView {
  readonly kind: 'plan' | 'apply' | 'drift' | 'reconcile';
  readonly state: 'queued' | 'running' | 'done' | 'unknown';
  readonly url?: string;
  readonly by?: string;
  readonly finished?: number;
  readonly total?: number;
}

/** What was not planned, and why. */
export interface UnmatchedView {
  readonly path: string;
  readonly reason: string;
}

/**
 * Everything that the sticky comment and the checks of one pull request are rendered from. Whoever fills it needs no
 * Markdown: all texts are plain, all names are as GitHub or the repository gave them.
 */
export interface PullView {
  readonly pull: number;
  readonly headSha: string;
  /** Number of the comment's revision, for the hidden marker. */
  readonly revision?: number;
  readonly dirspaces: readonly DirspaceView[];
  readonly runs?: readonly RunView[];
  /** What the last decision left for people to read: broken configuration, workflow that cannot be started, reasons. */
  readonly notices?: readonly Notice[];
  /** For the lines that mend a workflow file: where it must stand, and what it must call. */
  readonly defaultBranch?: string;
  readonly serverUrl?: string;
  /** Said once, above the table: apply credentials reachable from plan, and the like. */
  readonly notes?: readonly NoteView[];
  readonly held?: readonly HeldView[];
  readonly overlaps?: readonly OverlapView[];
  readonly unmatched?: readonly UnmatchedView[];
  /** Whole commands that are useful now, in order. Absent: derived from the states. */
  readonly next?: readonly string[];
  /** `apply` shows outcomes first; absent: derived from the states. */
  readonly phase?: 'plan' | 'apply';
  readonly layers?: number;
  readonly consoleUrl?: string;
  readonly recovered?: number;
  /** Word that commands begin with; `plumbline` unless the repository chose another one. */
  readonly command?: string;
  readonly merged?: boolean;
  readonly closed?: boolean;
}

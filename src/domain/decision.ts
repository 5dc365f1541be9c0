import type { Change } from './change.ts';
import type { Dirspace } from './dirspace.ts';
import type { Event } from './event.ts';
import type { Instant } from './instant.ts';
import type { MergeGroup } from './merge-group.ts';
import type { DisplaySettings, Notice, SeenReview } from './notice.ts';
import type { DirspaceNeeds } from './pull-view.ts';
import type { ReasonCode } from './reason.ts';
import type { RunState } from './run.ts';
import type { NewRun } from './snapshot.ts';

/** One rule's word in a decision. Every rule that was asked leaves a line. */
export interface TraceLine {
  readonly rule: string;
  readonly says: 'pass' | 'refuse' | 'ignore' | 'note';
  readonly reason: ReasonCode;
  readonly detail?: string;
}

/** What the event leads to: one reason for the whole, the trace, what was assumed, and what is to be done. */
export interface Decision {
  readonly reason: ReasonCode;
  readonly trace: readonly TraceLine[];
  readonly assumptions: readonly Assumption[];
  readonly intents: readonly Intent[];
}

/** What a decision took for granted about rows that another subject may change; re-asserted in the commit under row locks. */
export type Assumption =
  | { readonly that: 'installation-active' }
  | { readonly that: 'no-active-run'; readonly kind: 'apply' | 'any'; readonly dirspaces: readonly Dirspace[] }
  | { readonly that: 'run-state'; readonly run: string; readonly states: readonly RunState[] }
  | { readonly that: 'plan-stored'; readonly plans: readonly string[] }
  /** This pull request may apply there: nobody of a better rank claims them. */
  | { readonly that: 'lock-free'; readonly pull: number; readonly dirspaces: readonly Dirspace[] };

/** Something to be done: a state change in our rows, or an effect on the world, which becomes an outbox row. */
export type Intent =
  | { readonly do: 'start-run'; readonly run: NewRun }
  | { readonly do: 'end-run'; readonly run: string; readonly state: RunState; readonly reason: ReasonCode }
  /** The runner may fetch its manifest now. `targets`: what it gets instead of what it had, as discovery showed. */
  | { readonly do: 'release-manifest'; readonly run: string; readonly targets?: NewRun }
  | { readonly do: 'refuse-manifest'; readonly run: string; readonly reason: ReasonCode; readonly text: string }
  /** Copy the stored report into results per dirspace. `superseded`: kept, but not the newest word. */
  | { readonly do: 'record-report'; readonly run: string; readonly superseded: boolean }
  | { readonly do: 'erase-plans'; readonly plans: readonly string[]; readonly reason: ReasonCode }
  /** Plans of these dirspaces made by other pull requests are stale from now on. */
  | {
      readonly do: 'claim-locks';
      readonly pull: number;
      readonly dirspaces: readonly Dirspace[];
      readonly baseRef: string;
      readonly mergedAt: Instant | null;
      readonly appliedAt: Instant | null;
    }
  | {
      readonly do: 'release-locks';
      readonly pull: number;
      readonly dirspaces: readonly Dirspace[] | 'all';
      /** Somebody unlocked: what a merge claimed and this gives up is not claimed by that merge again. */
      readonly byPerson?: true;
    }
  /** Remember what was computed for the pull request, for what people read. */
  | {
      readonly do: 'save-change';
      readonly pull: number;
      readonly change: Change | null;
      readonly notices: readonly Notice[];
      /** Absent: as it was. */
      readonly display?: DisplaySettings;
      /** May something be applied or merged without anybody asking? Absent: as it was. */
      readonly byItself?: boolean;
    }
  /** Remember the merge that a merge queue tries, and what it was told; null: it tries none any more. */
  | { readonly do: 'save-merge-group'; readonly pull: number; readonly group: MergeGroup | null }
  /** Remember what an apply still needs, for what people read. */
  | { readonly do: 'save-needs'; readonly pull: number; readonly needs: readonly DirspaceNeeds[] }
  /** Somebody approved what was shown at that time: later plans are compared with it. */
  | { readonly do: 'save-review'; readonly pull: number; readonly review: SeenReview }
  | { readonly do: 'set-timer'; readonly key: string; readonly at: Instant; readonly event: Event }
  | { readonly do: 'clear-timer'; readonly key: string }
  | { readonly do: 'emit'; readonly key: string; readonly event: Event }
  | { readonly do: 'save-installation'; readonly event: Event }
  | {
      readonly do: 'audit';
      readonly action: string;
      readonly actor: string;
      readonly detail: Readonly<Record<string, unknown>>;
    }
  /** Remember what GitHub says of the Actions run of ours; the run's id there is bound once. */
  | {
      readonly do: 'note-actions-run';
      readonly run: string;
      readonly githubRunId: number;
      readonly githubStatus: string;
    }
  /** Remember that somebody approved gates of this head. */
  | {
      readonly do: 'approve-gates';
      readonly pull: number;
      readonly headSha: string;
      readonly tokens: readonly string[];
      readonly by: { readonly id: number; readonly login: string };
      readonly at: Instant;
    }
  | { readonly do: 'dispatch'; readonly run: string }
  | { readonly do: 'cancel-actions-run'; readonly run: string }
  | { readonly do: 'react'; readonly commentId: number; readonly content: 'eyes' | 'rocket' | 'confused' | '-1' | '+1' }
  /** A comment of its own: refusals and answers. `key` makes it at most one. */
  | {
      readonly do: 'reply';
      readonly pull: number;
      readonly key: string;
      readonly body: string;
      readonly refusedLogin?: string;
    }
  /** Bring the sticky comment and the checks of the pull request up to date with our rows. */
  | { readonly do: 'publish'; readonly pull: number; readonly headSha: string; readonly newComment?: boolean }
  /** A check that no pull request's rows describe, e.g. on the head of a merge group. */
  | {
      readonly do: 'check';
      readonly sha: string;
      readonly name: string;
      /** Null: it is not known yet. */
      readonly conclusion: 'success' | 'failure' | 'action_required' | 'cancelled' | null;
      readonly title: string;
      readonly summary: string;
    }
  | {
      readonly do: 'merge';
      readonly pull: number;
      readonly headSha: string;
      /** `auto`: the first of merge, squash and rebase that the repository allows. */
      readonly method: 'auto' | 'merge' | 'squash' | 'rebase';
      readonly title: string | null;
      readonly deleteBranch: string | null;
    };

/** What triage says before anything is read from GitHub. */
export type Triage =
  | { readonly do: 'ignore'; readonly reason: ReasonCode; readonly detail?: string }
  | { readonly do: 'observe'; readonly need: Need };

/** What must be known to decide. Observe reads this and no more. */
export interface Need {
  readonly pull?: number;
  readonly changedFiles?: boolean;
  readonly files?: boolean;
  readonly config?: boolean;
  readonly workflowFile?: boolean;
  /** Which GitHub environments there are: a call of its own, only where the configuration names one. */
  readonly environments?: boolean;
  readonly permissionsOf?: readonly string[];
  readonly teams?: readonly { readonly org: string; readonly slug: string; readonly login: string }[];
  readonly mergeability?: boolean;
  readonly reviews?: boolean;
  /** Who pushed the head: one more call, for rules that must not count that person. */
  readonly lastPusher?: boolean;
  readonly checks?: boolean;
  readonly rules?: boolean;
  /** Commits of the base branch since which the changed files of the base must be known. */
  readonly baseFilesSince?: readonly string[];
  /** Up to this commit rather than to the base of the pull request. */
  readonly baseFilesTo?: string;
  /** The tree of this commit. */
  readonly treeOf?: string;
  readonly codeowners?: boolean;
  readonly waivers?: boolean;
  readonly actionsRun?: string;
}

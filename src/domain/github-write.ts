import type { DispatchProblem } from './event.ts';

/** One write to GitHub as an outbox row becomes it: everything rendered, nothing left to decide. */
export type GitHubWrite =
  | {
      readonly write: 'dispatch';
      readonly workflow: string;
      readonly ref: string;
      readonly inputs: Readonly<Record<string, string>>;
      /** The run's title on GitHub; how a run is found again after an uncertain answer. */
      readonly runName: string;
    }
  | { readonly write: 'cancel-actions-run'; readonly githubRunId: number }
  | {
      readonly write: 'react';
      readonly commentId: number;
      readonly content: 'eyes' | 'rocket' | 'confused' | '-1' | '+1';
    }
  /** A comment of its own; `marker` is a hidden line in the body by which it is found after an uncertain answer. */
  | { readonly write: 'reply'; readonly pull: number; readonly body: string; readonly marker: string }
  | {
      readonly write: 'sticky-comment';
      readonly pull: number;
      readonly body: string;
      readonly marker: string;
      /** The comment to edit; null: find one of ours by the marker, else create. */
      readonly commentId: number | null;
      /** Minimise this older one after creating the new one. */
      readonly minimise: string | null;
    }
  /** One of our own comments; gone already is as good. */
  | { readonly write: 'delete-comment'; readonly commentId: number }
  | {
      readonly write: 'status';
      readonly sha: string;
      readonly context: string;
      readonly state: 'pending' | 'success' | 'failure' | 'error';
      readonly description: string;
      readonly targetUrl: string | null;
    }
  | {
      readonly write: 'check';
      readonly sha: string;
      readonly name: string;
      /** The check run to update; null: create. A finished one never reopens: then a new one is made. */
      readonly checkRunId: number | null;
      readonly externalId: string;
      readonly detailsUrl: string | null;
      readonly status: 'queued' | 'in_progress' | 'completed';
      readonly conclusion: 'success' | 'failure' | 'action_required' | 'cancelled' | null;
      readonly title: string;
      readonly summary: string;
      readonly text: string;
      readonly annotations: readonly {
        readonly path: string;
        readonly startLine: number;
        readonly endLine: number;
        readonly level: 'notice' | 'warning' | 'failure';
        readonly title: string;
        readonly message: string;
      }[];
      readonly actions: readonly {
        readonly label: string;
        readonly description: string;
        readonly identifier: string;
      }[];
    }
  | {
      readonly write: 'merge';
      readonly pull: number;
      readonly sha: string;
      /** `auto`: the first of merge, squash and rebase that the repository allows. */
      readonly method: 'auto' | 'merge' | 'squash' | 'rebase';
      readonly title: string | null;
      readonly deleteBranch: string | null;
    }
  | {
      readonly write: 'labels';
      readonly pull: number;
      readonly add: readonly string[];
      readonly remove: readonly string[];
    };

/** What came of a write. `dead`: trying again cannot help; anything that may pass is thrown as a Failure instead. */
export type WriteResult =
  | { readonly ok: true; readonly id?: number; readonly nodeId?: string; readonly githubRunId?: number }
  | { readonly ok: false; readonly dead: string; readonly problem?: DispatchProblem };

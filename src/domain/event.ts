import type { Instant } from './instant.ts';

/** Who did something on GitHub. `id` is what we compare by; logins change. */
export interface Actor {
  readonly id: number;
  readonly login: string;
  readonly bot: boolean;
}

/** A repository by the id that never changes; the names are for people and for API paths. */
export interface RepositoryRef {
  readonly installationId: number;
  readonly repositoryId: number;
  readonly owner: string;
  readonly name: string;
}

export type PullAction =
  | 'opened'
  | 'reopened'
  | 'synchronize'
  | 'ready_for_review'
  | 'converted_to_draft'
  | 'base-edited'
  | 'labeled'
  | 'unlabeled'
  | 'closed';

export type ReconsiderCause =
  | 'base-moved'
  | 'lock-freed'
  | 'state-changed'
  | 'plan-expired'
  /** What may apply by itself could be read from now on. */
  | 'plan-shown'
  | 'reviewed'
  /** What stood in the way of applying or merging by itself may have passed. */
  | 'asked-again'
  /** It was paused, suspended or archived, and is not any more. */
  | 'resumed';

/**
 * Something that happened and must be decided. Webhooks, runner reports, timers and our own
 * follow-ups all become one of these and travel the same way. JSON-serialisable.
 */
export type Event =
  | {
      readonly kind: 'pull';
      readonly action: PullAction;
      readonly repository: RepositoryRef;
      readonly pull: number;
      readonly headSha: string;
      readonly sender: Actor;
      /** The label of a (un)labeled action. */
      readonly label?: string;
    }
  | {
      readonly kind: 'comment';
      readonly repository: RepositoryRef;
      readonly pull: number;
      readonly commentId: number;
      readonly body: string;
      readonly author: Actor;
      readonly createdAt: Instant;
    }
  | {
      readonly kind: 'review';
      readonly action: 'submitted' | 'dismissed' | 'edited';
      readonly repository: RepositoryRef;
      readonly pull: number;
      readonly sender: Actor;
      /** When it was submitted; only of an approval. */
      readonly approvedAt?: Instant;
    }
  | {
      readonly kind: 'button';
      readonly repository: RepositoryRef;
      readonly pull: number;
      /** The commit of the check whose button was pressed. */
      readonly sha: string;
      readonly button: 'plan' | 'apply' | 'explain';
      readonly sender: Actor;
      readonly at: Instant;
    }
  | {
      readonly kind: 'push';
      readonly repository: RepositoryRef;
      readonly branch: string;
      readonly before: string;
      readonly after: string;
      readonly sender: Actor;
    }
  | {
      /** A merge queue tries to merge this pull request: onto the branch, or onto the merge of the one before it. */
      readonly kind: 'merge-group';
      /** `again`: we look at it once more. */
      readonly action: 'checks-requested' | 'again' | 'destroyed';
      readonly repository: RepositoryRef;
      readonly pull: number;
      readonly headSha: string;
      readonly baseSha: string;
      readonly baseBranch: string;
      /** Of one that is destroyed: the branch has it now. */
      readonly merged?: boolean;
    }
  | {
      /** GitHub's word on an Actions run or job of ours; `run` is read from its name. */
      readonly kind: 'actions-run';
      readonly repository: RepositoryRef;
      readonly run: string;
      readonly githubRunId: number;
      readonly attempt: number;
      readonly status: 'requested' | 'queued' | 'in_progress' | 'waiting' | 'completed';
      readonly conclusion: string | null;
      readonly of: 'run' | 'job';
    }
  | { readonly kind: 'apply-claimed'; readonly repository: RepositoryRef; readonly pull: number; readonly run: string }
  | { readonly kind: 'discovered'; readonly repository: RepositoryRef; readonly pull: number; readonly run: string }
  | { readonly kind: 'run-reported'; readonly repository: RepositoryRef; readonly pull: number; readonly run: string }
  /** Nobody claimed the run in time, or its heartbeat stopped: look at what GitHub says of it. */
  | { readonly kind: 'run-silent'; readonly repository: RepositoryRef; readonly pull: number; readonly run: string }
  /** The dispatch of a run could not be delivered; `problem` says why in GitHub's words. */
  | {
      readonly kind: 'dispatch-failed';
      readonly repository: RepositoryRef;
      readonly pull: number;
      readonly run: string;
      readonly problem: DispatchProblem;
    }
  /** Something elsewhere may have changed what this pull request may do: a lock was freed, the base moved, a plan became stale. */
  | {
      readonly kind: 'reconsider';
      readonly repository: RepositoryRef;
      readonly pull: number;
      readonly because: ReconsiderCause;
    }
  /** GitHub refused a merge that we asked for; `why` in its words. */
  | {
      readonly kind: 'merge-refused';
      readonly repository: RepositoryRef;
      readonly pull: number;
      readonly headSha: string;
      readonly why: string;
    }
  | {
      readonly kind: 'installation';
      readonly action: 'created' | 'deleted' | 'suspend' | 'unsuspend' | 'new_permissions_accepted';
      readonly installationId: number;
      readonly account: { readonly id: number; readonly login: string; readonly type: string };
      readonly repositories: readonly RepositorySeen[];
      readonly sender: Actor;
    }
  | {
      readonly kind: 'installation-repositories';
      readonly installationId: number;
      readonly account: { readonly id: number; readonly login: string; readonly type: string };
      readonly added: readonly RepositorySeen[];
      readonly removed: readonly number[];
    }
  | {
      readonly kind: 'repository';
      readonly action: 'renamed' | 'transferred' | 'archived' | 'unarchived' | 'deleted' | 'edited';
      readonly repository: RepositoryRef;
      readonly defaultBranch: string;
      readonly sender: Actor;
    }
  /** Membership changed: cached permissions are dropped. */
  | { readonly kind: 'membership'; readonly installationId: number; readonly what: string };

export interface RepositorySeen {
  readonly repositoryId: number;
  readonly owner: string;
  readonly name: string;
}

export type DispatchProblem =
  | { readonly what: 'workflow-missing' }
  | { readonly what: 'workflow-not-dispatchable'; readonly detail: string }
  | { readonly what: 'workflow-permissions'; readonly detail: string }
  | { readonly what: 'environment-missing'; readonly environments: readonly string[] }
  | { readonly what: 'refused'; readonly detail: string };

/** The line in which events are handled strictly in order. */
export function subjectOf(event: Event): string {
  switch (event.kind) {
    case 'push':
      return `${event.repository.repositoryId}@${event.branch}`;
    case 'actions-run':
      return `${event.repository.repositoryId}!${event.run}`;
    case 'repository':
      return `${event.repository.repositoryId}`;
    case 'installation':
    case 'installation-repositories':
    case 'membership':
      return `installation ${event.installationId}`;
    case 'pull':
    case 'comment':
    case 'review':
    case 'button':
    case 'apply-claimed':
    case 'discovered':
    case 'run-reported':
    case 'run-silent':
    case 'dispatch-failed':
    case 'merge-group':
    case 'merge-refused':
    case 'reconsider':
      return pullSubject(event.repository.repositoryId, event.pull);
  }
}

/** The subject of one pull request. */
export function pullSubject(repositoryId: number, pull: number): string {
  return `${repositoryId}#${pull}`;
}

/** The installation an event belongs to. */
export function installationOf(event: Event): number {
  return 'repository' in event ? event.repository.installationId : event.installationId;
}

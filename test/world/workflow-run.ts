import type { ChildProcess } from 'node:child_process';
import type { CommitFacts } from './git-store.ts';

type RunStatus = 'queued' | 'in_progress' | 'completed' | 'waiting' | 'requested' | 'pending';
export type RunConclusion =
  | 'success'
  | 'failure'
  | 'cancelled'
  | 'timed_out'
  | 'startup_failure'
  | 'action_required'
  | 'skipped';

/** One run of a workflow with its single job. */
export interface WorkflowRun {
  readonly id: number;
  readonly repositoryId: number;
  readonly workflowId: number;
  readonly workflowPath: string;
  readonly workflowName: string;
  readonly displayTitle: string;
  readonly event: string;
  readonly headBranch: string;
  readonly headSha: string;
  readonly headCommit: CommitFacts;
  readonly runNumber: number;
  runAttempt: number;
  readonly actor: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** The inputs as the dispatch gave them, without the workflow's defaults. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly environment: string | undefined;
  readonly permissions: Readonly<Record<string, string>>;
  readonly suiteId: number;
  status: RunStatus;
  conclusion: RunConclusion | null;
  readonly createdAt: string;
  updatedAt: string;
  startedAt: string;
  readonly job: WorkflowJob;
  /** Bearer of the id-token endpoint while the job runs. */
  readonly idTokenRequestToken: string;
  /** Wall-clock phases in milliseconds since the epoch, for benchmarks. */
  readonly times: { queued: number; started?: number; completed?: number };
  process?: ChildProcess;
  /** The job is being stopped: no further step starts. */
  doomed?: boolean;
  exitCode?: number | null;
  /** Standard output and error of the runner, last 1 MiB. */
  output: string;
}

interface WorkflowJob {
  readonly id: number;
  readonly name: string;
  readonly labels: readonly string[];
  status: RunStatus;
  conclusion: RunConclusion | null;
  startedAt: string;
  completedAt: string | null;
}

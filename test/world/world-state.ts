import type { Account, Permission, Team } from './accounts.ts';
import type { WorkflowRun } from './workflow-run.ts';

/** Everything the played GitHub remembers: plain data, open to inspection by tests. */
export interface WorldState {
  readonly app: AppIdentity;
  readonly accounts: Map<string, Account>;
  readonly teams: Map<string, Team>;
  readonly installations: Map<number, Installation>;
  readonly repositories: Map<number, Repository>;
  readonly tokens: Map<string, IssuedToken>;
  readonly runs: Map<number, WorkflowRun>;
  /** Address of the world itself, without a trailing slash. */
  url: string;
  readonly nextId: (kind: string) => number;
  readonly now: () => Date;
  readonly startedAt: Date;
}

interface AppIdentity {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly clientId: string;
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
  webhookSecret: string;
  readonly bot: Account;
  readonly owner: string;
  permissions: Readonly<Record<string, string>>;
  events: readonly string[];
}

export interface Installation {
  readonly id: number;
  readonly account: string;
  selection: 'all' | 'selected';
  readonly selected: Set<number>;
  permissions: Readonly<Record<string, string>>;
  events: readonly string[];
  suspendedAt: string | null;
  deleted: boolean;
  readonly createdAt: string;
}

export interface IssuedToken {
  readonly token: string;
  readonly kind: 'installation' | 'actions';
  readonly installationId: number;
  readonly permissions: Readonly<Record<string, string>>;
  /** Undefined: every repository of the installation. */
  readonly repositoryIds: ReadonlySet<number> | undefined;
  expiresAt: number;
}

export interface Label {
  readonly id: number;
  readonly name: string;
  readonly color: string;
  readonly description: string | null;
}

export interface Repository {
  readonly id: number;
  readonly nodeId: string;
  readonly owner: string;
  name: string;
  /** Former full names that redirect here, as GitHub does after a rename. */
  readonly formerNames: Set<string>;
  readonly private: boolean;
  readonly defaultBranch: string;
  /** Path of the bare git repository. */
  readonly gitDir: string;
  readonly forkOf: number | undefined;
  readonly createdAt: string;
  readonly collaborators: Map<string, Permission>;
  readonly labels: Map<string, Label>;
  readonly issues: Map<number, Issue>;
  readonly pulls: Map<number, Pull>;
  readonly comments: Map<number, IssueComment>;
  readonly checkRuns: Map<number, CheckRun>;
  readonly statuses: CommitStatus[];
  /** Who moved which ref, oldest first. */
  readonly activity: RefActivity[];
  readonly reactions: Reaction[];
  readonly environments: Map<string, Environment>;
  /** What `GET /rules/branches/{branch}` answers, by branch. */
  readonly branchRules: Map<string, readonly BranchRule[]>;
  /** Classic branch protection, by branch, as GitHub's JSON. */
  readonly protection: Map<string, Readonly<Record<string, unknown>>>;
  readonly secrets: Map<string, string>;
  readonly variables: Map<string, string>;
  readonly workflows: Map<string, number>;
  nextNumber: number;
  nextRunNumber: number;
  archived: boolean;
}

export interface BranchRule {
  readonly type: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface Issue {
  readonly id: number;
  readonly number: number;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  stateReason: 'completed' | 'not_planned' | 'reopened' | null;
  readonly author: string;
  readonly labels: Set<string>;
  readonly assignees: Set<string>;
  readonly createdAt: string;
  updatedAt: string;
  closedAt: string | null;
}

export interface Pull extends Issue {
  draft: boolean;
  base: string;
  readonly head: string;
  readonly headRepositoryId: number;
  headSha: string;
  /** Base tip when the pull request was opened or its base last changed by a push of ours. */
  baseSha: string;
  merged: boolean;
  mergedAt: string | null;
  mergedBy: string | null;
  mergeCommitSha: string | null;
  /** What GitHub would have computed in the background, per pair of tips. */
  mergeability: Mergeability | undefined;
  readonly reviews: Review[];
  /** Logins that were asked for a review and have not given one. */
  readonly reviewRequests: Set<string>;
}

interface Mergeability {
  readonly key: string;
  /** How many answers of UNKNOWN are still owed for this pair. */
  unknownLooks: number;
  readonly mergeCommit: string | undefined;
}

export type ReviewState = 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED';

export interface Review {
  readonly id: number;
  readonly author: string;
  state: ReviewState;
  readonly body: string;
  readonly commitSha: string;
  readonly submittedAt: string;
}

export interface IssueComment {
  readonly id: number;
  readonly number: number;
  readonly author: string;
  body: string;
  readonly createdAt: string;
  updatedAt: string;
  minimized: string | null;
  readonly viaApp: boolean;
}

export type CheckStatus = 'queued' | 'in_progress' | 'completed';
export type CheckConclusion =
  | 'success'
  | 'failure'
  | 'neutral'
  | 'cancelled'
  | 'skipped'
  | 'timed_out'
  | 'action_required';

export interface CheckRun {
  readonly id: number;
  readonly name: string;
  readonly headSha: string;
  readonly suiteId: number;
  readonly appId: number;
  status: CheckStatus;
  conclusion: CheckConclusion | null;
  startedAt: string;
  completedAt: string | null;
  externalId: string;
  detailsUrl: string;
  title: string | null;
  summary: string | null;
  text: string | null;
  readonly annotations: Readonly<Record<string, unknown>>[];
  actions: readonly Readonly<Record<string, unknown>>[];
}

export interface CommitStatus {
  readonly id: number;
  readonly sha: string;
  readonly context: string;
  readonly state: 'error' | 'failure' | 'pending' | 'success';
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: string;
  readonly createdAt: string;
}

interface RefActivity {
  readonly id: number;
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly actor: string;
  readonly at: string;
  readonly type: 'push' | 'force_push' | 'branch_creation' | 'branch_deletion' | 'pr_merge';
}

export interface Reaction {
  readonly id: number;
  readonly on: 'issue' | 'comment';
  readonly target: number;
  readonly author: string;
  readonly content: string;
  readonly createdAt: string;
}

export interface Environment {
  readonly id: number;
  readonly name: string;
  /** Logins who must approve a job; empty: nobody. */
  readonly reviewers: readonly string[];
  readonly secrets: Map<string, string>;
  readonly variables: Map<string, string>;
  readonly createdAt: string;
}

/** The repository of that id; throws, since ids inside the world are never wrong. */
export function repositoryById(state: WorldState, id: number): Repository {
  const repository = state.repositories.get(id);
  if (repository === undefined) {
    throw new Error(`the world has no repository ${id}`);
  }
  return repository;
}

/** The repository known under `owner/name`, now or formerly. */
export function repositoryByName(state: WorldState, owner: string, name: string): Repository | undefined {
  const wanted = `${owner}/${name}`.toLowerCase();
  const all = [...state.repositories.values()];
  return all.find((one) => fullName(one).toLowerCase() === wanted) ?? all.find((one) => one.formerNames.has(wanted));
}

export function fullName(repository: Repository): string {
  return `${repository.owner}/${repository.name}`;
}

export function accountOf(state: WorldState, login: string): Account {
  const account = state.accounts.get(login);
  if (account === undefined) {
    throw new Error(`the world has no account ${login}: add it first`);
  }
  return account;
}

/** The live installation that covers a repository, if any. */
export function installationOf(state: WorldState, repository: Repository): Installation | undefined {
  return [...state.installations.values()].find((one) => !one.deleted && covers(one, repository));
}

export function covers(installation: Installation, repository: Repository): boolean {
  return (
    installation.account === repository.owner &&
    (installation.selection === 'all' || installation.selected.has(repository.id))
  );
}

/** ISO time with whole seconds, as GitHub writes it. */
export function isoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

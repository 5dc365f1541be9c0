import type { ChangedFile, ModuleIndex } from './change.ts';
import type { Dirspace } from './dirspace.ts';
import type { Actor, RepositoryRef } from './event.ts';
import type { Instant } from './instant.ts';
import type { Known } from './known.ts';
import type { MergeGroup } from './merge-group.ts';
import type { DirspaceResult, LockClaim, Run, RunKind, RunTarget, ShownPlan, StoredPlan } from './run.ts';
import type { AskedGate, RunHooks, RunnerStep } from './runner-step.ts';
import type { GateRule } from './workflow-step.ts';

export type Permission = 'none' | 'read' | 'triage' | 'write' | 'maintain' | 'admin';

/** A configuration file as it was read. Absent is an answer; unreadable is not. */
export interface ConfigText {
  readonly path: string;
  readonly text: string;
}

/** What GitHub says of a pull request, read in one query. */
export interface PullFacts {
  readonly number: number;
  readonly state: 'open' | 'closed' | 'merged';
  readonly draft: boolean;
  readonly title: string;
  readonly author: Actor;
  readonly headSha: string;
  readonly headRef: string;
  /** Null when the fork was deleted. Compared with the base repository's id to tell a fork. */
  readonly headRepositoryId: number | null;
  readonly baseSha: string;
  readonly baseRef: string;
  readonly mergedAt: Instant | null;
  readonly mergeCommitSha: string | null;
  /** The tree of the merge commit, or of the test merge; for "is the plan still what will be merged". */
  readonly mergeTreeSha: string | null;
  readonly labels: readonly string[];
}

export interface Review {
  readonly id: number;
  readonly author: Actor;
  readonly state: 'APPROVED' | 'CHANGES_REQUESTED' | 'DISMISSED' | 'COMMENTED' | 'PENDING';
  readonly commitSha: string | null;
  readonly submittedAt: Instant;
  readonly canWrite: boolean;
}

export interface CheckState {
  readonly name: string;
  readonly state: 'success' | 'failure' | 'pending' | 'neutral' | 'skipped';
  /** GitHub says that the branch rules ask for this very one. */
  readonly required: boolean;
  /** The App that made it; null for a commit status, which does not tell. */
  readonly appId: number | null;
  /** Made by our App: never counted by our own requirements. */
  readonly ours: boolean;
}

/** What protects the base branch, as far as it decides whether a merge would be possible. */
export interface BranchRules {
  /** `appId`: only this App's check of the name will do; null: anybody's. */
  readonly requiredChecks: readonly { readonly name: string; readonly appId: number | null }[];
  readonly mergeQueue: boolean;
}

/** What was read from GitHub for one event. Parts that the event does not need are absent. */
export interface GitHubFacts {
  readonly repository: RepositoryFacts;
  readonly pull?: PullFacts;
  /** Complete or unknown; never a truncated list. */
  readonly changedFiles?: Known<readonly ChangedFile[]>;
  /** All file paths of the head's tree, complete or unknown. */
  readonly files?: Known<readonly string[]>;
  readonly treeSha?: string;
  readonly configHead?: Known<ConfigText | null>;
  readonly configDefault?: Known<ConfigText | null>;
  /** The organisation's central configuration files, by path. */
  readonly configCentral?: Known<readonly ConfigText[]>;
  readonly workflowFile?: Known<string | null>;
  /** Names of the repository's environments, all of them or unknown. */
  readonly environments?: Known<readonly string[]>;
  /** Live permission of each login that was asked for. */
  readonly permissions?: Readonly<Record<string, Known<Permission>>>;
  /** Team membership of each `org/slug login` that was asked for. */
  readonly teams?: Readonly<Record<string, Known<boolean>>>;
  readonly mergeable?: 'MERGEABLE' | 'CONFLICTING' | 'UNKNOWN';
  readonly reviews?: Known<readonly Review[]>;
  /** GitHub's own word on the reviews; null where no branch rule asks for any. Read with them. */
  readonly reviewDecision?: 'APPROVED' | 'CHANGES_REQUESTED' | 'REVIEW_REQUIRED' | null;
  /** How many people and teams were asked for a review that they have not given. Read with the reviews. */
  readonly reviewsRequested?: number;
  /** Who pushed the head, when GitHub tells. */
  readonly lastPusher?: Known<Actor | null>;
  readonly checks?: Known<readonly CheckState[]>;
  readonly rules?: Known<BranchRules>;
  /** What changed on the base branch from each commit that was asked for up to the base of now; complete or unknown. */
  readonly baseFilesSince?: Readonly<Record<string, Known<readonly ChangedFile[]>>>;
  readonly codeowners?: Known<string | null>;
  readonly waivers?: Known<string | null>;
  /** The tree of the commit that was asked for; null: GitHub does not know the commit. */
  readonly treeOf?: string | null;
  /** What GitHub says now of the Actions run that an event is about; null: it does not exist. */
  readonly actionsRun?: Known<{
    readonly id: number;
    readonly status: string;
    readonly conclusion: string | null;
  } | null>;
}

export interface RepositoryFacts extends RepositoryRef {
  readonly defaultBranch: string;
  readonly archived: boolean;
  readonly ownerId: number;
}

/** What we know ourselves, read from the database with the subject's lease held. */
export interface OurFacts {
  readonly installation: {
    readonly id: number;
    readonly state: 'active' | 'suspended' | 'deleted';
    readonly paused: boolean;
  };
  readonly repositoryPaused: boolean;
  /** All applies of this service are paused. */
  readonly appliesPaused?: boolean;
  readonly pull: OurPull | null;
  /** Runs of this pull request: every active one, and the newest ended ones. */
  readonly runs: readonly Run[];
  /** Newest result per dirspace of this pull request. */
  readonly results: readonly DirspaceResult[];
  readonly plans: readonly StoredPlan[];
  /** What was shown as the plan of each dirspace before and is shown now, oldest first; erased plans are in it too. */
  readonly shownPlans: readonly ShownPlan[];
  /** Every claim in the repository. */
  readonly locks: readonly LockClaim[];
  /** Newest results of the repository's other open pull requests, for the overlap radar. */
  readonly others: readonly (DirspaceResult & { readonly pull: number })[];
  /** The newest discovery of this pull request, for whatever head and base it was made. Untrusted. */
  readonly moduleIndex: Discovery | null;
  /** Open pull requests of ours by base branch, for pushes; by head, for merge groups. */
  readonly openPulls: readonly { readonly number: number; readonly baseRef: string; readonly headSha: string }[];
  /** The report that the event is about, without the heavy models. */
  readonly report: RunReport | null;
  /** Module index and builder output sent by the runner before its manifest. */
  readonly discovery: Discovery | null;
  /** Logins that were refused on this pull request within the last hour. */
  readonly recentlyRefused: readonly string[];
  /** Active runs of other pull requests in this repository, per dirspace. Absent: none. */
  readonly busy?: readonly BusyDirspace[];
  /** When each dirspace of the repository was last applied, by whomever; a plan made before is stale. Absent: never. */
  readonly lastApplies?: readonly (Dirspace & { readonly at: Instant })[];
  /** Gates that plans of this pull request asked for, newest head only, and who approved them. Absent: none. */
  readonly gates?: readonly RequestedGate[];
  readonly gateApprovals?: readonly GateApproval[];
  /** Every merge in this repository that a merge queue tries; only of events about one. */
  readonly mergeGroups?: readonly MergeGroup[];
}

export interface BusyDirspace extends Dirspace {
  readonly pull: number;
  readonly run: string;
  readonly kind: RunKind;
}

/** A gate that a step of a plan asked for. Without a token it is met by reviews. */
export interface RequestedGate extends Dirspace {
  readonly headSha: string;
  readonly planId: string | null;
  readonly gate: GateRule;
  /** The policy that failed, when a policy step asked; what a waiver names. */
  readonly policy: string | null;
}

export interface GateApproval {
  readonly token: string;
  readonly headSha: string;
  readonly by: { readonly id: number; readonly login: string };
  readonly at: Instant;
}

export interface OurPull {
  readonly number: number;
  readonly headSha: string;
  readonly baseRef: string;
  readonly state: 'open' | 'closed' | 'merged';
  readonly firstAppliedAt: Instant | null;
  readonly unlockedAt: Instant | null;
  /** May something be applied or merged here without anybody asking, as of the last decision about the change? Absent: no. */
  readonly byItself?: boolean;
  /** The merge that a merge queue tries with it. Absent: none. */
  readonly mergeGroup?: MergeGroup | null;
}

export interface RunReport {
  readonly runId: string;
  readonly treeSha: string | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
  readonly outcomes: readonly ReportedOutcome[];
}

/** One dirspace of a report: what rules need of it. */
export interface ReportedOutcome {
  readonly index: number;
  readonly state: 'planned' | 'no-changes' | 'plan-failed' | 'applied' | 'apply-failed' | 'not-attempted' | 'unknown';
  readonly digest: string | null;
  readonly planStored: boolean;
  readonly serial: number | null;
  /** Of a plan: what it asks for beside everything else. Untrusted: it may only add. */
  readonly gates?: readonly AskedGate[];
  /** Of an apply: its runner's code for what was not as it must be, found before anything was changed. */
  readonly refusedBecause?: string;
}

/** What a runner found in the merge of head and base, before its manifest. Untrusted. */
export interface Discovery {
  readonly runId: string;
  readonly headSha: string;
  readonly baseSha: string;
  readonly treeSha: string;
  readonly index: ModuleIndex;
  /** What the builders printed, when they were asked. */
  readonly config?: Built<string>;
  readonly tree?: Built<readonly BuiltFile[]>;
}

/** What a builder made, or why it did not. */
export type Built<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** A file that the tree builder names. `changed`: it counts as changed, whatever git says. */
export interface BuiltFile {
  readonly path: string;
  readonly changed?: boolean;
}

/** Everything a decision may look at. Time and fresh ids come in with it, so that deciding is a pure function. */
export interface Snapshot {
  readonly now: Instant;
  /** Fresh random ids; a decision takes them from the front. */
  readonly freshIds: readonly string[];
  readonly app: { readonly appId: number; readonly botId: number; readonly botLogin: string; readonly slug: string };
  readonly limits: { readonly planLifeMs: number };
  readonly ours: OurFacts;
  readonly github: GitHubFacts | null;
}

/** A run to be started. */
export interface NewRun
  extends Pick<
    Run,
    | 'id'
    | 'kind'
    | 'pull'
    | 'headSha'
    | 'baseSha'
    | 'baseRef'
    | 'environment'
    | 'runsOn'
    | 'flags'
    | 'requestedBy'
    | 'requestedAt'
    | 'autoapprove'
    | 'force'
    | 'discovers'
  > {
  readonly targets: readonly RunTarget[];
  /** How each target is run; goes into the manifest as it is. */
  readonly settings: readonly TargetSettings[];
  readonly parallel: number;
  readonly configDigest: string;
}

/** What the runner is told about one dirspace beside its place. */
export interface TargetSettings {
  readonly index: number;
  readonly engine: 'terraform' | 'tofu';
  readonly version: string | null;
  readonly createWorkspace: boolean;
  /** In order; absent: init and plan, or init and apply. */
  readonly steps?: readonly RunnerStep[];
  /** Of an apply: steps of the plan that are done again before it, because they can ask for gates. */
  readonly gateSteps?: readonly RunnerStep[];
  /** Stack and its variables, for the environment of the steps. */
  readonly stack?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** What is done once per run. Stands with the run's first target, since it is the run's. */
  readonly hooks?: RunHooks;
}

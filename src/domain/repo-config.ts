import type { TagQuery } from './tag-query.ts';
import type { Argv, HookStep, MatchList, WorkflowStep } from './workflow-step.ts';

/**
 * The effective configuration of a repository: all sources merged, every default applied, legacy forms
 * gone, every tag query, match list, pattern, regular expression and time zone proven. Plain data (JSON safe),
 * so that it can be stored with a snapshot. Names are those of the file, in camel case; values are as in the file.
 */
export interface RepoConfig {
  /** `false`: nothing is done for this pull request. */
  readonly enabled: boolean;
  /** What a directory that `dirs` does not name gets. */
  readonly whenModified: WhenModified;
  /** In the order of the file. A literal key beats globs; among globs the longest key wins per file. */
  readonly dirs: readonly DirConfig[];
  /** First whose tag query matches wins; none: `init, plan` / `init, apply` with `engine`. */
  readonly workflows: readonly Workflow[];
  /**
   * Where a dirspace's runs go and how it locks, by tag query, first match wins. Written in `workflows` too, but kept
   * apart because it always comes from the default branch, even where `workflows` come from the head.
   */
  readonly placements: readonly Placement[];
  readonly engine: Engine;
  readonly hooks: Hooks;
  /** Dirspaces at the same time inside one runner, at least 1. */
  readonly parallelRuns: number;
  readonly batchRuns: { readonly enabled: boolean; readonly maxWorkspacesPerBatch: number };
  readonly createAndSelectWorkspace: boolean;
  readonly checkoutStrategy: 'merge' | 'checkout';
  /** Top-level keys that come from the default branch, beyond those that always do. */
  readonly defaultBranchOverrides: readonly string[];
  /** Empty: the repository's default branch alone. */
  readonly destinationBranches: readonly DestinationBranch[];
  readonly accessControl: AccessControl;
  readonly applyRequirements: ApplyRequirements;
  readonly automerge: Automerge;
  readonly costEstimation: { readonly enabled: boolean; readonly provider: 'infracost'; readonly currency: string };
  readonly drift: Drift;
  readonly storage: { readonly plans: PlanStorage };
  readonly tags: { readonly branch: readonly BranchTag[]; readonly destBranch: readonly BranchTag[] };
  /** As named in the file; the implicit stack `default` is not in here. */
  readonly stacks: readonly StackConfig[];
  readonly notifications: Notifications;
  readonly integrations: Integrations;
  readonly configBuilder: Builder;
  readonly treeBuilder: Builder;
  /** `auto`: a root module is touched when a local module that it calls is touched. */
  readonly modules: 'auto' | 'off';
  readonly forks: { readonly kind: 'off' } | { readonly kind: 'plan'; readonly environment: string };
  /** When only the base moved: is a plan stale because anything changed, or because its own paths did? */
  readonly baseMoved: 'paths' | 'strict';
  /** What happens to a plan that became stale: planned again by itself, or only marked. */
  readonly stalePlans: 'replan' | 'mark';
  /** `true`: a plain `apply` applies the dirspaces that pass and names the others. */
  readonly applyPartially: boolean;
  readonly checks: 'summary' | 'per-dirspace' | 'statuses';
  readonly labels: boolean;
  /** Trigger words beside `plumbline`. */
  readonly commandAliases: readonly CommandAlias[];
  /** Base64 of an X25519 public key (32 bytes) to which plans are sealed as well. */
  readonly planKey?: string;
  /** Bots (logins in lower case, with `[bot]`) whose pushes count as those of a person with write permission. */
  readonly trustedBots: readonly string[];
}

export const COMMAND_ALIASES = ['terrateam', 'atlantis', 'digger', 'terraform', 'tofu'] as const;
export type CommandAlias = (typeof COMMAND_ALIASES)[number];

export interface WhenModified {
  /**
   * A leading `!` negates. `${DIR}` and `${WORKSPACE}` are not yet substituted; the short forms of the global list
   * (`**` + `/x`, `*x`) are already rewritten to `${DIR}/...`. Empty: the dirspace is ignored, even when named.
   */
  readonly filePatterns: readonly string[];
  readonly autoplan: boolean;
  readonly autoplanDraftPr: boolean;
  /**
   * Apply on merge. In the configuration of a pull request it is true only where head and default branch agree by
   * key; a rule that uses it must also ask the dirspace as it is under the default branch's configuration.
   */
  readonly autoapply: boolean;
  readonly dependsOn?: DependsOn;
}

export interface DependsOn {
  readonly tagQuery: TagQuery;
  /** The dependency orders only; it does not pull this dirspace into the change. */
  readonly pruneOnNoChange: boolean;
}

export interface DirConfig {
  /** Directory relative to the root (`.` for the root), or a glob over file paths when `glob`. */
  readonly key: string;
  /** A key is a glob when it contains `*`; any other character stands for itself. */
  readonly glob: boolean;
  readonly createAndSelectWorkspace: boolean;
  readonly createIfMissing: boolean;
  /** Like `autoapply`: ask the dirspace under the default branch's configuration; `all` is the strict one. */
  readonly lockBranchTarget: 'all' | 'dest_branch';
  /** At least one, in the order of the file. Tags are the directory's and the workspace's own together. */
  readonly workspaces: readonly WorkspaceConfig[];
}

export interface WorkspaceConfig {
  readonly name: string;
  readonly tags: readonly string[];
  /** Resolved: workspace, then directory, then global, key by key. */
  readonly whenModified: WhenModified;
}

export interface Workflow {
  readonly tagQuery: TagQuery;
  readonly plan: readonly WorkflowStep[];
  readonly apply: readonly WorkflowStep[];
  readonly engine: Engine;
  readonly integrations: Integrations;
}

export type LockPolicy = 'strict' | 'apply' | 'merge' | 'none';

export interface Placement {
  readonly tagQuery: TagQuery;
  /** GitHub environments; `${name}` stands for a stack variable. Absent: no environment. */
  readonly environment: { readonly plan?: string; readonly apply?: string };
  /** Given to `runs-on` of the job as it is; absent: the workflow file's own default. */
  readonly runsOn?: JsonValue;
  readonly lockPolicy: LockPolicy;
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The program that plans and applies. `outputs.collect`: outputs are read after an apply. Absent versions: the runner's default. */
export type Engine =
  | {
      readonly name: 'terraform' | 'tofu';
      readonly version?: string;
      readonly overrideTfCmd?: string;
      readonly outputs: { readonly collect: boolean };
    }
  | {
      readonly name: 'terragrunt' | 'cdktf' | 'stategraph';
      readonly version?: string;
      /** The engine underneath: `terraform`, `tofu` or a path. */
      readonly tfCmd: string;
      readonly tfVersion?: string;
      readonly overrideTfCmd?: string;
      readonly outputs: { readonly collect: boolean };
    }
  | { readonly name: 'pulumi' }
  | { readonly name: 'fly'; readonly configFile: string }
  | {
      readonly name: 'custom';
      readonly init?: Argv;
      readonly plan?: Argv;
      readonly diff?: Argv;
      readonly apply?: Argv;
      readonly unsafeApply?: Argv;
      readonly outputs?: Argv;
    };

export interface Hooks {
  readonly all: HookLists;
  readonly plan: HookLists;
  readonly apply: HookLists;
}

export interface HookLists {
  readonly pre: readonly HookStep[];
  readonly post: readonly HookStep[];
}

/** Globs without regard to case; a leading `!` negates. */
export interface DestinationBranch {
  readonly branch: string;
  readonly sourceBranches: readonly string[];
}

export interface AccessControl {
  /** `false`: the lists are not asked and GitHub's write permission decides; what defaults to nobody stays nobody's. */
  readonly enabled: boolean;
  /** First whose tag query matches wins; none: denied. */
  readonly policies: readonly AccessPolicy[];
  readonly configUpdate: MatchList;
  readonly ciConfigUpdate: MatchList;
  /** Exact path → who may change it. */
  readonly files: readonly { readonly path: string; readonly allowed: MatchList }[];
  readonly unlock: MatchList;
  readonly applyRequireAllDirspaceAccess: boolean;
  readonly planRequireAllDirspaceAccess: boolean;
}

export interface AccessPolicy {
  readonly tagQuery: TagQuery;
  readonly plan: MatchList;
  readonly apply: MatchList;
  readonly applyForce: MatchList;
  readonly applyAutoapprove: MatchList;
  /** Whose approving review lets those in `applyWithSuperapproval` apply. */
  readonly superapproval: MatchList;
  readonly applyWithSuperapproval: MatchList;
}

export interface ApplyRequirements {
  readonly createPendingApplyCheck: boolean;
  readonly createCompletedApplyCheckOnNoop: boolean;
  /** What an approval is bound to: the head commit, or the digest of the plan that was approved. */
  readonly approvals: 'head' | 'plan';
  /** `drop`: an approval given before the newest push does not count. */
  readonly staleApprovals: 'drop' | 'keep';
  /** Before an apply, do the plan's steps that can ask for gates again: the plan's job may have left a gate out. */
  readonly repeatGateSteps: boolean;
  /** First whose tag query matches wins; none: not passed. */
  readonly checks: readonly ApplyCheck[];
}

export interface ApplyCheck {
  readonly tagQuery: TagQuery;
  readonly approved: {
    readonly enabled: boolean;
    readonly allOf: MatchList;
    readonly anyOf: MatchList;
    readonly anyOfCount: number;
    readonly requireCompletedReviews: boolean;
  };
  readonly mergeConflicts: { readonly enabled: boolean };
  /** `ignoreMatching`: names, or regular expressions found anywhere in the name (linear time). */
  readonly statusChecks: { readonly enabled: boolean; readonly ignoreMatching: readonly string[] };
  readonly applyAfterMerge: { readonly enabled: boolean };
  readonly requireReadyForReviewPr: boolean;
  /** A plan with more risk points than this does not pass. */
  readonly risk?: { readonly maxPoints: number };
}

export interface Automerge {
  readonly enabled: boolean;
  readonly deleteBranch: boolean;
  readonly requireExplicitApply: boolean;
  readonly retainPrTitle: boolean;
  readonly mergeStrategy: 'auto' | 'merge' | 'rebase' | 'squash';
}

export interface Drift {
  readonly enabled: boolean;
  readonly schedules: readonly DriftSchedule[];
}

export interface DriftSchedule {
  readonly name: string;
  readonly schedule: 'hourly' | 'daily' | 'weekly' | 'monthly';
  readonly tagQuery: TagQuery;
  readonly reconcile: boolean;
  /** From `start` (inclusive) to `end` (exclusive); wraps midnight when `end` is earlier. */
  readonly window?: { readonly start: TimeOfDay; readonly end: TimeOfDay };
}

export interface TimeOfDay {
  /** Minutes after midnight, 0 to 1439, in `zone`. */
  readonly minutes: number;
  readonly zone: TimeZone;
}

/** An abbreviation is a fixed distance from UTC; an IANA name knows about summer time. */
export type TimeZone =
  | { readonly kind: 'offset'; readonly minutesEastOfUtc: number; readonly name: string }
  | { readonly kind: 'iana'; readonly name: string };

/** `service`: encrypted, with this service. The others run in the runner; `$date $dir $plan_path $plan_dst_path $time $token $workspace` are filled in there. */
export type PlanStorage =
  | { readonly method: 'service' }
  | { readonly method: 'cmd'; readonly store: Argv; readonly fetch: Argv; readonly delete?: Argv }
  | {
      readonly method: 's3';
      readonly bucket: string;
      readonly region: string;
      readonly path?: string;
      readonly accessKeyId?: string;
      readonly secretAccessKey?: string;
      readonly deleteUsedPlans: boolean;
      readonly storeExtraArgs: readonly string[];
      readonly fetchExtraArgs: readonly string[];
      readonly deleteExtraArgs: readonly string[];
    };

/** The first whose pattern (a linear-time regular expression, found anywhere) matches the branch gives its name as tag. */
export interface BranchTag {
  readonly name: string;
  readonly pattern: string;
}

export interface StackConfig {
  readonly name: string;
  readonly select:
    | { readonly kind: 'dirspaces'; readonly tagQuery: TagQuery }
    | { readonly kind: 'stacks'; readonly stacks: readonly string[] };
  readonly variables: Readonly<Record<string, string>>;
  readonly rules: {
    /** Planned only when these are applied. Defaults to `modifiedBy`. */
    readonly planAfter: readonly string[];
    readonly applyAfter: readonly string[];
    /** Counts as changed when one of these changed. */
    readonly modifiedBy: readonly string[];
    /** Like `autoapply`: true only where head and default branch agree. */
    readonly autoApply: boolean;
  };
}

export interface Notifications {
  readonly policies: readonly {
    readonly tagQuery: TagQuery;
    readonly commentStrategy: 'minimize' | 'append' | 'delete';
  }[];
  readonly summary: { readonly enabled: boolean };
}

export interface Integrations {
  readonly resourcely: { readonly enabled: boolean; readonly extraArgs: readonly string[] };
}

/** `script` may begin with an interpreter line; without one it is bash. */
export type Builder = { readonly enabled: false } | { readonly enabled: true; readonly script: string };

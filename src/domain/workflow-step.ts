/**
 * What a runner is told to do for one dirspace (workflow steps) or once per run (hook steps), as the
 * repository's configuration says it, with every default applied. Commands are argument lists, never shell text.
 */
export type WorkflowStep =
  | InitStep
  | PlanStep
  | ApplyStep
  | RunStep
  | EnvStep
  | OidcStep
  | PolicyStep
  | OpaStep
  | GatesStep;

/** Steps that may stand in `hooks`: before and after the dirspaces of a run. */
export type HookStep = RunStep | EnvStep | OidcStep | GatesStep | DriftCreateIssueStep;

/** When a step runs, given whether everything before it in its list went well. */
export type RunOn = 'success' | 'failure' | 'always';

/** A command and its arguments; the first element is the program. */
export type Argv = readonly [string, ...string[]];

export type Env = Readonly<Record<string, string>>;

export interface InitStep {
  readonly type: 'init';
  readonly extraArgs: readonly string[];
  readonly env: Env;
}

export interface PlanStep {
  readonly type: 'plan';
  readonly extraArgs: readonly string[];
  readonly env: Env;
  /** `fast-and-loose` plans without the separate refresh. */
  readonly mode: 'strict' | 'fast-and-loose';
}

export interface ApplyStep {
  readonly type: 'apply';
  readonly extraArgs: readonly string[];
  readonly env: Env;
  readonly retry: {
    readonly enabled: boolean;
    readonly tries: number;
    readonly initialSleepSeconds: number;
    /** Factor by which the pause grows from one try to the next. */
    readonly backoff: number;
  };
}

export interface RunStep {
  readonly type: 'run';
  readonly cmd: Argv;
  readonly captureOutput: boolean;
  readonly env: Env;
  readonly runOn: RunOn;
  readonly ignoreErrors: boolean;
  /** When the captured output is shown to people. */
  readonly visibleOn: RunOn;
  readonly format: OutputFormat;
  readonly onError: readonly { readonly type: 'gate'; readonly gate: GateRule }[];
}

export type OutputFormat =
  | { readonly kind: 'code'; readonly lang?: string }
  | { readonly kind: 'raw' }
  | { readonly kind: 'markdown' };

/** `exec` sets one variable to the command's output; `source` runs a script and takes over what it exports. */
export type EnvStep =
  | {
      readonly type: 'env';
      readonly method: 'exec';
      readonly name: string;
      readonly cmd: Argv;
      readonly trimTrailingNewlines: boolean;
      readonly sensitive: boolean;
    }
  | { readonly type: 'env'; readonly method: 'source'; readonly cmd: Argv; readonly sensitive: boolean };

export type OidcStep =
  | {
      readonly type: 'oidc';
      readonly provider: 'aws';
      readonly roleArn: string;
      readonly assumeRoleArn?: string;
      readonly assumeRoleEnabled: boolean;
      readonly audience?: string;
      readonly durationSeconds: number;
      readonly region: string;
      readonly sessionName: string;
    }
  | {
      readonly type: 'oidc';
      readonly provider: 'gcp';
      readonly serviceAccount: string;
      readonly workloadIdentityProvider: string;
      readonly audience?: string;
      readonly projectId?: string;
      readonly accessTokenLifetimeSeconds: number;
      readonly accessTokenSubject?: string;
    }
  | {
      readonly type: 'oidc';
      readonly provider: 'azure';
      readonly clientId: string;
      readonly tenantId: string;
      readonly subscriptionId?: string;
      readonly audience?: string;
    };

export interface PolicyStep {
  readonly type: 'checkov' | 'conftest';
  readonly extraArgs: readonly string[];
  readonly env: Env;
  /** Who may let a failing policy pass. Without it a failure fails the dirspace (unless `ignoreErrors`). */
  readonly gate?: GateRule;
  readonly ignoreErrors: boolean;
  readonly runOn: RunOn;
  readonly visibleOn: RunOn;
}

export interface OpaStep extends Omit<PolicyStep, 'type'> {
  readonly type: 'opa';
  readonly failOn: 'undefined' | 'defined';
}

/** The command prints `{"gates": [...]}`: approvals that this dirspace's apply must have. */
export interface GatesStep {
  readonly type: 'gates';
  readonly cmd: Argv;
  readonly env: Env;
  readonly runOn: RunOn;
}

export interface DriftCreateIssueStep {
  readonly type: 'drift_create_issue';
  readonly groupBy: 'all' | 'dirspace';
}

/** An approval that an apply needs: by naming `token` in a comment, or without a token by reviews. */
export interface GateRule {
  readonly token?: string;
  readonly name?: string;
  readonly allOf: MatchList;
  readonly anyOf: MatchList;
  readonly anyOfCount: number;
}

/** People, as configuration names them. An empty list is nobody. */
export type MatchList = readonly PeopleMatch[];

export type PeopleMatch =
  /** `*` */
  | { readonly kind: 'anyone' }
  /** `user:login`, in lower case: GitHub compares logins without case. */
  | { readonly kind: 'user'; readonly login: string }
  /** `team:slug` of the organisation that owns the repository, in lower case. */
  | { readonly kind: 'team'; readonly slug: string }
  /** `role:r`: this repository role or a higher one. */
  | { readonly kind: 'role'; readonly role: RepositoryRole }
  /** `codeowners`: the owners of the dirspace's files. */
  | { readonly kind: 'codeowners' };

/** GitHub's repository roles, the highest first. A higher one includes the lower ones. */
export const REPOSITORY_ROLES = ['admin', 'maintain', 'write', 'triage', 'read'] as const;
export type RepositoryRole = (typeof REPOSITORY_ROLES)[number];

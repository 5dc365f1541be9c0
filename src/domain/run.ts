import type { Dirspace } from './dirspace.ts';
import type { Instant } from './instant.ts';
import type { ReasonCode } from './reason.ts';

export type RunKind = 'plan' | 'apply';

/**
 * Where a run of ours stands. `queued`: decided, dispatch not yet accepted. `dispatched`: GitHub took it. `claimed`: the
 * runner proved who it is; an apply then waits for its second decision. `running`: it has its manifest. The rest are ends:
 * `unknown` means that an apply may have half happened.
 */
export type RunState =
  | 'queued'
  | 'dispatched'
  | 'claimed'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'refused'
  | 'cancelled'
  | 'superseded'
  | 'vanished'
  | 'unknown';

const ACTIVE: ReadonlySet<RunState> = new Set(['queued', 'dispatched', 'claimed', 'running']);

/** Is the run still expected to do something? */
export function isActive(state: RunState): boolean {
  return ACTIVE.has(state);
}

/** One dirspace's part in a run. */
export interface RunTarget extends Dirspace {
  /** Position in the manifest; the runner names its outcomes by it. */
  readonly index: number;
  /** The plan that a plan run makes, or that an apply run uses. */
  readonly planId: string;
}

export interface Run {
  readonly id: string;
  readonly kind: RunKind;
  readonly state: RunState;
  readonly repositoryId: number;
  readonly pull: number;
  readonly headSha: string;
  readonly baseSha: string;
  readonly baseRef: string;
  readonly environment: string | null;
  readonly runsOn: string | null;
  readonly targets: readonly RunTarget[];
  /** Terraform arguments asked for in the command, validated. */
  readonly flags: readonly string[];
  /** Who asked, and when the request was made on GitHub. */
  readonly requestedBy: { readonly id: number; readonly login: string };
  readonly requestedAt: Instant;
  readonly autoapprove: boolean;
  readonly force: boolean;
  readonly createdAt: Instant;
  readonly dispatchedAt: Instant | null;
  readonly claimedAt: Instant | null;
  readonly heartbeatAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly githubRunId: number | null;
  /** What GitHub last said of its run, e.g. `queued`, `waiting`, `in_progress`. */
  readonly githubStatus: string | null;
  /** True once the runner said that it starts to apply: from then on nothing may be assumed undone. */
  readonly begun: boolean;
  readonly endReason: ReasonCode | null;
  /** What was asked for, when the runner looks first what there is and what is planned is decided after that; null: it does not. */
  readonly discovers: DiscoveryOrder | null;
}

/** What a run that discovers is to plan: its targets until then are a guess, made without knowing which directory calls which. */
export interface DiscoveryOrder {
  /** Whatever is planned without anybody asking. */
  readonly automatic: boolean;
  /** Text of the tag query of a command; null: no command asked. */
  readonly query: string | null;
  /** Programs of the configuration to be run as well. */
  readonly build?: BuildOrder;
}

/** Scripts that print configuration (JSON, with the present one as JSON on standard input) or files of the tree (JSON). */
export interface BuildOrder {
  readonly config?: { readonly script: string; readonly input: string };
  readonly tree?: { readonly script: string };
}

export interface StoredPlan {
  readonly id: string;
  readonly runId: string;
  readonly dir: string;
  readonly workspace: string;
  readonly pull: number;
  /** `stored`: bytes and key are here; `erased`: only the tombstone is left. */
  readonly state: 'expected' | 'stored' | 'erased';
  readonly erasedBecause: ReasonCode | null;
  readonly createdAt: Instant;
  /** When the pull request could show it: an apply command or an approval counts only if it is later. */
  readonly publishedAt: Instant | null;
  readonly expiresAt: Instant;
  readonly facts: PlanFacts | null;
}

/** What a plan was made from (DESIGN section 6, "What an apply must prove"). Reported by the runner; re-checked by the apply runner. */
export interface PlanFacts {
  readonly headSha: string;
  readonly baseSha: string;
  /** The git tree of the merge of head and recorded base that was planned. */
  readonly treeSha: string;
  readonly backendFingerprint: string;
  readonly tool: string;
  readonly toolVersion: string;
  readonly toolSha256: string;
  /** SHA-256 of `.terraform.lock.hcl`, empty string when there is none. */
  readonly lockFileSha256: string;
  readonly flags: readonly string[];
  readonly configDigest: string;
  readonly planSha256: string;
  readonly planBytes: number;
  /** Digest of the canonical plan model. */
  readonly digest: string;
  readonly lineage: string;
  readonly serial: number;
}

/** What a pull request showed as the plan of a dirspace from a moment on. */
export interface ShownPlan extends Dirspace {
  readonly at: Instant;
  readonly headSha: string;
  /** Digest of the canonical plan model; null: there was nothing that could be approved, as after a plan that failed. */
  readonly digest: string | null;
}

/** The newest word on one dirspace of one pull request. */
export interface DirspaceResult extends Dirspace {
  readonly runId: string;
  readonly kind: RunKind;
  readonly state:
    | 'pending'
    | 'planned'
    | 'no-changes'
    | 'plan-failed'
    | 'applied'
    | 'apply-failed'
    | 'not-attempted'
    | 'unknown';
  readonly headSha: string;
  readonly baseSha: string;
  readonly digest: string | null;
  readonly planId: string | null;
  /** Resource addresses that the plan changes (capped), for the overlap radar. */
  readonly addresses: readonly string[];
  readonly counts: ChangeCounts | null;
  readonly riskPoints: number | null;
  readonly endedAt: Instant | null;
}

export interface ChangeCounts {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly replace: number;
  readonly import: number;
  readonly move: number;
  readonly forget: number;
}

/** A pull request's claim on a dirspace. Claims are ranked by merge time, then apply time; the first rank holds. */
export interface LockClaim extends Dirspace {
  readonly pull: number;
  readonly baseRef: string;
  readonly mergedAt: Instant | null;
  readonly appliedAt: Instant | null;
  readonly claimedAt: Instant;
}

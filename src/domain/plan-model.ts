/** A JSON value without structure: what stands at the end of an attribute path. */
export type Scalar = string | number | boolean | null;

/**
 * What may be known about one side of an attribute. Sensitive values are never here: only an
 * HMAC under a per-repository key, so that "did it change?" can be answered and nothing else.
 */
export type Leaf =
  | { readonly kind: 'value'; readonly value: Scalar }
  | { readonly kind: 'collection'; readonly of: 'list' | 'map'; readonly size: number }
  | { readonly kind: 'hidden'; readonly digest: string; readonly why: HiddenBecause }
  | { readonly kind: 'unknown' };

/** Why a value is not shown: the engine says so, or one of our own rules. */
export type HiddenBecause = 'sensitive' | 'name' | 'looks-like-secret' | 'environment';

/**
 * A step of an attribute path. A string is an attribute or map key; a number at or above zero is an element of the
 * list after the change; a negative number `-1 - i` is element `i` of the list before, which is gone after it.
 */
export type PathStep = string | number;

/** One leaf that differs. A missing side did not exist or will not exist. */
export interface AttributeChange {
  readonly path: readonly PathStep[];
  readonly before?: Leaf;
  readonly after?: Leaf;
  /** The engine says that this attribute forces the replacement. */
  readonly forcesReplace?: true;
  /** The number of steps after which the path is inside a string that holds JSON. */
  readonly jsonFrom?: number;
  /** Elements that stay, in another order: their indices before, in the order after. */
  readonly reordered?: readonly number[];
}

export type ChangeAction = 'create' | 'update' | 'delete' | 'replace' | 'read' | 'forget' | 'none';

/** What will happen to one resource instance. `none` stands for one that is only moved or imported. */
export interface ResourceChange {
  readonly address: string;
  readonly module?: string;
  readonly mode: 'managed' | 'data';
  readonly type: string;
  readonly name: string;
  readonly provider: string;
  readonly action: ChangeAction;
  /** Of a replacement: which half happens first. */
  readonly order?: 'delete-first' | 'create-first';
  /** The engine's own word, such as `replace_because_tainted`. */
  readonly reason?: string;
  readonly importId?: string;
  readonly movedFrom?: string;
  readonly deposed?: string;
  readonly attributes: readonly AttributeChange[];
  /** Top-level attributes that stay as they are. */
  readonly unchanged: number;
  /** Attribute changes that were left out to keep the model small. */
  readonly omitted?: number;
}

export interface OutputChange {
  readonly name: string;
  readonly action: 'create' | 'update' | 'delete';
  readonly attributes: readonly AttributeChange[];
}

/** Result of one `check`, `precondition`, `postcondition` or `validation` block. */
export interface CheckResult {
  readonly address: string;
  readonly kind: string;
  readonly status: 'pass' | 'fail' | 'error' | 'unknown';
  readonly problems: readonly string[];
}

export interface DeferredChange {
  readonly address: string;
  readonly reason: string;
  readonly action: ChangeAction;
}

/** An error or warning with its place, relative to the dirspace's directory. Lines and columns count from 1. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly summary: string;
  readonly detail?: string;
  readonly address?: string;
  readonly file?: string;
  readonly line?: number;
  readonly endLine?: number;
  readonly column?: number;
}

export interface PlanCounts {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly replace: number;
  readonly import: number;
  readonly move: number;
  readonly forget: number;
  readonly read: number;
}

export const NO_COUNTS: PlanCounts = {
  create: 0,
  update: 0,
  delete: 0,
  replace: 0,
  import: 0,
  move: 0,
  forget: 0,
  read: 0,
};

/** A plan as people may see it: redacted, structured, JSON-serialisable. Rendered from the engine's JSON, never from its text. */
export interface PlanModel {
  readonly version: 1;
  readonly engineVersion?: string;
  readonly hasChanges: boolean;
  readonly counts: PlanCounts;
  readonly changes: readonly ResourceChange[];
  readonly outputs: readonly OutputChange[];
  readonly drift: readonly ResourceChange[];
  readonly checks: readonly CheckResult[];
  readonly deferred: readonly DeferredChange[];
  readonly diagnostics: readonly Diagnostic[];
  /** Version constraints of providers as the configuration states them. */
  readonly providers: readonly { readonly name: string; readonly constraint: string }[];
  /** Configuration addresses with provisioners: code that runs at apply. */
  readonly provisioners: readonly string[];
  /** Values that are not shown, by reason. */
  readonly hidden: number;
  /** What `capPlan` left out; absent when the model is whole. */
  readonly left?: { readonly resources: number; readonly attributes: number };
  /** Output of an engine that has no JSON: masked by the runner, escaped when shown. */
  readonly text?: string;
  /** Why the plan JSON could not be understood. Such a plan is never appliable. */
  readonly problem?: string;
}

/** How one resource fared in an apply. `started`: begun, and nobody heard the end. */
export interface ResourceOutcome {
  readonly address: string;
  readonly action: ChangeAction;
  readonly outcome: 'done' | 'failed' | 'started' | 'not-attempted';
  readonly id?: string;
  readonly seconds?: number;
}

export interface OutputValue {
  readonly name: string;
  /** JSON text of the value; absent when it is sensitive or looks like a secret. */
  readonly value?: string;
}

/** What an apply did, per resource, in the order in which it happened. */
export interface ApplyOutcome {
  readonly resources: readonly ResourceOutcome[];
  readonly diagnostics: readonly Diagnostic[];
  readonly outputs: readonly OutputValue[];
  readonly done: number;
  readonly failed: number;
  readonly notAttempted: number;
}

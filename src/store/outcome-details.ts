import type { ApplyOutcome, Diagnostic, PlanModel } from '../domain/plan-model.ts';
import type { ChangeCounts, PlanFacts } from '../domain/run.ts';
import type { StepResult } from '../domain/runner-step.ts';

/** The part of a reported outcome that no rule looks at, and that people read. Already redacted by the runner, already capped. */
export interface OutcomeDetails {
  readonly model: PlanModel | null;
  readonly apply: ApplyOutcome | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Where it failed: `init`, `plan`, `show`, `apply`. */
  readonly failedAt: string | null;
  readonly counts: ChangeCounts | null;
  /** Resource addresses that the plan changes, capped by whoever stores the report. */
  readonly addresses: readonly string[];
  readonly riskPoints: number | null;
  /** What the plan was made from; only when a plan was made. */
  readonly facts: PlanFacts | null;
  readonly engine: { readonly name: string; readonly version: string } | null;
  readonly durationMs: number | null;
  /** Of the configuration's own steps, those that people are to read of. */
  readonly steps?: readonly StepResult[];
}

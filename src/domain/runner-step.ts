import type {
  DriftCreateIssueStep,
  GateRule,
  HookStep,
  OidcStep,
  OpaStep,
  PolicyStep,
  WorkflowStep,
} from './workflow-step.ts';

/** The steps that the runner of this version carries out for a dirspace. */
export type RunnerStep = Exclude<WorkflowStep, OidcStep>;

/** The steps that it carries out once per run, before the first and after the last dirspace. */
export type RunnerHook = Exclude<HookStep, OidcStep | DriftCreateIssueStep>;

export interface RunHooks {
  readonly pre: readonly RunnerHook[];
  readonly post: readonly RunnerHook[];
}

/** A step that checks the plan with a program that is named like its type. */
export type PolicyCheckStep = PolicyStep | OpaStep;

export const POLICY_TYPES = ['checkov', 'conftest', 'opa'] as const;

/** How one step went. `visible`: whether people are to read `text`, which is masked, and the end of what was printed. */
export interface StepResult {
  readonly name: string;
  readonly success: boolean;
  /** A failure that does not fail the dirspace: it was to be ignored, or it became a gate. */
  readonly ignored: boolean;
  readonly visible: boolean;
  readonly text: string;
  /** Language of the code block that the text is shown in. */
  readonly lang?: string;
  readonly durationMs: number;
}

/** An approval that a plan asks for. `policy`: the policy step that failed; what a waiver names. */
export interface AskedGate extends GateRule {
  readonly policy?: string;
}

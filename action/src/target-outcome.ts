import type { Diagnostic, OutputValue, PlanModel, ResourceOutcome } from '../../src/domain/plan-model.ts';
import type { PlanFacts } from '../../src/domain/run.ts';
import type { AskedGate, StepResult } from '../../src/domain/runner-step.ts';
import type { Outcome, OutcomePhase } from '../../src/protocol/report.ts';

/** One dirspace's part of the report, while it is being made. */
export interface TargetOutcome {
  readonly index: number;
  readonly state: Outcome['state'];
  readonly phase: OutcomePhase;
  readonly code: string | null;
  readonly model: PlanModel | null;
  readonly facts: PlanFacts | null;
  readonly planStored: boolean;
  readonly resources: readonly ResourceOutcome[];
  readonly outputs: readonly OutputValue[];
  readonly serial: number | null;
  readonly lineage: string | null;
  readonly diagnostics: readonly Diagnostic[];
  /** The end of what the engine printed: only when it failed and nothing better is known. */
  readonly text: string;
  readonly steps: readonly StepResult[];
  readonly gates: readonly AskedGate[];
  readonly durationMs: number;
}

type Ending = Partial<Omit<TargetOutcome, 'index' | 'durationMs'>> & Pick<TargetOutcome, 'state'>;

/** How a dirspace ends before its time: thrown where it is found, made into the outcome by whoever runs the dirspace. */
export class TargetStop extends Error {
  override readonly name = 'TargetStop';
  readonly ending: Ending;
  constructor(ending: Ending, message: string) {
    super(message);
    this.ending = ending;
  }
}

/** A stop with one sentence for people, shown as a diagnostic. `detail`: what else there is to say of it. */
export function stopWith(ending: Ending & { readonly code: string }, message: string, detail = ''): TargetStop {
  const said: Diagnostic = { severity: 'error', summary: message, ...(detail === '' ? {} : { detail }) };
  return new TargetStop({ ...ending, diagnostics: [said, ...(ending.diagnostics ?? [])] }, message);
}

/** An outcome with everything that is not said left empty. */
export function outcomeOf(index: number, durationMs: number, ending: Ending): TargetOutcome {
  return {
    index,
    durationMs: Math.max(0, Math.round(durationMs)),
    phase: 'checkout',
    code: null,
    model: null,
    facts: null,
    planStored: false,
    resources: [],
    outputs: [],
    serial: null,
    lineage: null,
    diagnostics: [],
    text: '',
    steps: [],
    gates: [],
    ...ending,
  };
}

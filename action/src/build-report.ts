import type { StepResult } from '../../src/domain/runner-step.ts';
import { EMPTY_PLAN, problemModel } from '../../src/plans/read-plan.ts';
import { wireModel } from '../../src/plans/wire-model.ts';
import { PROTOCOL, reportShare } from '../../src/protocol/messages.ts';
import { MAX_LIST, MAX_MODEL_TEXT } from '../../src/protocol/plan-model.ts';
import { MAX_OUTCOME_TEXT, Outcome, Report } from '../../src/protocol/report.ts';
import { MAX_STEP_TEXT } from '../../src/protocol/steps.ts';
import { maskDeep, type SecretMask } from './secret-mask.ts';
import { outcomeOf, type TargetOutcome } from './target-outcome.ts';

export interface RunResult {
  readonly run: string;
  readonly treeSha: string | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
  readonly outcomes: readonly TargetOutcome[];
}

const MOST_DIAGNOSTICS = 50;

/**
 * The report as JSON text: masked first, then cut, so that a cut cannot leave half a secret. A plan model that does not
 * fit is replaced by one that says so; such a plan cannot be reviewed, therefore it is reported as failed.
 */
export function buildReport(result: RunResult, mask: SecretMask): string {
  const share = reportShare(result.outcomes.length);
  const outcomes = result.outcomes.map((outcome) => fitted(outcome, share, mask));
  const report = {
    protocol: PROTOCOL,
    run: result.run,
    treeSha: result.treeSha,
    problem:
      result.problem === null
        ? null
        : { code: result.problem.code, message: mask.mask(result.problem.message).slice(0, 10_000) },
    outcomes,
  };
  return JSON.stringify(Report.parse(report));
}

function fitted(outcome: TargetOutcome, share: ReturnType<typeof reportShare>, mask: SecretMask): unknown {
  const text = mask.mask(outcome.text);
  const steps = cutSteps(outcome.steps, mask);
  const slim = {
    ...outcome,
    text: text.length > MAX_OUTCOME_TEXT ? text.slice(text.length - MAX_OUTCOME_TEXT) : text,
    steps,
    resources: cutTexts(maskDeep(outcome.resources, mask.mask)),
    outputs: cutTexts(maskDeep(outcome.outputs, mask.mask)),
    diagnostics: cutTexts(maskDeep(outcome.diagnostics.slice(0, MOST_DIAGNOSTICS), mask.mask)),
    model: outcome.model === null ? null : wireModel(outcome.model, { maxBytes: share.modelBytes, mask: mask.mask }),
  };
  // What was planned but cannot be shown is failed; what an apply did stays what it is.
  const unseen = outcome.state === 'planned' || outcome.state === 'no-changes';
  const cut = unseen ? { state: 'plan-failed', code: 'plan-too-large' } : {};
  const told = problemModel(
    'The plan is too large to be shown, and what cannot be reviewed is not applied. Split this root module.',
  );
  const counts = outcome.model?.counts ?? EMPTY_PLAN.counts;
  const brief = steps.map((step) => ({ ...step, text: step.success ? '' : step.text.slice(-2_000) }));
  const small = { ...slim, ...cut, steps: brief, model: outcome.model === null ? null : { ...told, counts } };
  const { index, state, phase, code, planStored, serial, durationMs } = outcome;
  const bare = outcomeOf(index, durationMs, {
    state,
    phase,
    code: code ?? 'report-too-large',
    planStored,
    serial,
    // What a plan asks for is never left out.
    gates: outcome.gates,
    ...(unseen ? { state: 'plan-failed' } : {}),
  });
  return [slim, small].find((candidate) => fits(candidate, share.bytes)) ?? bare;
}

function fits(outcome: unknown, share: number): boolean {
  return Outcome.safeParse(outcome).success && Buffer.byteLength(JSON.stringify(outcome)) <= share;
}

/** Together, what the steps of one dirspace printed: the later ones tell more of what went wrong. */
const MAX_STEPS_TEXT = 256 * 1024;

function cutSteps(steps: readonly StepResult[], mask: SecretMask): readonly StepResult[] {
  let room = MAX_STEPS_TEXT;
  return steps
    .toReversed()
    .map((step) => {
      const name = mask.mask(step.name).slice(0, 200) || 'step';
      const whole = mask.mask(step.text);
      const text = whole.slice(Math.max(0, whole.length - Math.min(room, MAX_STEP_TEXT)));
      room = Math.max(0, room - text.length);
      return { ...step, name, text };
    })
    .toReversed();
}

/** Cuts texts and lists to what the service takes. The digest of the plan was made before, of the whole. */
function cutTexts(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.length > MAX_MODEL_TEXT ? `${value.slice(0, MAX_MODEL_TEXT - 1)}…` : value;
  }
  if (Array.isArray(value)) {
    return value.slice(0, MAX_LIST).map(cutTexts);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cutTexts(entry)]));
  }
  return value;
}

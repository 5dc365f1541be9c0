import type { Manifest } from '../../src/protocol/messages.ts';
import { MAX_GATES } from '../../src/protocol/steps.ts';
import type { RunResult } from './build-report.ts';
import type { HooksDone } from './run-hooks.ts';
import { outcomeOf, type TargetOutcome } from './target-outcome.ts';

/** A run that ended with its pre hooks: nothing was done to any dirspace, and each of them says why. */
export function hookFailure(
  manifest: Manifest,
  hooks: HooksDone,
  problem: string,
): Pick<RunResult, 'problem' | 'outcomes'> {
  const state = manifest.kind === 'plan' ? 'plan-failed' : 'not-attempted';
  const outcomes = manifest.targets.map((target) =>
    outcomeOf(target.index, 0, {
      state,
      phase: 'hook',
      code: 'hook-failed',
      diagnostics: [{ severity: 'error', summary: problem.split('\n', 1)[0] ?? problem }],
    }),
  );
  return {
    problem: { code: 'hook-failed', message: problem },
    outcomes: withHooks(outcomes, manifest, hooks, null),
  };
}

/**
 * Outcomes with what the hooks left: what they printed stands once, with the first dirspace, since a report has no other place
 * that people read; gates that they ask for hold for every dirspace of a plan.
 */
export function withHooks(
  outcomes: readonly TargetOutcome[],
  manifest: Manifest,
  before: HooksDone,
  after: HooksDone | null,
): readonly TargetOutcome[] {
  const gates = manifest.kind === 'plan' ? [...before.gates, ...(after?.gates ?? [])] : [];
  const shown = ({ steps }: HooksDone) => steps.filter((step) => step.visible || !step.success);
  return outcomes.map((outcome, position) => {
    const all = [...outcome.gates, ...gates];
    const steps =
      position === 0 ? [...shown(before), ...outcome.steps, ...(after === null ? [] : shown(after))] : outcome.steps;
    // What nobody would keep, or what a hook could not say, must not let the plan through.
    const lost = manifest.kind === 'plan' && (all.length > MAX_GATES || after?.gatesLost === true);
    return lost
      ? { ...outcome, steps, gates: all.slice(0, MAX_GATES), state: 'plan-failed', phase: 'hook', code: 'gates-lost' }
      : { ...outcome, steps, gates: all };
  });
}

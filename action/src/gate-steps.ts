import type { AskedGate } from '../../src/domain/runner-step.ts';
import { stableJson } from '../../src/plans/value-tree.ts';
import type { ShownPlan } from '../../src/protocol/messages.ts';
import { walkSteps } from './step-list.ts';
import type { Session, TargetRoom } from './target-session.ts';
import { refusal } from './verify-plan.ts';

/**
 * Does the steps of the plan that can hold its apply once more, on the plan file that is about to be applied: the job that
 * planned ran code of the pull request, and may have left out what they asked for. Every gate that they ask for now must be
 * one that was reported, in the same words; those were approved or waived, or this apply would have no manifest. `json`: the
 * plan as JSON. Throws `TargetStop`.
 */
export async function repeatGateSteps(
  session: Session,
  room: TargetRoom,
  { shown, json }: { readonly shown: ShownPlan; readonly json: string },
): Promise<void> {
  const list = room.target.gateSteps ?? [];
  if (list.length === 0) {
    return;
  }
  // For steps that do more than look: they may leave that out the second time.
  const env = { ...room.env, PLUMBLINE_BEFORE_APPLY: 'true', TERRATEAM_BEFORE_APPLY: 'true' };
  const { stop, steps, gates } = await walkSteps(session, { ...room, env }, list, {
    do: async () => true,
    planJson: async () => json,
    mayGate: true,
    failState: 'not-attempted',
  });
  if (stop !== null) {
    if (stop.ending.code === 'cancelled') {
      throw stop;
    }
    const said = steps.findLast((step) => !step.success && !step.ignored)?.text ?? '';
    throw refusal(
      'gate-step-failed',
      `Refused: a step of the plan was done again before the apply. ${stop.message}`,
      said,
    );
  }
  const reported = new Set(shown.gates.map(wordsOf));
  const left = gates.filter((gate) => !reported.has(wordsOf(gate)));
  if (left.length > 0) {
    const names = left.map(({ name, token, policy }) => name ?? token ?? policy ?? 'review');
    throw refusal(
      'gate-not-asked',
      `Refused: steps of the plan were done again before the apply, and ask for a gate that the plan did not ask for: ${[...new Set(names)].slice(0, 5).join(', ')}. Plan again, then have it approved.`,
    );
  }
}

function wordsOf(gate: AskedGate): string {
  return stableJson(gate, 0);
}

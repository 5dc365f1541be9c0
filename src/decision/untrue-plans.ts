import type { ReasonCode } from '../domain/reason.ts';
import type { Run, StoredPlan } from '../domain/run.ts';
import type { RunReport } from '../domain/snapshot.ts';
import { type Draft, intend, note } from './draft.ts';
import { refusalBody } from './refusal.ts';

/**
 * What an apply's runner found of a plan file that no later try can find otherwise: the plan is not what people read, so
 * nobody may apply it. Other findings (the engine, a program that is missing) can be put right, and leave the plan.
 */
const UNTRUE: Readonly<Partial<Record<string, ReasonCode>>> = {
  'plan-not-as-shown': 'plan-not-as-shown',
  'plan-digest-changed': 'plan-not-as-shown',
  'plan-hash-changed': 'plan-not-as-shown',
  'plan-sealed': 'plan-not-as-shown',
  'plan-unreadable': 'plan-not-as-shown',
  'plan-code-changed': 'plan-code-changed',
  'plan-backend-changed': 'plan-backend-changed',
  'gate-not-asked': 'gate-not-asked',
};

/**
 * An apply whose runner refused: each refusal is put on record, and plans that turned out not to be what was shown of them
 * are erased, with a word to people. Answers those plans.
 */
export function refuseUntruePlans(
  draft: Draft,
  pull: number,
  run: Run,
  report: RunReport,
): ReadonlyMap<string, ReasonCode> {
  const untrue = new Map<string, ReasonCode>();
  if (run.kind !== 'apply') {
    return untrue;
  }
  const refused = run.targets.flatMap((target) => {
    const code = report.outcomes.find(({ index }) => index === target.index)?.refusedBecause;
    return code === undefined ? [] : [{ target, code, reason: UNTRUE[code] }];
  });
  for (const { target, code, reason } of refused) {
    const { dir, workspace, planId } = target;
    const detail = { run: run.id, pull, dir, workspace, code };
    intend(draft, { do: 'audit', action: 'apply-refused-by-runner', actor: run.requestedBy.login, detail });
    if (reason !== undefined) {
      note(draft, 'plans', 'refuse', reason, dir);
      untrue.set(planId, reason);
      intend(draft, { do: 'erase-plans', plans: [planId], reason });
    }
  }
  const refusals = refused.flatMap(({ target, reason }) =>
    reason === undefined ? [] : [{ reason, about: [target], next: 'plumbline plan' }],
  );
  if (refusals.length > 0) {
    const body = refusalBody('plumbline apply', refusals);
    intend(draft, { do: 'reply', pull, key: `untrue-plans/${run.id}`, body });
  }
  return untrue;
}

/** The plans as they are when these are erased. */
export function withoutUntrue(
  plans: readonly StoredPlan[],
  untrue: ReadonlyMap<string, ReasonCode>,
): readonly StoredPlan[] {
  return plans.map((plan) => {
    const reason = untrue.get(plan.id);
    return reason === undefined || plan.state === 'erased'
      ? plan
      : { ...plan, state: 'erased', erasedBecause: reason, facts: null };
  });
}

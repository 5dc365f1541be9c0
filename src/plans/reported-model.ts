import type { PlanCounts, PlanModel } from '../domain/plan-model.ts';
import { countChanges, countHidden } from './read-plan.ts';

/**
 * A model as it is kept and shown: with figures that are counted here, of what its job listed, whatever the job said they
 * were. Where it left resources out the larger figure stands, since only the job saw the rest; an apply compares both.
 */
export function reportedModel(model: PlanModel): PlanModel {
  if (model.problem !== undefined || model.text !== undefined) {
    // Nothing can be counted in it, and nobody can apply it.
    return model;
  }
  const counted = countChanges(model.changes);
  const whole = model.left === undefined;
  const listed = model.changes.some((change) => change.action !== 'read') || model.outputs.length > 0;
  return {
    ...model,
    counts: whole ? counted : larger(counted, model.counts),
    hasChanges: listed || (!whole && model.hasChanges),
    hidden: Math.max(model.hidden, countHidden([...model.changes, ...model.outputs])),
  };
}

/** Why a plan run cannot end like this with this model; null: it can. What nobody could read is neither applied nor called unchanged. */
export function contradiction(state: 'planned' | 'no-changes', model: PlanModel | null): string | null {
  if (model === null) {
    return 'a plan without its model';
  }
  if (model.problem !== undefined) {
    return 'a plan that could not be read';
  }
  return state === 'no-changes' && reportedModel(model).hasChanges ? 'no changes, and a model that has some' : null;
}

function larger(a: PlanCounts, b: PlanCounts): PlanCounts {
  return {
    create: Math.max(a.create, b.create),
    update: Math.max(a.update, b.update),
    delete: Math.max(a.delete, b.delete),
    replace: Math.max(a.replace, b.replace),
    import: Math.max(a.import, b.import),
    move: Math.max(a.move, b.move),
    forget: Math.max(a.forget, b.forget),
    read: Math.max(a.read, b.read),
  };
}

import type { PlanModel } from '../domain/plan-model.ts';
import type { AskedGate } from '../domain/runner-step.ts';
import type { Db } from './database.ts';

/** What people read of a plan, and what its job said beside it. */
export interface StoredModel {
  readonly model: PlanModel;
  readonly gates: readonly AskedGate[];
  /** In the run that made it: they shared one report. */
  readonly dirspaces: number;
}

/** What was shown of a plan: the very row that comments and checks are made from. Undefined: nothing was, or it is forgotten. */
export async function readStoredModel(db: Db, planId: string): Promise<StoredModel | undefined> {
  const row = await db
    .selectFrom('dirspace_result')
    .select(['model', 'run_id'])
    .where('plan_id', '=', planId)
    .where('kind', '=', 'plan')
    .executeTakeFirst();
  if (row?.model == null) {
    return undefined;
  }
  const { count } = await db
    .selectFrom('run_target')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('run_id', '=', row.run_id)
    .executeTakeFirstOrThrow();
  const gates = await db
    .selectFrom('requested_gate')
    .select(['gate', 'policy'])
    .where('plan_id', '=', planId)
    .orderBy('position')
    .execute();
  return {
    model: row.model,
    gates: gates.map(({ gate, policy }) => (policy === null ? gate : { ...gate, policy })),
    dirspaces: count,
  };
}

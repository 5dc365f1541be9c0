import type { PlanModel } from '../domain/plan-model.ts';
import { reportedModel } from '../plans/reported-model.ts';
import { riskOf } from '../plans/risk.ts';
import type { Outcome } from '../protocol/report.ts';
import type { OutcomeDetails } from '../store/outcome-details.ts';

/** Addresses kept per dirspace, for the overlap radar. */
const MAX_ADDRESSES = 2_000;

/** The part of a reported outcome that people read. Figures are counted here; the job's own are not taken over. */
export function outcomeDetails(outcome: Outcome): OutcomeDetails {
  const model: PlanModel | null = outcome.model === null ? null : reportedModel(outcome.model);
  const failed =
    outcome.state === 'plan-failed' || outcome.state === 'apply-failed' || outcome.state === 'not-attempted';
  const applied = outcome.state === 'applied' || outcome.state === 'apply-failed' || outcome.state === 'unknown';
  const count = (wanted: string): number => outcome.resources.filter((resource) => resource.outcome === wanted).length;
  return {
    model,
    apply: applied
      ? {
          resources: outcome.resources,
          diagnostics: outcome.diagnostics,
          outputs: outcome.outputs,
          done: count('done'),
          failed: count('failed') + count('started'),
          notAttempted: count('not-attempted'),
        }
      : null,
    diagnostics: outcome.diagnostics,
    failedAt: failed ? outcome.phase : null,
    counts: model === null ? null : model.counts,
    addresses: (model?.changes ?? [])
      .filter(({ action }) => action !== 'read' && action !== 'none')
      .slice(0, MAX_ADDRESSES)
      .map(({ address }) => address),
    riskPoints: model === null ? null : riskOf(model).points,
    facts: outcome.facts,
    engine: outcome.facts === null ? null : { name: outcome.facts.tool, version: outcome.facts.toolVersion },
    durationMs: outcome.durationMs,
    ...(outcome.steps === undefined || outcome.steps.length === 0 ? {} : { steps: outcome.steps }),
  };
}

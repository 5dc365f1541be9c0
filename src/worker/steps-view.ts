import { gateName, wantedBy } from '../decision/gates.ts';
import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { DirspaceView, PolicyView, RequirementView } from '../domain/pull-view.ts';
import { REASONS } from '../domain/reason.ts';
import { POLICY_TYPES, type StepResult } from '../domain/runner-step.ts';
import type { RequestedGate } from '../domain/snapshot.ts';
import type { PullRows, ResultRow } from '../store/pull-rows.ts';

/** What the configuration's own steps said of a dirspace, the gates that its plan asks for, and what else an apply still needs. */
export function stepsView(
  rows: PullRows,
  dirspace: Dirspace,
  result: ResultRow | undefined,
): Pick<DirspaceView, 'steps' | 'policies' | 'requirements'> {
  const steps = result?.steps ?? [];
  const gates = rows.gates.filter(
    (gate) =>
      dirspaceKey(gate) === dirspaceKey(dirspace) &&
      gate.headSha === rows.pull.head_sha &&
      gate.planId === result?.plan_id,
  );
  const policies = steps.flatMap((step) => policyOf(step, gates));
  const shown = steps.filter((step) => step.visible && step.text !== '');
  const waiting = result?.state === 'planned' || result?.state === 'not-attempted';
  return {
    ...(shown.length === 0 ? {} : { steps: shown }),
    ...(policies.length === 0 ? {} : { policies }),
    ...(waiting ? requirementsOf(rows, dirspace, { gates, risk: result.risk_points }) : {}),
  };
}

interface Waiting {
  readonly gates: readonly RequestedGate[];
  readonly risk: number | null;
}

function requirementsOf(
  rows: PullRows,
  dirspace: Dirspace,
  { gates, risk }: Waiting,
): Pick<DirspaceView, 'requirements'> {
  const key = dirspaceKey(dirspace);
  const rules = (rows.pull.needs ?? []).find(({ dirspaces }) => dirspaces.some((one) => dirspaceKey(one) === key));
  const limit = rules?.maxPoints ?? null;
  const requirements = [
    ...gates.map((gate) => requirementOf(rows, gate)),
    ...(rules?.needs ?? []),
    ...(limit === null ? [] : [riskRequirement(risk, limit)]),
  ];
  return requirements.length === 0 ? {} : { requirements };
}

function riskRequirement(points: number | null, limit: number): RequirementView {
  const name = 'risk';
  return points === null
    ? { name, met: false, text: REASONS['risk-unknown'] }
    : { name, met: points <= limit, text: `${points} risk points, ${limit} allowed.` };
}

function policyOf(step: StepResult, gates: readonly RequestedGate[]): readonly PolicyView[] {
  if (!POLICY_TYPES.some((type) => type === step.name)) {
    return [];
  }
  const gate = gates.find(({ policy }) => policy === step.name);
  if (step.success) {
    return [{ name: step.name, outcome: 'passed' }];
  }
  return gate === undefined
    ? [{ name: step.name, outcome: step.ignored ? 'warned' : 'failed' }]
    : [{ name: step.name, outcome: 'failed', text: `Its gate is ${gateName(gate)}.` }];
}

/** Who approved is known here; whether they are enough is decided with everybody's teams and roles when an apply is asked for. */
function requirementOf({ gateApprovals, pull }: PullRows, asked: RequestedGate): RequirementView {
  const { token } = asked.gate;
  const by = gateApprovals
    .filter((approval) => approval.token === token && approval.headSha === pull.head_sha)
    .map((approval) => approval.by.login);
  const needed = Math.max(1, asked.gate.allOf.length + (asked.gate.anyOf.length === 0 ? 0 : asked.gate.anyOfCount));
  const how = token === undefined ? 'Approved by reviews.' : `Approve with \`plumbline approve ${token}\`.`;
  const who = by.length === 0 ? '' : ` Approved by ${by.map((login) => `\`${login}\``).join(', ')}.`;
  return {
    name: `gate ${gateName(asked)}`,
    met: token !== undefined && by.length >= needed,
    ...(token === undefined ? {} : { next: `plumbline approve ${token}` }),
    text: `${wantedBy(asked.gate)}.${who}${by.length >= needed ? '' : ` ${how}`}`,
  };
}

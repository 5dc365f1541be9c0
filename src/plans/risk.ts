import type { PlanModel } from '../domain/plan-model.ts';
import { RISK_RULES, type RiskRule } from './risk-rules.ts';

export interface RiskFinding {
  readonly rule: string;
  readonly points: number;
  readonly reason: string;
  /** Addresses that caused it, at most ten. */
  readonly addresses: readonly string[];
}

export interface Risk {
  /** Sum of all findings, at most 100. */
  readonly points: number;
  readonly level: 'none' | 'low' | 'medium' | 'high';
  readonly findings: readonly RiskFinding[];
}

const PROVIDER_POINTS = 20;

const remembered = new WeakMap<PlanModel, Risk>();

/**
 * Points for what is dangerous in a plan, each with its reason. Deterministic: the same model has the same points
 * everywhere. A rule counts once, plus one point for each further resource up to its double. `baseline`, the newest plan of
 * the default branch, shows when a provider changes its major version.
 */
export function riskOf(model: PlanModel, baseline?: PlanModel): Risk {
  const known = baseline === undefined ? remembered.get(model) : undefined;
  if (known !== undefined) {
    return known;
  }
  const majors = baseline === undefined ? [] : newMajors(baseline, model);
  const provider: readonly RiskFinding[] =
    majors.length === 0
      ? []
      : [
          {
            rule: 'provider-major',
            points: PROVIDER_POINTS,
            reason: 'moves a provider to another major version',
            addresses: majors.slice(0, 10),
          },
        ];
  const findings = [...RISK_RULES.flatMap((rule) => finding(rule, model) ?? []), ...provider].toSorted(
    (a, b) => b.points - a.points,
  );
  const points = Math.min(
    100,
    findings.reduce((sum, entry) => sum + entry.points, 0),
  );
  const risk: Risk = { points, level: levelOf(points), findings };
  if (baseline === undefined) {
    remembered.set(model, risk);
  }
  return risk;
}

/** Providers whose constraint names another major version than on the default branch. */
function newMajors(before: PlanModel, after: PlanModel): readonly string[] {
  const major = (constraint: string) => /\d+/.exec(constraint)?.[0];
  const old = new Map(before.providers.map((provider) => [provider.name, major(provider.constraint)]));
  return after.providers
    .filter((provider) => old.has(provider.name) && old.get(provider.name) !== major(provider.constraint))
    .map((provider) => provider.name);
}

/** The words that `risk` thresholds in apply requirements use: low from 1, medium from 20, high from 50. */
export function levelOf(points: number): Risk['level'] {
  return points >= 50 ? 'high' : points >= 20 ? 'medium' : points > 0 ? 'low' : 'none';
}

function finding(rule: RiskRule, model: PlanModel): RiskFinding | undefined {
  const addresses = rule.finds(model);
  if (addresses.length === 0) {
    return undefined;
  }
  return {
    rule: rule.name,
    points: Math.min(rule.points * 2, rule.points + addresses.length - 1),
    reason: rule.reason,
    addresses: addresses.slice(0, 10),
  };
}

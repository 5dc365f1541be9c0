import { dirspaceKey } from '../domain/dirspace.ts';
import type { StoredPlan } from '../domain/run.ts';
import type { RequestedGate } from '../domain/snapshot.ts';
import type { GateRule } from '../domain/workflow-step.ts';
import { named } from './access.ts';
import { countedApprovals, floorSecond, matchName } from './approvals.ts';
import { note } from './draft.ts';
import type { Answer } from './people.ts';
import type { PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';
import { waiverFor } from './waivers.ts';
import type { Part } from './work.ts';

/** The gates that the plan of this dirspace asked for. Those of an older head or of a replaced plan do not count. */
export function gatesOf(it: PullCase, part: Part, plan: StoredPlan | null): readonly RequestedGate[] {
  const key = dirspaceKey(part);
  return (it.ours.gates ?? []).filter(
    (gate) =>
      dirspaceKey(gate) === key &&
      gate.headSha === it.pull.headSha &&
      (gate.planId === null || plan === null || gate.planId === plan.id),
  );
}

/** What a gate is called: its token, or its name, or the policy that asked for it. */
export function gateName({ gate, policy }: RequestedGate): string {
  return gate.name ?? gate.token ?? policy ?? 'review';
}

/** The gates of a dirspace that are neither approved nor waived. */
export function gateRefusals(it: PullCase, part: Part, plan: StoredPlan | null): readonly Refusal[] {
  return gatesOf(it, part, plan).flatMap((gate) => {
    const answer = gateAnswer(it, gate, part, plan);
    if (answer === 'yes') {
      return [];
    }
    const waiver = waiverFor(it, gate, part);
    if (waiver !== null) {
      note(it.draft, 'gates', 'pass', 'gate-waived', `${waiver.policy}, by ${waiver.owner}: ${waiver.reason}`);
      return [];
    }
    const next = gate.gate.token === undefined ? {} : { next: `plumbline approve ${gate.gate.token}` };
    const reason = answer === 'unknown' ? ('access-unknown' as const) : ('gate-missing' as const);
    return [{ reason, detail: `${gateName(gate)}: ${wantedBy(gate.gate)}.`, about: [part], ...next }];
  });
}

/** Token gates are approved by comment on this head; gates without a token by approving reviews of it. */
function gateAnswer(it: PullCase, gate: RequestedGate, part: Part, plan: StoredPlan | null): Answer {
  const { token } = gate.gate;
  const shown = plan?.publishedAt ?? null;
  const people =
    token === undefined
      ? countedApprovals(it)
          .filter((review) => review.commitSha === it.pull.headSha)
          .filter((review) => shown === null || floorSecond(review.submittedAt) >= floorSecond(shown))
          .map((review) => review.author)
      : (it.ours.gateApprovals ?? [])
          .filter((approval) => approval.token === token && approval.headSha === it.pull.headSha)
          .filter((approval) => shown === null || floorSecond(approval.at) >= floorSecond(shown))
          .map((approval) => approval.by);
  const byId = new Map(people.map(({ id, login }) => [id, login]));
  return ruleAnswer(it, gate.gate, [...byId.values()], part);
}

function ruleAnswer(it: PullCase, rule: GateRule, logins: readonly string[], part: Part): Answer {
  const each = rule.allOf.map((match) => any(logins.map((login) => named(it, [match], login, part))));
  const nobodyNamed = rule.allOf.length === 0 && rule.anyOf.length === 0;
  const answers = nobodyNamed
    ? logins.map((): Answer => 'yes')
    : logins.map((login) => (rule.anyOf.length === 0 ? 'no' : named(it, rule.anyOf, login, part)));
  const sure = answers.filter((answer) => answer === 'yes').length;
  const unsure = answers.filter((answer) => answer === 'unknown').length;
  const count = rule.anyOf.length === 0 && !nobodyNamed ? 0 : Math.max(1, rule.anyOfCount);
  const enough: Answer = sure >= count ? 'yes' : sure + unsure >= count ? 'unknown' : 'no';
  const all = [...each, enough];
  return all.includes('no') ? 'no' : all.includes('unknown') ? 'unknown' : 'yes';
}

function any(answers: readonly Answer[]): Answer {
  return answers.includes('yes') ? 'yes' : answers.includes('unknown') ? 'unknown' : 'no';
}

/** Is this person one whom the gate names? */
export function mayApprove(it: PullCase, rule: GateRule, login: string, part: Part | null): Answer {
  const list = [...rule.allOf, ...rule.anyOf];
  return list.length === 0 ? 'yes' : named(it, list, login, part);
}

/** Who must approve, in words. */
export function wantedBy(rule: GateRule): string {
  const all = rule.allOf.map(matchName).join(' and ');
  const some =
    rule.anyOf.length === 0 ? '' : `${Math.max(1, rule.anyOfCount)} of ${rule.anyOf.map(matchName).join(', ')}`;
  const both = [all, some].filter((text) => text !== '').join(', and ');
  return both === '' ? 'an approval is missing' : `needs ${both}`;
}

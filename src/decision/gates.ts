import { dirspaceKey } from '../domain/dirspace.ts';
import type { Instant } from '../domain/instant.ts';
import type { ReasonCode } from '../domain/reason.ts';
import type { StoredPlan } from '../domain/run.ts';
import type { RequestedGate } from '../domain/snapshot.ts';
import type { GateRule } from '../domain/workflow-step.ts';
import { named } from './access.ts';
import { countedApprovals, matchName, saidOf } from './approvals.ts';
import { note } from './draft.ts';
import { type Answer, canWrite } from './people.ts';
import type { PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';
import { waiverFor, whyNotWaived } from './waivers.ts';
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
    const problem = gateProblem(it, gate, part, plan);
    if (problem === null) {
      return [];
    }
    const waiver = waiverFor(it, gate, part);
    if (waiver !== null) {
      note(it.draft, 'gates', 'pass', 'gate-waived', `${waiver.policy}, by ${waiver.owner}: ${waiver.reason}`);
      return [];
    }
    const next = gate.gate.token === undefined ? {} : { next: `plumbline approve ${gate.gate.token}` };
    const why = whyNotWaived(it, gate, part);
    const detail = `${gateName(gate)}: ${wantedBy(gate.gate)}.${why === '' ? '' : ` ${why}`}`;
    return [{ reason: problem, detail, about: [part], ...next }];
  });
}

/** Why a gate is not approved; null: it is. What could not be read of those who approved is not taken for a no. */
function gateProblem(it: PullCase, gate: RequestedGate, part: Part, plan: StoredPlan | null): ReasonCode | null {
  const approvers = gate.gate.token === undefined ? byReview(it, plan) : byComment(it, gate.gate.token, plan);
  if (!approvers.known) {
    return approvers.reason;
  }
  const sure = ruleAnswer(it, gate.gate, approvers.sure, part);
  if (sure !== 'no') {
    return sure === 'yes' ? null : 'access-unknown';
  }
  const { unsure } = approvers;
  const possible = unsure.length > 0 && ruleAnswer(it, gate.gate, [...approvers.sure, ...unsure], part) !== 'no';
  return possible ? 'permission-unknown' : 'gate-missing';
}

/** Logins of those who approved; `unsure`: whether they still may write could not be read. */
type Approvers =
  | { readonly known: true; readonly sure: readonly string[]; readonly unsure: readonly string[] }
  | { readonly known: false; readonly reason: 'approvals-unknown' | 'last-pusher-unknown' };

/** Gates without a token are approved by reviews of this head. */
function byReview(it: PullCase, plan: StoredPlan | null): Approvers {
  const counted = countedApprovals(it);
  if (!counted.known) {
    return counted;
  }
  const sure = counted.reviews
    .filter(({ commitSha }) => commitSha === it.pull.headSha)
    .filter(({ submittedAt }) => isSaidOf(it, plan, submittedAt))
    .map(({ author }) => author.login);
  return { known: true, sure, unsure: [] };
}

/** Gates with a token by comment: of whoever may still write, and neither opened the pull request nor pushed last. */
function byComment(it: PullCase, token: string, plan: StoredPlan | null): Approvers {
  const { github, ours, pull } = it;
  const given = (ours.gateApprovals ?? [])
    .filter((approval) => approval.token === token && approval.headSha === pull.headSha)
    .filter(({ at }) => isSaidOf(it, plan, at));
  if (given.length === 0) {
    return { known: true, sure: [], unsure: [] };
  }
  if (github.lastPusher?.known !== true) {
    return { known: false, reason: 'last-pusher-unknown' };
  }
  const own = [pull.author.id, github.lastPusher.value?.id];
  const others = given.filter(({ by }) => !own.includes(by.id));
  const logins = [...new Map(others.map(({ by }) => [by.id, by.login])).values()];
  return {
    known: true,
    sure: logins.filter((login) => canWrite(github, login) === 'yes'),
    unsure: logins.filter((login) => canWrite(github, login) === 'unknown'),
  };
}

function isSaidOf(it: PullCase, plan: StoredPlan | null, at: Instant): boolean {
  return plan === null || saidOf(it, plan, { at, headSha: it.pull.headSha });
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

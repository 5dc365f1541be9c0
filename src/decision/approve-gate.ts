import { dirspaceKey } from '../domain/dirspace.ts';
import { code } from '../report/escape.ts';
import type { Asker } from './answer-command.ts';
import { intend } from './draft.ts';
import { gateName, mayApprove } from './gates.ts';
import { done, type Outcome } from './outcome.ts';
import { publish } from './plan.ts';
import type { PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';
import { reconsiderByItself } from './review.ts';
import { workOf } from './work.ts';

/**
 * `plumbline approve GATE…`: record the approval of gates that the plans of this head asked for. Only people whom a gate
 * names may; nobody approves a gate of a pull request that he opened or pushed to last.
 */
export function approveCommand(it: PullCase, tokens: readonly string[], asker: Asker): Outcome {
  const { draft, ours, pull, github } = it;
  const result = workOf(it.github, pull, ours);
  const parts = new Map(result.ok ? result.work.parts.map((part) => [dirspaceKey(part), part]) : []);
  const gates = (ours.gates ?? []).filter((gate) => gate.headSha === pull.headSha && gate.gate.token !== undefined);
  // Who pushed may not be known yet; whether the approval counts is decided again with every apply.
  const own = [pull.author.id, ...(github.lastPusher?.known === true ? [github.lastPusher.value?.id] : [])];
  const refusals: Refusal[] = [];
  const approved: string[] = [];
  for (const token of new Set(tokens)) {
    const meant = gates.filter((gate) => gate.gate.token === token);
    if (meant.length === 0) {
      const names = [...new Set(gates.map(gateName))];
      const detail = names.length === 0 ? `${token}: no gate waits here.` : `${token}: there are ${names.join(', ')}.`;
      refusals.push({ reason: 'gate-unknown-token', detail });
      continue;
    }
    if (own.includes(asker.id)) {
      refusals.push({
        reason: 'gate-denied',
        detail: `${token}: who opened the pull request or pushed last approves none.`,
      });
      continue;
    }
    const answers = meant.map((gate) => mayApprove(it, gate.gate, asker.login, parts.get(dirspaceKey(gate)) ?? null));
    if (!answers.includes('yes')) {
      const reason = answers.includes('unknown') ? 'access-unknown' : 'gate-denied';
      refusals.push({ reason, detail: token });
    } else {
      approved.push(token);
    }
  }
  if (approved.length > 0) {
    const by = { id: asker.id, login: asker.login };
    intend(
      draft,
      { do: 'approve-gates', pull: pull.number, headSha: pull.headSha, tokens: approved, by, at: asker.at },
      { do: 'audit', action: 'approve-gates', actor: asker.login, detail: { pull: pull.number, gates: approved } },
    );
    publish(it);
    reconsiderByItself(it);
  }
  if (refusals.length === 0) {
    return done('gate-approved');
  }
  return approved.length === 0
    ? { reason: refusals[0]?.reason ?? 'gate-denied', refusals }
    : { reason: 'gate-approved', refusals, answer: `**Approved**: ${approved.map((token) => code(token)).join(', ')}` };
}

import { dirspaceKey } from '../domain/dirspace.ts';
import { accessRefusal, fileRefusals } from './access.ts';
import type { Asker } from './answer-command.ts';
import { branchesMatch } from './branches.ts';
import type { RunCommand } from './command.ts';
import { intend } from './draft.ts';
import { layersOf } from './layers.ts';
import { mustDiscover } from './module-knowledge.ts';
import { type Outcome, refused } from './outcome.ts';
import { publishChange, setupRefusals, startPlans } from './plan.ts';
import { isFork, type PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';
import { type Part, selected, type Work } from './work.ts';

/** `plumbline plan …`: what is selected in the working layer is planned anew, whether it has a plan or not. */
export function planCommand(it: PullCase, work: Work, command: RunCommand, asker: Asker): Outcome {
  const against = caseRefusals(it, work, command, asker);
  if (against.length > 0) {
    return { reason: against[0]?.reason ?? 'access-denied', refusals: against };
  }
  const picked = new Set(selected(work.parts, command.query).map(dirspaceKey));
  if (picked.size === 0 && !mustDiscover(work)) {
    return refused(work.parts.length === 0 ? 'no-directories' : 'no-match');
  }
  const { all, working } = layersOf(it, work);
  // What is done may be planned again when it is named: drift after the apply is a fair question.
  const first = working[0]?.part.layer ?? Number.POSITIVE_INFINITY;
  const named = all.filter(({ part }) => picked.has(dirspaceKey(part)));
  const reachable = named.filter(({ part }) => part.layer <= first);
  const explicit = command.query.expression.kind !== 'anything';
  const wanted = reachable.filter(({ standing }) => explicit || standing.state !== 'done');
  if (reachable.length === 0 && named.length > 0) {
    return refused('layer-waits', { about: named.map(({ part }) => part) });
  }
  if (wanted.length === 0 && named.length > 0) {
    return refused('everything-applied');
  }
  const applying = wanted.filter(({ standing }) => standing.state === 'running' && standing.kind === 'apply');
  if (applying.length > 0) {
    return refused('apply-running', { about: applying.map(({ part }) => part) });
  }
  const parts = wanted.map(({ part }) => part);
  const denied = accessRefusals(it, work, parts, asker.login);
  const allowed = parts.filter((part) => !denied.some((one) => one.part === part));
  if (
    (allowed.length === 0 && denied.length > 0) ||
    (denied.length > 0 && work.config.accessControl.planRequireAllDirspaceAccess)
  ) {
    const refusals = denied.map((one) => one.refusal);
    return { reason: refusals[0]?.reason ?? 'access-denied', refusals };
  }
  const setup = setupRefusals(it, work, allowed, 'plan');
  if (setup.length > 0) {
    return { reason: setup[0]?.reason ?? 'workflow-unfit', refusals: setup, lines: setup.flatMap((one) => one.lines) };
  }
  const request = { by: { id: asker.id, login: asker.login }, at: asker.at, flags: command.flags };
  startPlans(it, work, allowed, request, { automatic: false, query: command.query.text });
  intend(it.draft, {
    do: 'audit',
    action: 'plan',
    actor: asker.login,
    detail: {
      pull: it.pull.number,
      headSha: it.pull.headSha,
      flags: command.flags.map((flag) => flag.split('=', 1)[0]),
    },
  });
  publishChange(it, work, []);
  return { reason: 'plan-started', refusals: denied.map((one) => one.refusal) };
}

/** What stands against any plan of this pull request by this person now. */
function caseRefusals(it: PullCase, work: Work, command: RunCommand, asker: Asker): readonly Refusal[] {
  const { pull, github } = it;
  const found: Refusal[] = [];
  if (!work.config.enabled) {
    found.push({ reason: 'disabled' });
  }
  const branches = { base: pull.baseRef, head: pull.headRef, defaultBranch: github.repository.defaultBranch };
  if (!branchesMatch(work.config, branches)) {
    found.push({ reason: 'branch-not-ours', detail: `${pull.headRef} into ${pull.baseRef}` });
  }
  if (command.sha !== null && !pull.headSha.startsWith(command.sha)) {
    found.push({ reason: 'sha-not-head', next: `plumbline plan ${pull.headSha.slice(0, 7)}` });
  }
  if (isFork(it) && pull.state !== 'merged') {
    if (work.config.forks.kind === 'off') {
      found.push({ reason: 'fork-off' });
    } else if (command.sha === null) {
      found.push({ reason: 'fork-needs-sha', next: `plumbline plan ${pull.headSha.slice(0, 7)}` });
    }
  }
  return [...found, ...fileRefusals(it, work, asker.login)];
}

function accessRefusals(
  it: PullCase,
  work: Work,
  parts: readonly Part[],
  login: string,
): readonly { readonly part: Part; readonly refusal: Refusal }[] {
  return parts.flatMap((part) => {
    const reason = accessRefusal(it, work, part, { operation: 'plan', login, approvers: [] });
    return reason === null ? [] : [{ part, refusal: { reason, about: [part] } }];
  });
}

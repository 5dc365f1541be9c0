import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import { MINUTE } from '../domain/instant.ts';
import { askAgainIfPassing } from './ask-later.ts';
import type { RunCommand } from './command.ts';
import { assume, intend } from './draft.ts';
import { type ApplyAsk, judgeApply, type Verdict } from './judge-apply.ts';
import { layersOf, type Placed } from './layers.ts';
import { claimOf, locksOnApply, unclaimedByOthers } from './locks.ts';
import type { Outcome } from './outcome.ts';
import { publishChange } from './plan.ts';
import type { PullCase } from './pull-case.ts';
import { startRuns } from './start-runs.ts';
import { resultOf } from './valid-plans.ts';
import { joinLine } from './waiting-line.ts';
import { type Part, selected, type Work } from './work.ts';

/** `plumbline apply …`: what is selected in the working layer is applied if every rule lets it. */
export function applyCommand(
  it: PullCase,
  work: Work,
  command: RunCommand & { readonly name: ApplyAsk['name'] },
  by: { readonly id: number; readonly login: string; readonly at: number },
): Outcome {
  const layers = layersOf(it, work);
  const picked = new Set(selected(work.parts, command.query).map(dirspaceKey));
  if (picked.size === 0 && work.modules === 'unknown') {
    return { reason: 'modules-unknown', refusals: [{ reason: 'modules-unknown', next: 'plumbline plan' }] };
  }
  if (picked.size === 0) {
    return { reason: 'no-match', refusals: [{ reason: work.parts.length === 0 ? 'no-directories' : 'no-match' }] };
  }
  if (command.sha !== null && !it.pull.headSha.startsWith(command.sha)) {
    return { reason: 'sha-not-head', refusals: [{ reason: 'sha-not-head' }] };
  }
  const placed = layers.working.filter(({ part }) => picked.has(dirspaceKey(part)));
  if (placed.length === 0) {
    const open = layers.all.filter(({ part, standing }) => picked.has(dirspaceKey(part)) && standing.state !== 'done');
    const reason = open.length === 0 ? 'everything-applied' : 'layer-waits';
    return { reason, refusals: [{ reason, about: open.map(({ part }) => part) }] };
  }
  const ask = { name: command.name, who: { id: by.id, login: by.login }, commentedAt: by.at, placed };
  const verdict = judgeApply(it, work, layers, ask);
  const partly = work.config.applyPartially || command.query.expression.kind !== 'anything';
  if (verdict.against.length > 0 || verdict.go.length === 0 || (verdict.missing.length > 0 && !partly)) {
    joinLine(it, verdict.locked);
    const refusals = [...verdict.against, ...verdict.missing];
    const lines = verdict.against.flatMap((one) => ('lines' in one ? one.lines : []));
    return { reason: refusals[0]?.reason ?? 'nothing-to-apply', refusals, lines };
  }
  startApplies(it, work, verdict, ask, command.flags);
  return { reason: 'apply-started', refusals: verdict.missing };
}

/** Apply by itself, as `autoapply` and `auto_apply` say: under every rule that a person's command stands under. Silent when it may not. */
export function autoapply(it: PullCase, work: Work, actor: { readonly id: number; readonly login: string }): boolean {
  const layers = layersOf(it, work);
  const stackApplies = (part: Part) =>
    work.config.stacks.some((stack) => stack.rules.autoApply && part.tags.includes(`stack_name:${stack.name}`));
  const placed = layers.working.filter(
    ({ part, standing }) =>
      part.autoapply &&
      standing.state === 'valid' &&
      (it.pull.state === 'merged' || stackApplies(part)) &&
      // A runner that refused would refuse again, for ever: a person decides what comes next.
      resultOf(it, part)?.state !== 'not-attempted',
  );
  if (placed.length === 0) {
    return false;
  }
  const ask = { name: 'apply', who: actor, commentedAt: null, placed } as const;
  const verdict = judgeApply(it, work, layers, ask);
  const refusals = [...verdict.against, ...verdict.missing];
  if (refusals.length > 0 || verdict.go.length === 0) {
    askAgainIfPassing(
      it,
      refusals.map(({ reason }) => reason),
    );
    return false;
  }
  startApplies(it, work, verdict, ask, []);
  return true;
}

function startApplies(it: PullCase, work: Work, verdict: Verdict, ask: ApplyAsk, flags: readonly string[]): void {
  const { draft, pull, now } = it;
  const parts = verdict.go.map(({ part }) => part);
  const plans = new Map(
    verdict.go.flatMap(({ part, plan }) => (plan === null ? [] : [[dirspaceKey(part), plan.id] as const])),
  );
  const request = {
    by: ask.who,
    at: ask.commentedAt ?? now,
    flags,
    autoapprove: ask.name === 'apply-autoapprove',
    force: ask.name === 'apply-force',
  };
  claimForApply(it, parts);
  const byBase = new Map<string | null, Part[]>();
  for (const { part, plan } of verdict.go) {
    // A plan stays valid when the base moved elsewhere; its apply then checks out the base that was planned.
    const base = plan?.facts?.baseSha ?? null;
    byBase.set(base, [...(byBase.get(base) ?? []), part]);
  }
  const planIdOf = (part: Part) => plans.get(dirspaceKey(part)) ?? null;
  for (const [baseSha, some] of byBase) {
    startRuns(it, work, { kind: 'apply', parts: some, request, planIdOf, ...(baseSha === null ? {} : { baseSha }) });
  }
  if (plans.size > 0) {
    assume(draft, { that: 'plan-stored', plans: [...plans.values()] });
  }
  intend(draft, {
    do: 'audit',
    action: ask.name,
    actor: ask.who.login,
    detail: { pull: pull.number, headSha: pull.headSha, dirspaces: parts.map(plain) },
  });
  publishChange(it, work, [], true);
}

/** Hold what is going to be applied, unless `lock_policy` says that applying locks nothing there. */
function claimForApply(it: PullCase, parts: readonly Part[]): void {
  const { draft, ours, pull, now } = it;
  const free = unclaimedByOthers(ours.locks, parts, pull.number);
  if (free.length > 0) {
    assume(draft, { that: 'lock-free', pull: pull.number, dirspaces: free });
  }
  const fresh = parts.filter(locksOnApply).filter((part) => {
    const claim = claimOf(ours.locks, part, pull.number);
    return claim === null || claim.appliedAt === null;
  });
  if (fresh.length > 0) {
    intend(draft, {
      do: 'claim-locks',
      pull: pull.number,
      dirspaces: fresh.map(plain),
      baseRef: pull.baseRef,
      mergedAt: pull.mergedAt,
      appliedAt: now,
    });
  }
}

/** A claim bears the moment at which its decision looked, the run the one at which that was written: at most a lease later. */
const LONGEST_DECISION_MS = 2 * MINUTE;

/** Give back what was claimed for an apply that never began: nothing was changed under it. `since`: when its run was made. */
export function unclaimApply(
  it: {
    readonly draft: PullCase['draft'];
    readonly ours: PullCase['ours'];
    readonly pull: { readonly number: number };
  },
  targets: readonly Dirspace[],
  since: number,
): readonly Dirspace[] {
  const { ours, pull } = it;
  const begun = new Set(
    ours.runs
      .filter((run) => run.pull === pull.number && run.kind === 'apply' && run.begun)
      .flatMap((run) => run.targets.map(dirspaceKey)),
  );
  const given = targets.map(plain).filter((target) => {
    const claim = claimOf(ours.locks, target, pull.number);
    const isOfThisRun = (claim?.appliedAt ?? 0) >= since - LONGEST_DECISION_MS && !begun.has(dirspaceKey(target));
    return claim !== null && claim.mergedAt === null && isOfThisRun;
  });
  if (given.length > 0) {
    intend(it.draft, { do: 'release-locks', pull: pull.number, dirspaces: given });
  }
  return given;
}

/** The dirspaces of a claiming run as they stand now; its own run does not count as being at work. */
export function placedTargets(all: readonly Placed[], targets: readonly Dirspace[]): readonly Placed[] {
  const keys = new Set(targets.map(dirspaceKey));
  return all.filter(({ part }) => keys.has(dirspaceKey(part)));
}

function plain({ dir, workspace }: Dirspace): Dirspace {
  return { dir, workspace };
}

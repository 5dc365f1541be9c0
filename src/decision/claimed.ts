import type { Decision } from '../domain/decision.ts';
import { dirspaceKey } from '../domain/dirspace.ts';
import type { Event } from '../domain/event.ts';
import { REASONS } from '../domain/reason.ts';
import { isActive, type Run } from '../domain/run.ts';
import { placedTargets, unclaimApply } from './apply.ts';
import { askLater } from './ask-later.ts';
import { assume, type Draft, finish, ignore, intend, note } from './draft.ts';
import { judgeApply } from './judge-apply.ts';
import { layersOf } from './layers.ts';
import { unclaimedByOthers } from './locks.ts';
import { publish } from './plan.ts';
import { openCase, type PullCase } from './pull-case.ts';
import { type Refusal, refusalBody } from './refusal.ts';
import { endRun } from './start-runs.ts';
import { wakeLine } from './waiting-line.ts';
import { workOf } from './work.ts';

/**
 * The runner of an apply claims its manifest: everything is decided again with what is true now, and only then does it
 * get the plan's key. A run that nobody decided about here is unknown to us and gets nothing.
 */
export function decideClaim(draft: Draft, event: Extract<Event, { kind: 'apply-claimed' }>): Decision {
  const run = draft.snapshot.ours.runs.find((candidate) => candidate.id === event.run);
  if (run === undefined || run.kind !== 'apply') {
    return ignore(draft, 'claim', 'not-our-run', event.run);
  }
  if (!isActive(run.state) || run.state === 'running') {
    return ignore(draft, 'claim', 'run-over', run.state);
  }
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    intend(draft, { do: 'refuse-manifest', run: run.id, reason: opened.reason, text: REASONS[opened.reason] });
    return finish(draft, opened.reason);
  }
  const refusals = claimRefusals(opened.it, run);
  const asked = { key: `claim/${run.id}`, at: run.claimedAt ?? run.createdAt, event };
  if (askLater(opened.it, asked, { reason: 'asked-again', refusals })) {
    return finish(draft, 'asked-again');
  }
  return refusals.length === 0 ? release(opened.it, run) : refuse(opened.it, run, refusals);
}

function claimRefusals(it: PullCase, run: Run): readonly Refusal[] {
  const { pull } = it;
  if (pull.headSha !== run.headSha) {
    return [{ reason: 'head-moved', next: 'plumbline apply' }];
  }
  const without: PullCase = { ...it, ours: { ...it.ours, runs: it.ours.runs.filter((one) => one.id !== run.id) } };
  const result = workOf(it.github, pull, without.ours);
  if (!result.ok) {
    return result.notices.map((notice) => ({
      reason: notice.kind === 'reason' ? notice.reason : ('config-broken' as const),
    }));
  }
  const layers = layersOf(without, result.work);
  const placed = placedTargets(layers.all, run.targets);
  const gone = run.targets.filter((target) => !placed.some(({ part }) => dirspaceKey(part) === dirspaceKey(target)));
  const verdict = judgeApply(without, result.work, layers, {
    name: run.force ? 'apply-force' : run.autoapprove ? 'apply-autoapprove' : 'apply',
    who: run.requestedBy,
    commentedAt: run.requestedAt,
    placed,
    claiming: { run: run.id, planIds: new Map(run.targets.map((target) => [dirspaceKey(target), target.planId])) },
  });
  const moved = placed.filter(({ part }) => run.environment !== part.environments.apply).map(({ part }) => part);
  return [
    ...verdict.against,
    ...verdict.missing,
    ...(gone.length === 0 ? [] : [{ reason: 'no-match', about: gone } as const]),
    ...(moved.length === 0 ? [] : [{ reason: 'plan-stale-config', about: moved } as const]),
  ];
}

function release(it: PullCase, run: Run): Decision {
  const { draft, ours, pull } = it;
  assume(draft, { that: 'run-state', run: run.id, states: ['claimed'] });
  if (!run.autoapprove) {
    assume(draft, { that: 'plan-stored', plans: run.targets.map((target) => target.planId) });
  }
  const free = unclaimedByOthers(ours.locks, run.targets, pull.number);
  if (free.length > 0) {
    assume(draft, { that: 'lock-free', pull: pull.number, dirspaces: free });
  }
  intend(
    draft,
    { do: 'release-manifest', run: run.id },
    { do: 'audit', action: 'apply-released', actor: run.requestedBy.login, detail: { run: run.id, pull: pull.number } },
  );
  publish(it);
  note(draft, 'claim', 'pass', 'manifest-released');
  return finish(draft, 'manifest-released');
}

function refuse(it: PullCase, run: Run, refusals: readonly Refusal[]): Decision {
  const { draft, pull } = it;
  const [first] = refusals;
  const reason = first?.reason ?? 'request-lost';
  note(draft, 'claim', 'refuse', reason, first?.detail);
  intend(draft, { do: 'refuse-manifest', run: run.id, reason, text: REASONS[reason] });
  endRun(it, run, 'refused', reason);
  const body = refusalBody('plumbline apply', [{ reason: 'request-lost' }, ...refusals]);
  intend(draft, { do: 'reply', pull: pull.number, key: `claim/${run.id}`, body });
  const given = unclaimApply(it, run.targets, run.createdAt);
  if (given.length > 0) {
    wakeLine(it, given);
  }
  publish(it);
  intend(draft, {
    do: 'audit',
    action: 'apply-refused',
    actor: run.requestedBy.login,
    detail: { run: run.id, reason },
  });
  return finish(draft, reason);
}

import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { DAY, HOUR } from '../domain/instant.ts';
import { OUTDATED } from '../domain/notice.ts';
import { isActive } from '../domain/run.ts';
import { autoapply } from './apply.ts';
import { automerge } from './automerge.ts';
import { dropUntouched, SKIP_LABEL } from './autoplan.ts';
import { branchesMatch } from './branches.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';
import { layersOf, type Placed } from './layers.ts';
import { heldBy, isHolding } from './locks.ts';
import { publish, publishChange, setupNotice, setupRefusals, startPlans } from './plan.ts';
import { isFork, openCase, type PullCase, pausedBecause } from './pull-case.ts';
import { mention } from './refusal.ts';
import { lineFor, waitingFor, wakeLine } from './waiting-line.ts';
import { type Work, workOf } from './work.ts';

/** So often a pull request is planned again by itself within an hour; after that its plans are only marked. */
export const MAX_REPLANS_PER_HOUR = 6;

/**
 * Something elsewhere may have changed what this pull request may do. Plans that do not tell the truth any more are
 * erased and, unless `stale_plans: mark`, made again by the same person's leave as before.
 */
export function decideReconsider(draft: Draft, event: Extract<Event, { kind: 'reconsider' }>): Decision {
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    return ignore(draft, 'reconsider', opened.reason);
  }
  const { it } = opened;
  if (it.pull.state === 'closed') {
    return ignore(draft, 'reconsider', 'pull-closed');
  }
  const paused = pausedBecause(it, 'plan');
  if (paused !== null) {
    return ignore(draft, 'reconsider', paused);
  }
  const result = workOf(it.github, it.pull, it.ours);
  if (!result.ok) {
    publishChange(it, null, result.notices);
    const [first] = result.notices;
    return finish(draft, first?.kind === 'reason' ? first.reason : 'config-broken');
  }
  const { work } = result;
  if (event.because === 'state-changed') {
    return replanStale(it, work, staleByState(it, work), 'state-changed');
  }
  if (event.because === 'lock-freed') {
    return lockFreed(it, work);
  }
  const stale = staleNow(it, work);
  if (stale.length === 0) {
    const acted = autoapply(it, work, requester(it)) || automerge(it, work, requester(it));
    publishChange(it, work, []);
    return finish(draft, acted ? 'published' : 'nothing-to-do');
  }
  return replanStale(it, work, stale, event.because === 'base-moved' ? 'base-moved' : 'plan-expired');
}

/** Dirspaces whose plan was shown for this head and does not count any more. */
function staleNow(it: PullCase, work: Work): readonly Placed[] {
  return layersOf(it, work).all.filter(({ standing }) => standing.state === 'invalid' && OUTDATED.has(standing.reason));
}

/** Somebody else applied: whatever was planned before that, for a dirspace that he applied, is stale. */
function staleByState(it: PullCase, work: Work): readonly Placed[] {
  const { all } = layersOf(it, work);
  const others = it.ours.locks.filter((claim) => claim.pull !== it.pull.number && claim.appliedAt !== null);
  return all.filter(({ part, standing }) => {
    const applied = others.some((claim) => claim.dir === part.dir && claim.workspace === part.workspace);
    return (
      (standing.state === 'invalid' && OUTDATED.has(standing.reason)) ||
      (applied && standing.state === 'valid') ||
      (applied && standing.state === 'done' && resultState(it, part) === 'no-changes')
    );
  });
}

function resultState(it: PullCase, { dir, workspace }: Placed['part']): string | undefined {
  return it.ours.results.find((result) => result.dir === dir && result.workspace === workspace)?.state;
}

function replanStale(
  it: PullCase,
  work: Work,
  stale: readonly Placed[],
  reason: 'state-changed' | 'base-moved' | 'plan-expired' | 'lock-freed',
): Decision {
  const { draft, ours, pull, now } = it;
  if (stale.length === 0) {
    publish(it);
    return finish(draft, 'nothing-to-do');
  }
  const keys = new Set(stale.map(({ part }) => `${part.dir}\u0000${part.workspace}`));
  const plans = ours.plans.filter((plan) => plan.state !== 'erased' && keys.has(`${plan.dir}\u0000${plan.workspace}`));
  const why =
    reason === 'base-moved' ? 'plan-stale-base' : reason === 'plan-expired' ? 'plan-expired' : 'plan-stale-state';
  if (plans.length > 0) {
    intend(draft, { do: 'erase-plans', plans: plans.map((plan) => plan.id), reason: why });
  }
  note(draft, 'staleness', 'note', why, stale.map(({ part }) => part.dir).join(', '));
  dropUntouched(it, work);
  const recent = ours.runs.filter((run) => run.kind === 'plan' && run.createdAt > now - HOUR).length;
  const may = work.config.stalePlans === 'replan' && recent < MAX_REPLANS_PER_HOUR && !pull.labels.includes(SKIP_LABEL);
  const first = layersOf(it, work).working[0]?.part.layer ?? 0;
  const parts = stale.map(({ part }) => part).filter((part) => part.autoplan && part.layer <= first);
  if (!may || parts.length === 0 || isFork(it) || !ourBranches(it, work)) {
    publishChange(it, work, []);
    return finish(draft, why);
  }
  const setup = setupRefusals(it, work, parts, 'plan');
  if (setup.length > 0) {
    publishChange(it, work, setup.map(setupNotice));
    return finish(draft, setup[0]?.reason ?? 'workflow-unfit');
  }
  startPlans(it, work, parts, { by: requester(it), at: now, flags: [] });
  publishChange(it, work, []);
  return finish(draft, reason);
}

function ourBranches(it: PullCase, work: Work): boolean {
  const { pull, github } = it;
  return branchesMatch(work.config, {
    base: pull.baseRef,
    head: pull.headRef,
    defaultBranch: github.repository.defaultBranch,
  });
}

/** A holder gave something up. The first in line is planned again and mentioned once, and leaves the line: its turn has come. */
function lockFreed(it: PullCase, work: Work): Decision {
  const { draft, ours, pull } = it;
  const waiting = waitingFor(it);
  if (waiting.length === 0) {
    return passTurn(it);
  }
  const asker = { pull: pull.number, baseRef: pull.baseRef };
  const { all } = layersOf(it, work);
  const stillHeld = all.some(({ part, standing }) => standing.state !== 'done' && heldBy(ours, part, asker) !== null);
  const first = waiting.some((dirspace) => lineFor(it, dirspace)[0] === pull.number);
  if (stillHeld || !first) {
    publish(it);
    note(draft, 'waiting-line', 'note', stillHeld ? 'locked-by-pull' : 'lock-freed');
    return finish(draft, stillHeld ? 'locked-by-pull' : 'lock-freed');
  }
  if (pull.draft || it.github.mergeable === 'CONFLICTING' || pull.state !== 'open') {
    // Not able to use its turn: the next one gets it, and this one stands behind.
    const dirspaces = waiting.map(({ dir, workspace }) => ({ dir, workspace }));
    intend(draft, { do: 'release-locks', pull: pull.number, dirspaces });
    wakeLine(it, dirspaces);
    publish(it);
    return finish(draft, pull.draft ? 'draft' : 'merge-conflict');
  }
  const held = ours.locks.filter((claim) => claim.pull !== pull.number).map((claim) => claim.claimedAt);
  const key = `your-turn/${pull.number}/${Math.max(0, ...waiting.map(claimedAt(it)), ...held)}`;
  const body = `${mention(pull.author.login)}: what this pull request waited for is free. It is planned again; when the plan is right, comment \`plumbline apply\`.`;
  intend(draft, { do: 'reply', pull: pull.number, key, body });
  const parts = all.filter(
    ({ part, standing }) =>
      standing.state !== 'running' && waiting.some((one) => one.dir === part.dir && one.workspace === part.workspace),
  );
  // Whoever does not use the turn within a day keeps nobody waiting.
  intend(draft, {
    do: 'set-timer',
    key: `turn/${it.repository.repositoryId}/${pull.number}`,
    at: it.now + DAY,
    event: { kind: 'reconsider', repository: it.repository, pull: pull.number, because: 'lock-freed' },
  });
  intend(draft, {
    do: 'release-locks',
    pull: pull.number,
    dirspaces: waiting.map(({ dir, workspace }) => ({ dir, workspace })),
  });
  return replanStale(it, work, parts, 'lock-freed');
}

/** A turn that was given and not used goes to the next in line; whoever used it holds now, and its release wakes the line. */
function passTurn(it: PullCase): Decision {
  const holds = it.ours.locks.some((claim) => claim.pull === it.pull.number && isHolding(claim));
  if (holds) {
    return ignore(it.draft, 'waiting-line', 'nothing-to-do');
  }
  wakeLine(it, it.ours.locks);
  return finish(it.draft, 'turn-passed');
}

function claimedAt(it: PullCase) {
  return ({ dir, workspace }: { readonly dir: string; readonly workspace: string }): number =>
    it.ours.locks.find((claim) => claim.pull === it.pull.number && claim.dir === dir && claim.workspace === workspace)
      ?.claimedAt ?? 0;
}

/** Who asked last for this pull request; a re-plan by itself happens in the same name. */
function requester(it: PullCase): { readonly id: number; readonly login: string } {
  const last = [...it.ours.runs].sort((a, b) => b.createdAt - a.createdAt)[0];
  const active = it.ours.runs.find((run) => isActive(run.state));
  return (active ?? last)?.requestedBy ?? { id: it.pull.author.id, login: it.pull.author.login };
}

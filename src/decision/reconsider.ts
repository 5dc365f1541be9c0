import type { Decision } from '../domain/decision.ts';
import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { Event } from '../domain/event.ts';
import { DAY } from '../domain/instant.ts';
import type { ReasonCode } from '../domain/reason.ts';
import { autoapply } from './apply.ts';
import { automerge } from './automerge.ts';
import { autoplan } from './autoplan.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';
import { layersOf, type Placed } from './layers.ts';
import { heldBy, isHolding } from './locks.ts';
import { publish, publishChange } from './plan.ts';
import { openCase, type PullCase, pausedBecause } from './pull-case.ts';
import { mention } from './refusal.ts';
import { isStale, replan, requester, staleNow } from './replan.ts';
import { lineFor, waitingFor, wakeLine } from './waiting-line.ts';
import { type Part, type Work, workOf } from './work.ts';

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
    return replanned(it, work, staleByState(it, work), 'state-changed');
  }
  if (event.because === 'lock-freed') {
    return lockFreed(it, work);
  }
  if (event.because === 'resumed') {
    const again = resumed(it, work, event);
    if (again !== null) {
      return again;
    }
  }
  const stale = staleNow(it, work);
  if (stale.length === 0) {
    const acted = actByItself(it, work);
    if (acted === null && event.because !== 'asked-again') {
      publishChange(it, work, []);
    }
    return finish(draft, acted ?? 'nothing-to-do');
  }
  return replanned(it, work, stale, event.because === 'base-moved' ? 'base-moved' : 'plan-expired');
}

const STALE_BECAUSE = {
  'base-moved': 'plan-stale-base',
  'plan-expired': 'plan-expired',
  'state-changed': 'plan-stale-state',
} as const;

function replanned(it: PullCase, work: Work, stale: readonly Placed[], reason: keyof typeof STALE_BECAUSE): Decision {
  if (stale.length === 0) {
    publish(it);
    return finish(it.draft, 'nothing-to-do');
  }
  const done = replan(it, work, stale, STALE_BECAUSE[reason]);
  return finish(it.draft, done === 'started' ? reason : done === 'marked' ? STALE_BECAUSE[reason] : done.refused);
}

/** Apply or merge what asks for nobody; null: nothing of that is to be done, or may be. */
function actByItself(it: PullCase, work: Work): ReasonCode | null {
  if (autoapply(it, work, requester(it))) {
    return 'apply-started';
  }
  return automerge(it, work, requester(it)) ? 'automerge-started' : null;
}

/**
 * Nothing was done while it was paused: pushes were not planned, and whose turn had come was not told. The pusher's leave is
 * asked as if the push came now. Null: neither is the case.
 */
function resumed(it: PullCase, work: Work, event: Extract<Event, { kind: 'reconsider' }>): Decision | null {
  const { pull, ours, github } = it;
  const asker = { pull: pull.number, baseRef: pull.baseRef };
  const isFree = (part: Part) => heldBy(ours, part, asker) === null;
  if (waitingFor(it).length > 0 && work.parts.every(isFree)) {
    return lockFreed(it, work);
  }
  const pusher = github.lastPusher?.known === true ? github.lastPusher.value : null;
  return pull.state === 'open' && pusher !== null ? autoplan(it, pusher, event) : null;
}

/** Somebody else applied: whatever was planned before that, for a dirspace that he applied, is stale. */
function staleByState(it: PullCase, work: Work): readonly Placed[] {
  const { all } = layersOf(it, work);
  const others = it.ours.locks.filter((claim) => claim.pull !== it.pull.number && claim.appliedAt !== null);
  return all.filter(({ part, standing }) => {
    const applied = others.some((claim) => claim.dir === part.dir && claim.workspace === part.workspace);
    return (
      isStale({ part, standing }) ||
      (applied && standing.state === 'valid') ||
      (applied && standing.state === 'done' && resultState(it, part) === 'no-changes')
    );
  });
}

function resultState(it: PullCase, { dir, workspace }: Placed['part']): string | undefined {
  return it.ours.results.find((result) => result.dir === dir && result.workspace === workspace)?.state;
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
  return giveTurn(it, work, waiting);
}

/** It leaves the line, is planned again, and its author is mentioned: once for each time that something frees. */
function giveTurn(it: PullCase, work: Work, waiting: readonly Dirspace[]): Decision {
  const { draft, ours, pull } = it;
  const dirspaces = waiting.map(({ dir, workspace }) => ({ dir, workspace }));
  const keys = new Set(waiting.map(dirspaceKey));
  const parts = layersOf(it, work).all.filter(
    ({ part, standing }) => standing.state !== 'running' && keys.has(dirspaceKey(part)),
  );
  // Whoever does not use the turn within a day keeps nobody waiting.
  intend(
    draft,
    {
      do: 'set-timer',
      key: `turn/${it.repository.repositoryId}/${pull.number}`,
      at: it.now + DAY,
      event: { kind: 'reconsider', repository: it.repository, pull: pull.number, because: 'lock-freed' },
    },
    { do: 'release-locks', pull: pull.number, dirspaces },
  );
  const planned = replan(it, work, parts, 'plan-stale-state');
  const held = ours.locks.filter((claim) => claim.pull !== pull.number).map((claim) => claim.claimedAt);
  const key = `your-turn/${pull.number}/${Math.max(0, ...waiting.map(claimedAt(it)), ...held)}`;
  const next =
    planned === 'started'
      ? 'It is planned again; when the plan is right, comment `plumbline apply`.'
      : 'Comment `plumbline plan`, and when the plan is right, `plumbline apply`.';
  const body = `${mention(pull.author.login)}: what this pull request waited for is free. ${next}`;
  intend(draft, { do: 'reply', pull: pull.number, key, body });
  return finish(draft, typeof planned === 'object' ? planned.refused : 'lock-freed');
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
  return ({ dir, workspace }: Dirspace): number =>
    it.ours.locks.find((claim) => claim.pull === it.pull.number && claim.dir === dir && claim.workspace === workspace)
      ?.claimedAt ?? 0;
}

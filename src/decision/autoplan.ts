import type { Decision } from '../domain/decision.ts';
import type { Actor, Event, PullAction } from '../domain/event.ts';
import { SECOND } from '../domain/instant.ts';
import type { ReasonCode } from '../domain/reason.ts';
import { isActive, type StoredPlan } from '../domain/run.ts';
import { accessRefusal, fileRefusals } from './access.ts';
import { branchesMatch } from './branches.ts';
import { decideClosed } from './closing.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';
import { layersOf, type Placed } from './layers.ts';
import { runsThatLook } from './looking-run.ts';
import { mustDiscover, plannedBase } from './module-knowledge.ts';
import { reasonNotice } from './notices.ts';
import { canWrite } from './people.ts';
import { publish, publishChange, setupNotice, setupRefusals, startPlans } from './plan.ts';
import { isFork, isSkipped, openCase, type PullCase, pausedBecause } from './pull-case.ts';
import { endRun, supersedePlans } from './start-runs.ts';
import { dropUntouched } from './untouched.ts';
import { followBase, waitingFor } from './waiting-line.ts';
import { type Part, type Work, workOf } from './work.ts';

const AGAIN_MS = 30 * SECOND;

/**
 * Something happened to a pull request. Whatever the event says of its commit, the head of now is planned: events may
 * come late, twice or in another order, and the end must be the same.
 */
export function decidePull(draft: Draft, event: Extract<Event, { kind: 'pull' }>): Decision {
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    return ignore(draft, 'pull', opened.reason);
  }
  const { it } = opened;
  if (it.pull.state !== 'open') {
    return ONLY_OPEN.has(event.action) ? ignore(draft, 'pull', 'pull-closed') : decideClosed(it, event.sender);
  }
  if (event.action === 'closed') {
    return ignore(draft, 'pull', 'event-outdated', 'The pull request is open again.');
  }
  if (event.action === 'labeled' || event.action === 'converted_to_draft') {
    publish(it);
    return finish(draft, event.action === 'labeled' ? 'skip-label' : 'draft');
  }
  return autoplan(it, event.sender, event);
}

/** What says nothing of a pull request that is closed; too little is read for it to settle one. */
const ONLY_OPEN: ReadonlySet<PullAction> = new Set(['labeled', 'unlabeled', 'converted_to_draft']);

/** Plan what has no plan of the head, if everything allows it without anybody asking. */
export function autoplan(it: PullCase, actor: Actor, event: Event): Decision {
  const { draft, pull } = it;
  supersedePlans(it, []);
  dropOlderCommits(it);
  followBase(it);
  const result = workOf(it.github, pull, it.ours);
  const paused = pausedBecause(it, 'plan');
  if (paused !== null) {
    return quiet(it, result.ok ? result.work : null, paused);
  }
  if (!result.ok) {
    publishChange(it, null, result.notices);
    const [first] = result.notices;
    return finish(draft, first?.kind === 'reason' ? first.reason : 'config-broken');
  }
  const { work } = result;
  const outside = outsideReason(it, work);
  if (outside !== null) {
    note(draft, outside.rule, 'ignore', outside.reason);
    if (outside.reason === 'branch-not-ours' && it.ours.runs.length + it.ours.results.length > 0) {
      leaveBranch(it);
      return quiet(it, work, outside.reason);
    }
    return outside.told ? quiet(it, work, outside.reason) : finish(draft, outside.reason);
  }
  if (!mustDiscover(work)) {
    dropUntouched(it, work);
  }
  if (work.parts.length === 0 && !mustDiscover(work)) {
    return quiet(it, work, 'no-directories');
  }
  if (isSkipped(it)) {
    return quiet(it, work, 'skip-label');
  }
  const trust = trustReason(it, work, actor);
  if (trust !== null) {
    return quiet(it, work, trust, `plumbline plan ${pull.headSha.slice(0, 7)}`);
  }
  note(draft, 'trust', 'pass', 'trusted', actor.login);
  return planWorkingLayer(it, work, actor, event);
}

/** Not for this pull request at all: switched off, other branches, a fork. */
function outsideReason(it: PullCase, work: Work): { rule: string; reason: ReasonCode; told: boolean } | null {
  const { pull, github } = it;
  if (!work.config.enabled) {
    return { rule: 'enabled', reason: 'disabled', told: false };
  }
  const branches = { base: pull.baseRef, head: pull.headRef, defaultBranch: github.repository.defaultBranch };
  if (!branchesMatch(work.config, branches)) {
    return { rule: 'branches', reason: 'branch-not-ours', told: false };
  }
  if (isFork(it)) {
    return { rule: 'forks', reason: work.config.forks.kind === 'off' ? 'fork-off' : 'fork-needs-sha', told: true };
  }
  return null;
}

/** Why this actor's commit is not planned by itself; null: it is. */
function trustReason(it: PullCase, work: Work, actor: Actor): ReasonCode | null {
  if (actor.bot) {
    return work.config.trustedBots.includes(actor.login.toLowerCase()) ? null : 'untrusted-author';
  }
  const answer = canWrite(it.github, actor.login);
  return answer === 'yes' ? null : answer === 'no' ? 'untrusted-author' : 'permission-unknown';
}

/** Start what is missing in the working layer: wanted automatically, without a valid plan, without a run. */
export function planWorkingLayer(it: PullCase, work: Work, actor: Actor, event: Event): Decision {
  const { draft, pull, now } = it;
  if (mustDiscover(work) && runsThatLook(it).some((run) => run.baseSha === plannedBase(pull))) {
    publishChange(it, work, []);
    return finish(draft, 'already-planned');
  }
  const { all, working } = layersOf(it, work);
  const automatic = working.filter(({ part }) => isAutomatic(it, part));
  if (working.length > 0 && automatic.length === 0) {
    return quiet(it, work, pull.draft ? 'draft' : 'autoplan-off', 'plumbline plan');
  }
  const applying = automatic.filter(({ standing }) => standing.state === 'running' && standing.kind === 'apply');
  const stale = applying.filter(({ standing }) => standing.state === 'running' && standing.headSha !== pull.headSha);
  if (stale.length > 0) {
    // What is being applied is planned for the new commit as soon as that is over.
    intend(draft, { do: 'set-timer', key: `again/${pull.number}/${pull.headSha}`, at: now + AGAIN_MS, event });
  }
  // Who opens it again wants to see it planned, also what failed before.
  const reopened = event.kind === 'pull' && event.action === 'reopened';
  const wanted = automatic.filter(({ standing }) => needsPlan(standing) || (reopened && hasFailed(standing)));
  if (wanted.length === 0 && (working.length > 0 || !mustDiscover(work))) {
    publishChange(it, work, []);
    return finish(draft, all.every(({ standing }) => standing.state === 'done') ? 'nothing-to-do' : 'already-planned');
  }
  const parts = wanted.map(({ part }) => part);
  const files = fileRefusals(it, work, actor.login);
  if (files.length > 0 && !actor.bot) {
    for (const { reason, detail } of files) {
      note(draft, 'access', 'refuse', reason, detail);
    }
    publishChange(
      it,
      work,
      files.map((one) => reasonNotice(one.reason, one.detail ?? '', 'plumbline plan')),
    );
    return finish(draft, files[0]?.reason ?? 'access-denied');
  }
  const denied = actor.bot ? [] : parts.filter((part) => refusedToPlan(it, work, part, actor.login) !== null);
  const allowed = parts.filter((part) => !denied.includes(part));
  const [firstDenied] = denied;
  if (firstDenied !== undefined && (allowed.length === 0 || work.config.accessControl.planRequireAllDirspaceAccess)) {
    const reason = refusedToPlan(it, work, firstDenied, actor.login) ?? 'access-denied';
    return quiet(it, work, reason, 'plumbline plan');
  }
  const setup = setupRefusals(it, work, allowed, 'plan');
  if (setup.length > 0) {
    for (const { reason, detail } of setup) {
      note(draft, 'setup', 'refuse', reason, detail);
    }
    publishChange(it, work, setup.map(setupNotice));
    return finish(draft, setup[0]?.reason ?? 'workflow-unfit');
  }
  startPlans(it, work, allowed, { by: { id: actor.id, login: actor.login }, at: now, flags: [] });
  publishChange(it, work, []);
  return finish(draft, 'plan-started');
}

/** Is it planned without anybody asking? */
export function isAutomatic({ pull }: PullCase, part: Part): boolean {
  return part.autoplan && (!pull.draft || part.autoplanDraftPr);
}

function refusedToPlan(it: PullCase, work: Work, part: Work['parts'][number], login: string): ReasonCode | null {
  return accessRefusal(it, work, part, { operation: 'plan', login, approvers: [] });
}

/** Has it neither a plan that counts nor a run that makes one? A plan that failed for this commit is not tried again by itself. */
export function needsPlan(standing: Placed['standing']): boolean {
  return standing.state === 'invalid' && !KEPT_FOR_PEOPLE.has(standing.reason);
}

function hasFailed(standing: Placed['standing']): boolean {
  return standing.state === 'invalid' && standing.reason === 'plan-failed';
}

const KEPT_FOR_PEOPLE: ReadonlySet<ReasonCode> = new Set([
  'plan-failed',
  'plan-used',
  'apply-unknown',
  'plan-not-stored',
]);

/** Plans of commits that are not the head any more can never be applied. */
function dropOlderCommits(it: PullCase): void {
  erase(it, 'plan-stale-head', (plan) => plan.facts?.headSha !== it.pull.headSha);
}

/** The pull request goes into a branch now that is not ours: what was planned for another one must not stand for it. */
function leaveBranch(it: PullCase): void {
  const { draft, ours, pull } = it;
  for (const run of ours.runs.filter(({ kind, state }) => kind === 'plan' && isActive(state))) {
    endRun(it, run, 'superseded', 'run-superseded');
  }
  erase(it, 'branch-not-ours', () => true);
  const places = waitingFor(it).map(({ dir, workspace }) => ({ dir, workspace }));
  if (places.length > 0) {
    intend(draft, { do: 'release-locks', pull: pull.number, dirspaces: places });
  }
}

/** Erase stored plans; only what an apply has in its hands stays. */
function erase({ draft, ours }: PullCase, reason: ReasonCode, which: (plan: StoredPlan) => boolean): void {
  const used = new Set(
    ours.runs
      .filter((run) => run.kind === 'apply' && isActive(run.state))
      .flatMap((run) => run.targets.map((target) => target.planId)),
  );
  const plans = ours.plans
    .filter((plan) => plan.state === 'stored' && !used.has(plan.id) && which(plan))
    .map((plan) => plan.id);
  if (plans.length > 0) {
    intend(draft, { do: 'erase-plans', plans, reason });
  }
}

/** Nothing is run; the pull request says why. */
function quiet(it: PullCase, work: Work | null, reason: ReasonCode, next = ''): Decision {
  note(it.draft, 'autoplan', 'ignore', reason);
  const notices = reason === 'no-directories' ? [] : [reasonNotice(reason, '', next)];
  publishChange(it, work, notices);
  return finish(it.draft, reason);
}

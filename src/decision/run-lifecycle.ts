import type { Decision } from '../domain/decision.ts';
import type { DispatchProblem, Event } from '../domain/event.ts';
import { MINUTE, SECOND } from '../domain/instant.ts';
import type { Notice } from '../domain/notice.ts';
import { REASONS, type ReasonCode } from '../domain/reason.ts';
import { isActive, type Run } from '../domain/run.ts';
import { unclaimApply } from './apply.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';
import { openCase, type PullCase } from './pull-case.ts';
import { refusalBody } from './refusal.ts';
import { endRun, LOOK_AGAIN_MS, lookAgain } from './start-runs.ts';
import { wakeLine } from './waiting-line.ts';
import { wakeGroup } from './wake-group.ts';
import { workOf } from './work.ts';

/** After the first heartbeat a runner that is silent for so long is lost, unless GitHub says that its job still runs. Before, GitHub's run status decides. */
export const SILENCE_MS = 2 * MINUTE;
/**
 * A job that runs and is not heard of, or that GitHub cannot be asked about: the way between us is more likely broken than the
 * runner. It may have been us who were away, and stopping every apply after each of our own outages would be the worse outage.
 */
export const LONG_SILENCE_MS = 15 * MINUTE;
/** A dispatch that GitHub knows nothing of after this time never started a run. */
export const DISPATCH_LIFE_MS = 10 * MINUTE;
const ASK_AGAIN_MS = 20 * SECOND;

/** GitHub's word on an Actions run of ours. An end that nobody reported is settled in the pull request's own line. */
export function decideActionsRun(draft: Draft, event: Extract<Event, { kind: 'actions-run' }>): Decision {
  const run = draft.snapshot.ours.runs.find((candidate) => candidate.id === event.run);
  if (run === undefined) {
    return ignore(draft, 'actions-run', 'not-our-run', event.run);
  }
  if (run.githubRunId !== null && run.githubRunId !== event.githubRunId) {
    // Started by hand, or twice: the first one that claimed is ours, this one gets nothing.
    return ignore(draft, 'actions-run', 'not-our-run', `GitHub run ${event.githubRunId}`);
  }
  if (event.attempt > 1) {
    return ignore(draft, 'actions-run', 'second-attempt');
  }
  if (!isActive(run.state)) {
    return ignore(draft, 'actions-run', 'run-over', run.state);
  }
  const { githubRunId, status } = event;
  if (event.of === 'run' || status !== 'completed') {
    intend(draft, { do: 'note-actions-run', run: run.id, githubRunId, githubStatus: status });
  }
  if (status === 'completed') {
    intend(draft, {
      do: 'emit',
      key: `run-ended/${run.id}/${event.of}`,
      event: { kind: 'run-silent', repository: event.repository, pull: run.pull, run: run.id },
    });
    return finish(draft, 'run-noted');
  }
  if (status === 'waiting' || status === 'queued') {
    intend(draft, { do: 'publish', pull: run.pull, headSha: run.headSha });
    return finish(draft, 'run-waiting');
  }
  return finish(draft, 'run-noted');
}

/** A run that should have said something: look at what is known of it, and settle it, or look again later. */
export function decideSilent(draft: Draft, event: Extract<Event, { kind: 'run-silent' }>): Decision {
  const { snapshot } = draft;
  const run = snapshot.ours.runs.find((candidate) => candidate.id === event.run);
  if (run === undefined) {
    return ignore(draft, 'run-silent', 'not-our-run', event.run);
  }
  if (!isActive(run.state)) {
    return ignore(draft, 'run-silent', 'run-over', run.state);
  }
  const verdict = silenceVerdict(run, snapshot.now, snapshot.github?.actionsRun);
  const it = { draft, now: snapshot.now, repository: event.repository, ours: snapshot.ours, run, pull: event.pull };
  if (verdict.kind === 'end') {
    return settle(it, verdict.reason, verdict.stop);
  }
  const timer = lookAgain({ repository: event.repository, pull: { number: event.pull } }, run.id, verdict.at);
  intend(draft, timer);
  if (verdict.status !== null) {
    const { id: githubRunId, status: githubStatus } = verdict.status;
    intend(draft, { do: 'note-actions-run', run: run.id, githubRunId, githubStatus });
    if (githubStatus !== run.githubStatus) {
      intend(draft, { do: 'publish', pull: event.pull, headSha: run.headSha });
    }
  }
  note(draft, 'run-silent', 'note', verdict.reason);
  return finish(draft, verdict.reason);
}

type Verdict =
  | { readonly kind: 'end'; readonly reason: ReasonCode; readonly stop: boolean }
  | {
      readonly kind: 'wait';
      readonly at: number;
      readonly reason: ReasonCode;
      readonly status: { readonly id: number; readonly status: string } | null;
    };

type ActionsFact = NonNullable<Draft['snapshot']['github']>['actionsRun'];

/** What silence means, from the last heartbeat and from GitHub's word on its run. */
export function silenceVerdict(run: Run, now: number, fact: ActionsFact): Verdict {
  const silentSince = run.heartbeatAt ?? run.claimedAt;
  const github = fact?.known === true ? fact.value : undefined;
  if (github !== undefined && github !== null && github.status === 'completed') {
    return { kind: 'end', reason: conclusionReason(github.conclusion), stop: false };
  }
  if (silentSince !== null) {
    // Asked about and not answered is not the same as gone.
    const maybeAlive = github?.status === 'in_progress' || fact?.known === false;
    const until = silentSince + (maybeAlive ? LONG_SILENCE_MS : SILENCE_MS);
    if (now >= until) {
      // Killed in the middle it would leave more behind than a runner that cannot reach us and ends by itself.
      return { kind: 'end', reason: 'run-silent', stop: !(run.kind === 'apply' && run.begun) };
    }
    const soon = maybeAlive && now >= silentSince + SILENCE_MS;
    const at = soon ? Math.min(until, now + LOOK_AGAIN_MS) : silentSince + SILENCE_MS;
    return { kind: 'wait', at, reason: 'run-noted', status: github ?? null };
  }
  const since = run.dispatchedAt ?? run.createdAt;
  if (github === null && now - since >= DISPATCH_LIFE_MS) {
    return { kind: 'end', reason: 'run-never-started', stop: false };
  }
  if (github === undefined) {
    return { kind: 'wait', at: now + ASK_AGAIN_MS, reason: 'asked-again', status: null };
  }
  const waiting = github !== null && github.status !== 'in_progress';
  return { kind: 'wait', at: now + LOOK_AGAIN_MS, reason: waiting ? 'run-waiting' : 'run-noted', status: github };
}

function conclusionReason(conclusion: string | null): ReasonCode {
  return (conclusion === null ? undefined : CONCLUSIONS.get(conclusion)) ?? 'run-lost';
}

const CONCLUSIONS: ReadonlyMap<string, ReasonCode> = new Map([
  ['cancelled', 'run-cancelled'],
  ['timed_out', 'run-timed-out'],
  ['startup_failure', 'run-startup-failure'],
  ['action_required', 'run-never-started'],
]);

interface RunCase extends Pick<PullCase, 'draft' | 'now' | 'repository' | 'ours'> {
  readonly run: Run;
  readonly pull: number;
}

/** End a run that will not report. An apply that had begun may have half happened: it is unknown and blocks its dirspaces. */
function settle(it: RunCase, why: ReasonCode, stop: boolean, notices: readonly Notice[] = []): Decision {
  const { draft, run, ours, pull } = it;
  const half = run.kind === 'apply' && run.begun;
  const reason: ReasonCode = half ? 'run-unknown' : why;
  endRun(it, run, half ? 'unknown' : 'vanished', reason);
  wakeGroup(draft, it.repository, run.id);
  if (stop) {
    intend(draft, { do: 'cancel-actions-run', run: run.id });
  }
  if (run.kind === 'apply' && !half) {
    giveBack(it);
  }
  const headSha = ours.pull?.headSha ?? run.headSha;
  const again = run.kind === 'plan' || half ? 'plumbline plan' : 'plumbline apply';
  const body = refusalBody(`plumbline ${run.kind}`, [
    { reason: why, about: run.targets, next: again },
    ...(half ? [{ reason: 'run-unknown', about: run.targets } as const] : []),
  ]);
  if (notices.length === 0) {
    intend(draft, { do: 'reply', pull, key: `run-ended/${run.id}`, body });
  }
  intend(draft, { do: 'publish', pull, headSha });
  intend(draft, { do: 'audit', action: 'run-settled', actor: 'plumbline', detail: { run: run.id, reason: why } });
  note(draft, 'run', 'note', why, run.id);
  return finish(draft, reason);
}

function giveBack(it: RunCase): void {
  const { ours, run, draft, now, repository } = it;
  // Only what the locks' rules look at of a pull request is known here, and it is all they need.
  const pull = { number: it.pull, headSha: run.headSha };
  const part = { draft, now, repository, ours, pull };
  const given = unclaimApply(part, run.targets, run.createdAt);
  if (given.length > 0) {
    wakeLine(part, given);
  }
}

/** A dispatch that GitHub refused for good. The notice stays on the pull request until something is run again. */
export function decideDispatchFailed(draft: Draft, event: Extract<Event, { kind: 'dispatch-failed' }>): Decision {
  const { snapshot } = draft;
  const run = snapshot.ours.runs.find((candidate) => candidate.id === event.run);
  if (run === undefined || !isActive(run.state)) {
    return ignore(draft, 'dispatch', run === undefined ? 'not-our-run' : 'run-over', event.run);
  }
  const reason = dispatchReason(event.problem);
  const it = { draft, now: snapshot.now, repository: event.repository, ours: snapshot.ours, run, pull: event.pull };
  const notice: Notice = { kind: 'dispatch', problem: event.problem };
  settle(it, reason, false, [notice]);
  const opened = openCase(draft, event.repository);
  const result = opened.ok ? workOf(opened.it.github, opened.it.pull, snapshot.ours) : null;
  const change = result?.ok === true ? result.work.change : null;
  intend(draft, { do: 'save-change', pull: event.pull, change, notices: [notice] });
  note(draft, 'dispatch', 'refuse', reason, REASONS[reason]);
  return finish(draft, reason);
}

function dispatchReason(problem: DispatchProblem): ReasonCode {
  switch (problem.what) {
    case 'workflow-missing':
      return 'workflow-missing';
    case 'workflow-not-dispatchable':
    case 'workflow-permissions':
      return 'workflow-unfit';
    case 'environment-missing':
      return 'environment-missing';
    case 'refused':
      return 'dispatch-refused';
  }
}

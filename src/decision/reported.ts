import type { Decision } from '../domain/decision.ts';
import { dirspaceKey } from '../domain/dirspace.ts';
import type { Event } from '../domain/event.ts';
import type { ReasonCode } from '../domain/reason.ts';
import { isActive, type Run, type RunState } from '../domain/run.ts';
import type { RequestedGate, RunReport } from '../domain/snapshot.ts';
import { autoapply } from './apply.ts';
import { automerge } from './automerge.ts';
import { settleMerged } from './closing.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';
import { layersOf } from './layers.ts';
import { publish, publishChange, setupNotice, setupRefusals, startPlans } from './plan.ts';
import { openCase, type PullCase, pausedBecause } from './pull-case.ts';
import { refusalBody } from './refusal.ts';
import { refuseUntruePlans, withoutUntrue } from './untrue-plans.ts';
import { wakeGroup } from './wake-group.ts';
import { type Work, workOf } from './work.ts';

/** The runner reported: what it says is recorded, and what follows from it is started. */
export function decideReported(draft: Draft, event: Extract<Event, { kind: 'run-reported' }>): Decision {
  const { ours } = draft.snapshot;
  const run = ours.runs.find((candidate) => candidate.id === event.run);
  const { report } = ours;
  if (run === undefined || report === null || report.runId !== run.id) {
    return ignore(draft, 'report', 'not-our-run', event.run);
  }
  if (!isActive(run.state)) {
    return lateReport(draft, event, run, report);
  }
  intend(
    draft,
    { do: 'record-report', run: run.id, superseded: false },
    { do: 'end-run', run: run.id, state: endState(run, report), reason: endReason(run, report) },
    { do: 'clear-timer', key: `run-silent/${run.id}` },
  );
  tellOthers(draft, event, run, report);
  tellProblem(draft, event.pull, run, report);
  wakeGroup(draft, event.repository, run.id);
  const untrue = refuseUntruePlans(draft, event.pull, run, report);
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    const headSha = ours.pull?.headSha ?? run.headSha;
    note(draft, 'report', 'note', 'report-recorded', 'Nothing follows from it.');
    intend(draft, { do: 'publish', pull: event.pull, headSha });
    return finish(draft, 'report-recorded');
  }
  return followUp(opened.it, run, report, untrue);
}

const MAX_PROBLEM = 2_000;

/** What ended the whole run stands at no dirspace: a merge conflict, a commit that could not be fetched. */
function tellProblem(draft: Draft, pull: number, run: Run, { problem }: RunReport): void {
  if (problem === null || problem.code === 'cancelled') {
    return;
  }
  const asked = `plumbline ${run.kind}`;
  // Before it has looked, its dirspaces are a guess.
  const about = run.state === 'running' ? run.targets : [];
  const refusal = { reason: 'run-failed', detail: problem.message.slice(0, MAX_PROBLEM), about, next: asked } as const;
  intend(draft, { do: 'reply', pull, key: `run-problem/${run.id}`, body: refusalBody(asked, [refusal]) });
}

/** A report of a run that was replaced, or given up for lost. What an apply did is never forgotten. */
function lateReport(
  draft: Draft,
  event: Extract<Event, { kind: 'run-reported' }>,
  run: Run,
  report: RunReport,
): Decision {
  if (run.kind === 'plan') {
    intend(draft, { do: 'record-report', run: run.id, superseded: true });
    return finish(draft, 'report-superseded');
  }
  intend(draft, { do: 'record-report', run: run.id, superseded: false });
  if (run.state === 'unknown' || run.state === 'vanished') {
    intend(draft, { do: 'end-run', run: run.id, state: endState(run, report), reason: endReason(run, report) });
  }
  tellOthers(draft, event, run, report);
  refuseUntruePlans(draft, event.pull, run, report);
  intend(draft, { do: 'publish', pull: event.pull, headSha: draft.snapshot.ours.pull?.headSha ?? run.headSha });
  return finish(draft, 'report-recorded');
}

function endState(run: Run, report: RunReport): RunState {
  if (report.outcomes.some((outcome) => outcome.state === 'unknown')) {
    return run.kind === 'apply' ? 'unknown' : 'failed';
  }
  const failed = report.outcomes.some((one) => one.state === 'plan-failed' || one.state === 'apply-failed');
  return report.problem !== null || failed || report.outcomes.length === 0 ? 'failed' : 'succeeded';
}

function endReason(run: Run, report: RunReport): 'run-done' | 'run-failed' | 'run-unknown' {
  const state = endState(run, report);
  return state === 'succeeded' ? 'run-done' : state === 'unknown' ? 'run-unknown' : 'run-failed';
}

/** Plans of other pull requests for what was applied here are stale now: an event to each of them. */
function tellOthers(draft: Draft, event: Extract<Event, { kind: 'run-reported' }>, run: Run, report: RunReport): void {
  if (run.kind !== 'apply') {
    return;
  }
  const touched = new Set(
    report.outcomes
      .filter((outcome) => outcome.state !== 'not-attempted')
      .flatMap((outcome) => run.targets.filter((target) => target.index === outcome.index).map(dirspaceKey)),
  );
  const { others, locks } = draft.snapshot.ours;
  const pulls = [...others, ...locks].filter((other) => touched.has(dirspaceKey(other))).map((other) => other.pull);
  for (const pull of [...new Set(pulls)].filter((one) => one !== event.pull).sort((a, b) => a - b)) {
    intend(draft, {
      do: 'emit',
      key: `state-changed/${run.id}/${pull}`,
      event: { kind: 'reconsider', repository: event.repository, pull, because: 'state-changed' },
    });
  }
}

/**
 * What follows: the next layer is planned, or what applies by itself is applied, or everything is done and the pull
 * request is merged or released. Decided on our rows as the report leaves them.
 */
function followUp(it: PullCase, run: Run, report: RunReport, untrue: ReadonlyMap<string, ReasonCode>): Decision {
  const after = afterReport(it, run, report, untrue);
  const { draft, pull } = after;
  const result = workOf(after.github, pull, after.ours);
  if (!result.ok) {
    publish(after);
    return finish(draft, 'report-recorded');
  }
  const { work } = result;
  if (pull.state === 'merged') {
    if (!planNextLayer(after, work, run)) {
      settleMerged(after, work, run.requestedBy);
    }
    return finish(draft, 'report-recorded');
  }
  if (pull.state === 'closed' || pull.headSha !== run.headSha) {
    if (run.kind === 'apply') {
      // What was not attempted can never be applied any more.
      const plans = run.targets.map((target) => target.planId);
      intend(draft, { do: 'erase-plans', plans, reason: 'plan-used' });
    }
    publish(after);
    return finish(draft, 'report-recorded');
  }
  const started = planNextLayer(after, work, run) || autoapply(after, work, run.requestedBy);
  if (!started) {
    automerge(after, work, run.requestedBy);
    publishChange(after, work, []);
  }
  return finish(draft, 'report-recorded');
}

/** Our facts as they will be once the report is recorded. */
function afterReport(it: PullCase, run: Run, report: RunReport, untrue: ReadonlyMap<string, ReasonCode>): PullCase {
  const { ours, now } = it;
  const states = new Map(report.outcomes.map((outcome) => [outcome.index, outcome]));
  const fresh = run.targets.flatMap((target) => {
    // An apply that ended before it came to a dirspace did nothing there, and is not started again by itself.
    const silent = run.kind === 'apply' ? ({ state: 'not-attempted', digest: null } as const) : undefined;
    const outcome = states.get(target.index) ?? silent;
    if (outcome === undefined) {
      return [];
    }
    const before = ours.results.find((result) => dirspaceKey(result) === dirspaceKey(target));
    return [
      {
        dir: target.dir,
        workspace: target.workspace,
        runId: run.id,
        kind: run.kind,
        state: outcome.state,
        headSha: run.headSha,
        baseSha: run.baseSha,
        digest: outcome.digest,
        planId: target.planId,
        addresses: before?.addresses ?? [],
        counts: before?.counts ?? null,
        // What a new plan risks, its report has not told yet.
        riskPoints: run.kind === 'plan' ? null : (before?.riskPoints ?? null),
        endedAt: now,
      },
    ];
  });
  const keys = new Set(fresh.map(dirspaceKey));
  const runs = ours.runs.map((one) =>
    one.id === run.id ? { ...one, state: endState(run, report), endedAt: now } : one,
  );
  const results = [...ours.results.filter((result) => !keys.has(dirspaceKey(result))), ...fresh];
  const plans = withoutUntrue(ours.plans, untrue);
  return { ...it, ours: { ...ours, runs, results, plans, gates: gatesAfter(it, run, report) } };
}

/** What the plans ask for, with those of the report in place of those that they replace: nothing applies itself past a new gate. */
function gatesAfter({ ours }: PullCase, run: Run, report: RunReport): readonly RequestedGate[] {
  const before = ours.gates ?? [];
  if (run.kind !== 'plan') {
    return before;
  }
  const asked = report.outcomes.flatMap((outcome) => {
    const target = run.targets.find(({ index }) => index === outcome.index);
    return target === undefined ? [] : [{ target, gates: outcome.gates ?? [] }];
  });
  const replaced = new Set(asked.map(({ target }) => dirspaceKey(target)));
  const fresh = asked.flatMap(({ target, gates }) =>
    gates.map(({ policy, ...gate }) => ({
      dir: target.dir,
      workspace: target.workspace,
      headSha: run.headSha,
      planId: target.planId,
      gate,
      policy: policy ?? null,
    })),
  );
  return [...before.filter((gate) => !replaced.has(dirspaceKey(gate))), ...fresh];
}

/** A layer is done and the next one has no plans yet: plan it for the same commit, as the same person. */
function planNextLayer(it: PullCase, work: Work, run: Run): boolean {
  const { working } = layersOf(it, work);
  const ran = new Set(run.targets.map(dirspaceKey));
  const wanted = working
    .filter(({ part, standing }) => part.autoplan && standing.state === 'invalid' && !ran.has(dirspaceKey(part)))
    .filter(({ standing }) => standing.state === 'invalid' && standing.reason === 'plan-missing')
    .map(({ part }) => part);
  const first = Math.min(...run.targets.map((target) => layerOf(work, dirspaceKey(target))));
  const next = wanted.filter((part) => part.layer > first);
  if (next.length === 0 || pausedBecause(it, 'plan') !== null) {
    return false;
  }
  const setup = setupRefusals(it, work, next, 'plan');
  if (setup.length > 0) {
    publishChange(it, work, setup.map(setupNotice));
    return true;
  }
  startPlans(it, work, next, { by: run.requestedBy, at: it.now, flags: [] });
  publishChange(it, work, []);
  return true;
}

function layerOf(work: Work, key: string): number {
  return work.parts.find((part) => dirspaceKey(part) === key)?.layer ?? 0;
}

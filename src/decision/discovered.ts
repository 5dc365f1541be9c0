import type { Decision } from '../domain/decision.ts';
import { dirspaceKey } from '../domain/dirspace.ts';
import type { Event } from '../domain/event.ts';
import type { Notice } from '../domain/notice.ts';
import { REASONS, type ReasonCode } from '../domain/reason.ts';
import { isActive, type Run } from '../domain/run.ts';
import { matchTagQuery, parseTagQuery } from '../matching/tag-query.ts';
import { accessRefusal, fileRefusals } from './access.ts';
import { isAutomatic, needsPlan } from './autoplan.ts';
import { batchesOf } from './batches.ts';
import { assume, type Draft, finish, ignore, intend, note } from './draft.ts';
import { layersOf, type Placed } from './layers.ts';
import { reasonNotice } from './notices.ts';
import { placedFor, publish, publishChange, replacePlans, setupNotice, setupRefusals } from './plan.ts';
import { openCase, type PullCase, pausedBecause } from './pull-case.ts';
import { refusalBody } from './refusal.ts';
import { endRun, newRun, startRuns } from './start-runs.ts';
import { dropUntouched } from './untouched.ts';
import { wakeGroup } from './wake-group.ts';
import { type Part, type Work, workOf } from './work.ts';

/**
 * The runner looked which directory calls which. What the pull request touches is computed anew with it; this run gets its
 * share, which is what belongs into its own environment and kind of runner, and everything else gets runs of its own.
 */
export function decideDiscovered(draft: Draft, event: Extract<Event, { kind: 'discovered' }>): Decision {
  const { ours } = draft.snapshot;
  const run = ours.runs.find((candidate) => candidate.id === event.run);
  const { discovery } = ours;
  if (run?.discovers == null || discovery === null || discovery.runId !== run.id) {
    return ignore(draft, 'discovery', 'not-our-run', event.run);
  }
  if (!isActive(run.state) || run.state === 'running') {
    return ignore(draft, 'discovery', 'run-over', run.state);
  }
  assume(draft, { that: 'run-state', run: run.id, states: ['claimed'] });
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    return stopRun({ draft, repository: event.repository }, run, opened.reason);
  }
  const runs = ours.runs.filter((one) => one.id !== run.id);
  const it: PullCase = { ...opened.it, ours: { ...ours, runs, moduleIndex: discovery } };
  const against = moot(it, run);
  if (against !== null) {
    publish(it);
    return stopRun(it, run, against);
  }
  const failed = [discovery.config, discovery.tree].flatMap((built) => (built?.ok === false ? [built.message] : []));
  if (failed.length > 0) {
    return brokenOff(it, run, [reasonNotice('builder-failed', quoted(failed.join('\n')), 'plumbline plan')]);
  }
  const result = workOf(it.github, it.pull, it.ours);
  return result.ok ? planFound(it, result.work, run) : brokenOff(it, run, result.notices);
}

/** Why what was found is of no use any more. The event of what happened meanwhile does the rest. */
function moot(it: PullCase, run: Run): ReasonCode | null {
  if (it.pull.headSha !== run.headSha) {
    return 'head-moved';
  }
  return it.pull.state === 'closed' ? 'pull-closed' : pausedBecause(it, 'plan');
}

function planFound(it: PullCase, work: Work, run: Run): Decision {
  const { draft } = it;
  dropUntouched(it, work);
  const wanted = wantedParts(it, work, run);
  const files = isBot(work, run) ? [] : fileRefusals(it, work, run.requestedBy.login);
  const denied = deniedParts(it, work, wanted, run);
  const none = files.length > 0 || (denied.length > 0 && work.config.accessControl.planRequireAllDirspaceAccess);
  const parts = none ? [] : wanted.filter((part) => !denied.some((one) => one.part === part));
  for (const { reason, detail } of [...files, ...denied]) {
    note(draft, 'access', 'refuse', reason, detail);
  }
  if (wanted.length > 0 && parts.length === 0) {
    const [first] = [...files, ...denied];
    const reason = first?.reason ?? 'access-denied';
    publishChange(it, work, [reasonNotice(reason, first?.detail ?? '', 'plumbline plan')]);
    return stopRun(it, run, reason);
  }
  if (parts.length === 0) {
    return nothingFound(it, work, run);
  }
  const setup = setupRefusals(it, work, parts, 'plan');
  if (setup.length > 0) {
    return brokenOff(it, run, setup.map(setupNotice), work);
  }
  return shareOut(it, work, parts, run);
}

/** What was asked for, as it is now: what the run was started on, what a command selected, and what is planned by itself. */
function wantedParts(it: PullCase, work: Work, { discovers, targets }: Run): readonly Part[] {
  const { all, working } = layersOf(it, work);
  const first = working[0]?.part.layer ?? Number.POSITIVE_INFINITY;
  const started = new Set(targets.map(dirspaceKey));
  const text = discovers?.query ?? null;
  const parsed = text === null ? null : parseTagQuery(text);
  const isSelected = ({ part, standing }: Placed) =>
    parsed?.ok === true && matchTagQuery(parsed.query, part) && (text !== '' || standing.state !== 'done');
  const isDue = ({ part, standing }: Placed) =>
    discovers?.automatic === true && part.layer === first && isAutomatic(it, part) && needsPlan(standing);
  return all
    .filter(({ part, standing }) => part.layer <= first && !(standing.state === 'running' && standing.kind === 'apply'))
    .filter((one) => started.has(dirspaceKey(one.part)) || isSelected(one) || isDue(one))
    .map(({ part }) => part);
}

interface Denied {
  readonly part: Part;
  readonly reason: ReasonCode;
  readonly detail: string;
}

function deniedParts(it: PullCase, work: Work, parts: readonly Part[], run: Run): readonly Denied[] {
  const { login } = run.requestedBy;
  return isBot(work, run)
    ? []
    : parts.flatMap((part) => {
        const reason = accessRefusal(it, work, part, { operation: 'plan', login, approvers: [] });
        return reason === null ? [] : [{ part, reason, detail: part.dir }];
      });
}

/** A bot stands in no list of people; whether it is trusted was asked when the run was started. */
function isBot(work: Work, { requestedBy }: Run): boolean {
  return work.config.trustedBots.includes(requestedBy.login.toLowerCase());
}

function shareOut(it: PullCase, work: Work, parts: readonly Part[], run: Run): Decision {
  const { draft } = it;
  const request = { by: run.requestedBy, at: run.requestedAt, flags: run.flags };
  const what = { kind: 'plan', request, baseSha: run.baseSha } as const;
  const placed = placedFor(it, work, parts);
  // What a run was granted it keeps: its job stands in this environment and in no other.
  const mine = batchesOf(placed, 'plan', work.config).find(
    (batch) => batch.environment === run.environment && batch.runsOn === run.runsOn,
  );
  const taken = new Set(mine?.parts.map(dirspaceKey));
  replacePlans(withoutPlansOf(it, run), parts);
  const others = placed.filter((part) => !taken.has(dirspaceKey(part)));
  if (others.length > 0) {
    startRuns(it, work, { ...what, parts: others });
  }
  publishChange(it, work, []);
  if (mine === undefined) {
    return stopRun(it, run, 'planned-elsewhere');
  }
  intend(draft, { do: 'release-manifest', run: run.id, targets: newRun(it, work, mine, what, run.id) });
  note(draft, 'discovery', 'pass', 'manifest-released', `${mine.parts.length} here, ${others.length} elsewhere`);
  return finish(draft, 'manifest-released');
}

/** The plans that this run was to make before it looked are nobody's yet; they go with its targets. */
function withoutPlansOf(it: PullCase, run: Run): PullCase {
  const own = new Set(run.targets.map(({ planId }) => planId));
  return { ...it, ours: { ...it.ours, plans: it.ours.plans.filter(({ id }) => !own.has(id)) } };
}

/** Nothing of what was asked for is to be planned; the pull request says why. */
function nothingFound(it: PullCase, work: Work, run: Run): Decision {
  const { draft, pull } = it;
  const reason = work.parts.length === 0 ? 'no-directories' : run.discovers?.query ? 'no-match' : 'already-planned';
  publishChange(it, work, []);
  if (run.discovers?.query != null) {
    const body = refusalBody('plumbline plan', [{ reason }]);
    intend(draft, { do: 'reply', pull: pull.number, key: `discovered/${run.id}`, body });
  }
  return stopRun(it, run, reason);
}

function brokenOff(it: PullCase, run: Run, notices: readonly Notice[], work: Work | null = null): Decision {
  publishChange(it, work, notices);
  const [first] = notices;
  return stopRun(it, run, first?.kind === 'reason' ? first.reason : 'config-broken');
}

/** What a program said goes into one line of a comment; all of it stands in the log of the job. */
function quoted(text: string): string {
  return text.replace(/\s+/gu, ' ').trim().slice(-1_000);
}

/** The runner is told to go home. Its job ends green: it did what it was asked. */
function stopRun(
  { draft, repository }: Pick<PullCase, 'draft' | 'repository'>,
  run: Run,
  reason: ReasonCode,
): Decision {
  wakeGroup(draft, repository, run.id);
  intend(draft, { do: 'refuse-manifest', run: run.id, reason, text: REASONS[reason] });
  endRun({ draft }, run, 'refused', reason);
  note(draft, 'discovery', 'note', reason);
  return finish(draft, reason);
}

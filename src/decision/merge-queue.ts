import type { Decision, Intent } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { MINUTE, SECOND } from '../domain/instant.ts';
import type { MergeGroup } from '../domain/merge-group.ts';
import { REASONS } from '../domain/reason.ts';
import { plural } from '../report/escape.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';
import { type GroupVerdict, judgeGroup } from './merge-group.ts';
import { openCase, type PullCase } from './pull-case.ts';
import { refusalBody } from './refusal.ts';
import { groupEvent } from './wake-group.ts';

/** Checks that a branch rule may require; what is required must be reported on merge groups too, or the queue waits for ever. */
const PLAN_CHECK = 'plumbline/plan';
const APPLY_CHECK = 'plumbline/apply';

const LOOK_AGAIN_MS = { plans: MINUTE, others: 20 * SECOND } as const;
/** A new group usually takes the place of one that is given up; without one the pull request looks where it stands. */
const REGROUP_MS = 30 * SECOND;

type GroupEvent = Extract<Event, { kind: 'merge-group' }>;

/** A merge queue tries a merge, or tries it no more. The checks of the merge tell whether it is planned, and never more. */
export function decideMergeGroup(draft: Draft, event: GroupEvent): Decision {
  const known = draft.snapshot.ours.pull?.mergeGroup ?? null;
  if (event.action === 'destroyed') {
    return groupOver(draft, event, known);
  }
  const isKnown = known !== null && known.headSha === event.headSha;
  if (event.action === 'again' && !(isKnown && known.state === 'pending')) {
    return ignore(draft, 'merge-group', 'merge-group-over');
  }
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    return ignore(draft, 'merge-group', opened.reason);
  }
  const { it } = opened;
  if (it.pull.state !== 'open') {
    forget(draft, event, known);
    return finish(draft, 'pull-closed');
  }
  const { pull, headSha, baseSha, baseBranch } = event;
  const group = isKnown ? known : { pull, headSha, baseSha, baseBranch, state: 'pending' as const, since: it.now };
  const verdict = judgeGroup(it, group);
  if (verdict === null) {
    return ignore(draft, 'merge-group', 'branch-not-ours');
  }
  return tell(it, { ...group, state: verdict.state }, verdict);
}

function tell(it: PullCase, group: MergeGroup, verdict: GroupVerdict): Decision {
  const { draft, repository, now } = it;
  const event = groupEvent(repository, group);
  intend(draft, { do: 'save-merge-group', pull: group.pull, group }, { do: 'clear-timer', key: regroupKey(event) });
  intend(
    draft,
    verdict.state === 'pending'
      ? { do: 'set-timer', key: timerKey(event), at: now + LOOK_AGAIN_MS[verdict.waits], event }
      : { do: 'clear-timer', key: timerKey(event) },
  );
  intend(draft, ...checksOf(it, group, verdict));
  if (verdict.state === 'pending') {
    note(draft, 'merge-group', 'note', 'merge-group-waits', verdict.waits);
    return finish(draft, 'merge-group-waits');
  }
  tellBehind(it, group);
  if (verdict.state === 'passed') {
    note(draft, 'merge-group', 'pass', 'merge-group-passed');
    return finish(draft, 'merge-group-passed');
  }
  for (const { reason, detail } of verdict.refusals) {
    note(draft, 'merge-group', 'refuse', reason, detail);
  }
  const body = refusalBody('merge queue', verdict.refusals);
  intend(draft, { do: 'reply', pull: group.pull, key: `merge-group/${group.headSha}`, body });
  return finish(draft, verdict.refusals[0]?.reason ?? 'plan-missing');
}

/** Groups that stand on this one wait for what it is told. */
function tellBehind(it: PullCase, group: MergeGroup): void {
  const { draft, ours, repository } = it;
  for (const behind of ours.mergeGroups ?? []) {
    if (behind.baseSha === group.headSha && behind.state === 'pending') {
      const key = `merge-group/${repository.repositoryId}/${behind.headSha}/${group.headSha} ${group.state}`;
      intend(draft, { do: 'emit', key, event: groupEvent(repository, behind) });
    }
  }
}

type Check = Extract<Intent, { do: 'check' }>;

function checksOf(it: PullCase, { headSha: sha }: MergeGroup, verdict: GroupVerdict): readonly Check[] {
  const plan: Check = { do: 'check', sha, name: PLAN_CHECK, ...planWords(verdict) };
  const { rules } = it.github;
  // Where it is not required nobody waits for it, and it would stay red on the branch when things are applied after the merge.
  const wanted = rules?.known !== true || rules.value.requiredChecks.some(({ name }) => name === APPLY_CHECK);
  return wanted ? [plan, { do: 'check', sha, name: APPLY_CHECK, ...applyWords(verdict) }] : [plan];
}

type Words = Pick<Check, 'conclusion' | 'title' | 'summary'>;

function planWords(verdict: GroupVerdict): Words {
  switch (verdict.state) {
    case 'passed': {
      const title = verdict.dirspaces === 0 ? 'Nothing to plan' : `${plural(verdict.dirspaces, 'dirspace')} planned`;
      return { conclusion: 'success', title, summary: REASONS['merge-group-passed'] };
    }
    case 'pending':
      return { conclusion: null, title: 'Waiting', summary: REASONS['merge-group-waits'] };
    case 'failed': {
      const title = REASONS[verdict.refusals[0]?.reason ?? 'plan-missing'];
      return { conclusion: verdict.conclusion, title, summary: refusalBody('merge queue', verdict.refusals) };
    }
  }
}

function applyWords(verdict: GroupVerdict): Words {
  if (verdict.state !== 'passed') {
    return planWords(verdict);
  }
  return verdict.applied
    ? { conclusion: 'success', title: 'Everything is applied', summary: REASONS['everything-applied'] }
    : { conclusion: 'action_required', title: 'Not everything is applied', summary: REASONS['merge-group-unapplied'] };
}

function groupOver(draft: Draft, event: GroupEvent, known: MergeGroup | null): Decision {
  if (known?.headSha !== event.headSha) {
    return ignore(draft, 'merge-group', 'merge-group-over');
  }
  forget(draft, event, known);
  const { ours, now } = draft.snapshot;
  if (event.merged !== true && ours.results.some((result) => result.baseSha === event.baseSha)) {
    // What was planned for that merge is not what a merge would make now.
    const again = {
      kind: 'reconsider',
      repository: event.repository,
      pull: event.pull,
      because: 'base-moved',
    } as const;
    intend(draft, { do: 'set-timer', key: regroupKey(event), at: now + REGROUP_MS, event: again });
  }
  note(draft, 'merge-group', 'note', 'merge-group-over');
  return finish(draft, 'merge-group-over');
}

function forget(
  draft: Draft,
  event: Pick<GroupEvent, 'pull' | 'repository' | 'headSha'>,
  known: MergeGroup | null,
): void {
  if (known === null) {
    return;
  }
  intend(draft, { do: 'save-merge-group', pull: event.pull, group: null }, { do: 'clear-timer', key: timerKey(event) });
  if (known.state === 'pending') {
    const summary = REASONS['merge-group-over'];
    const over = { conclusion: 'cancelled', title: 'Given up by the queue', summary } as const;
    intend(draft, { do: 'check', sha: known.headSha, name: PLAN_CHECK, ...over });
  }
}

function timerKey({ repository, pull }: Pick<GroupEvent, 'pull' | 'repository'>): string {
  return `merge-group/${repository.repositoryId}/${pull}`;
}

function regroupKey({ repository, pull }: Pick<GroupEvent, 'pull' | 'repository'>): string {
  return `regroup/${repository.repositoryId}/${pull}`;
}

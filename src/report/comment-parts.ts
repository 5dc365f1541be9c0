import { dirspaceName } from '../domain/dirspace.ts';
import type { Notice } from '../domain/notice.ts';
import type { DirspaceView, PullView } from '../domain/pull-view.ts';
import { REASONS } from '../domain/reason.ts';
import { comparePlans } from '../plans/compare-plans.ts';
import { riskOf } from '../plans/risk.ts';
import { renderConfigProblems } from './config-problems.ts';
import { renderDispatchProblem } from './dispatch-problem.ts';
import { clip, code, fold, link, plural, prose, shortSha } from './escape.ts';
import { nextCommands } from './next-commands.ts';

/** Addresses that a caution names; the rest is counted. */
const MAX_NAMED = 12;

/** Deletes and replaces by name, in the box that GitHub paints red. Empty when there are none. */
export function cautionBlock(view: PullView): string {
  const dangerous = view.dirspaces
    .filter((entry) => entry.state === 'planned' || entry.state === 'stale')
    .flatMap((entry) =>
      (entry.model?.changes ?? [])
        .filter((change) => change.action === 'delete' || change.action === 'replace')
        .map((change) => ({ change, entry })),
    );
  if (dangerous.length === 0) {
    return '';
  }
  const deletes = dangerous.filter(({ change }) => change.action === 'delete').length;
  const replaces = dangerous.length - deletes;
  const words = [
    ...(deletes > 0 ? [`${plural(deletes, 'resource')} will be **destroyed**`] : []),
    ...(replaces > 0 ? [`${deletes > 0 ? replaces : plural(replaces, 'resource')} will be **replaced**`] : []),
  ];
  const sorted = [
    ...dangerous.filter(({ change }) => change.action === 'delete'),
    ...dangerous.filter(({ change }) => change.action !== 'delete'),
  ];
  const names = sorted
    .slice(0, MAX_NAMED)
    .map(
      ({ change, entry }) =>
        `> - ${change.action === 'delete' ? 'destroy' : 'replace'} ${code(change.address, 160)} in ${code(dirspaceName(entry.dirspace), 100)}`,
    );
  const left = sorted.length - names.length;
  return ['> [!CAUTION]', `> ${words.join(', ')}.`, '>', ...names, ...(left > 0 ? [`> - and ${left} more`] : [])].join(
    '\n',
  );
}

/** What is said once for the whole pull request, worst first. */
export function notesBlock(view: PullView): string {
  const notices = (view.notices ?? []).map((notice) => noticeBlock(notice, view));
  const notes = (view.notes ?? []).map((note) => important(note.text, note.next ?? ''));
  return [...notices, ...notes].slice(0, 10).join('\n\n');
}

function noticeBlock(notice: Notice, view: PullView): string {
  switch (notice.kind) {
    case 'config':
      return renderConfigProblems(notice.problems);
    case 'dispatch':
      return renderDispatchProblem(notice.problem, view.defaultBranch ?? 'the default branch', view.serverUrl ?? '');
    case 'reason':
      return important(`${REASONS[notice.reason]} ${notice.text}`.trim(), notice.next);
  }
}

function important(text: string, next: string): string {
  return `> [!IMPORTANT]\n> ${prose(text)}${next === '' ? '' : ` **Next**: ${code(next, 200)}`}`;
}

/** "Since the plan reviewed by": one line per dirspace whose plan is another one now. */
export function reviewedBlock(view: PullView): string {
  const lines = view.dirspaces.flatMap((entry) => {
    if (entry.reviewed === undefined || entry.model === undefined) {
      return [];
    }
    const difference = comparePlans(entry.reviewed.model, entry.model);
    if (difference.same) {
      return [];
    }
    const named = difference.changes
      .slice(0, 5)
      .map((change) => `${code(change.address, 160)} ${prose(change.text, 200)}`)
      .join(', ');
    const left = difference.changes.length - 5;
    return [
      `**Since the plan that ${code(entry.reviewed.by, 60)} reviewed** (${shortSha(entry.reviewed.sha)}) in ${code(dirspaceName(entry.dirspace), 100)}: ${named}${left > 0 ? ` and ${left} more` : ''}.`,
    ];
  });
  return limited(lines, 10, 'more dirspaces with a changed plan');
}

/** What another pull request holds, and who else changes the same. */
export function waitingBlock(view: PullView): string {
  const held = (view.held ?? []).map((entry) => {
    const place = entry.position === undefined ? '' : `, this pull request is number ${entry.position} in the line`;
    return `**Waiting**: ${code(dirspaceName(entry.dirspace), 100)} is held by #${entry.byPull}${place}.`;
  });
  const overlaps = (view.overlaps ?? []).map((entry) => {
    const same = entry.sameAddresses ?? [];
    const which =
      same.length === 0
        ? ''
        : `, the same ${same
            .slice(0, 3)
            .map((address) => code(address, 160))
            .join(', ')}${same.length > 3 ? ` and ${same.length - 3} more` : ''}`;
    return `**Also changed** by #${entry.pull}${entry.applied === true ? ', which has applied it' : ''}: ${code(dirspaceName(entry.dirspace), 100)}${which}.`;
  });
  const lines = [...held, ...overlaps];
  return limited(lines.length > 1 ? lines.map((line) => `- ${line}`) : lines, 15, 'more');
}

/** Why the plans are risky, in a fold. Empty when nothing is. */
export function riskBlock(view: PullView): string {
  const lines = view.dirspaces
    .filter((entry) => entry.model !== undefined && (entry.state === 'planned' || entry.state === 'stale'))
    .flatMap((entry) => riskLine(entry));
  if (lines.length === 0) {
    return '';
  }
  return fold(`Risk: why, in ${plural(lines.length, 'dirspace')}`, limited(lines, 20, 'more dirspaces'));
}

function riskLine(entry: DirspaceView): readonly string[] {
  if (entry.model === undefined) {
    return [];
  }
  const risk = riskOf(entry.model, entry.baseline);
  if (risk.findings.length === 0) {
    return [];
  }
  const reasons = risk.findings.map((finding) => {
    const more = finding.addresses.length > 2 ? ', …' : '';
    return `${finding.reason} (${finding.points}: ${finding.addresses
      .slice(0, 2)
      .map((address) => code(address, 120))
      .join(', ')}${more})`;
  });
  return [`- ${code(dirspaceName(entry.dirspace), 100)} ${risk.level}, ${risk.points} points: ${reasons.join('; ')}`];
}

/** Policies, in a fold that says the result in its summary. */
export function policyBlock(view: PullView): string {
  const policies = view.dirspaces.flatMap((entry) => (entry.policies ?? []).map((policy) => ({ policy, entry })));
  if (policies.length === 0) {
    return '';
  }
  const number = (outcome: string) => policies.filter(({ policy }) => policy.outcome === outcome).length;
  const words = (['failed', 'warned', 'waived', 'passed'] as const)
    .filter((outcome) => number(outcome) > 0)
    .map((outcome) => `${number(outcome)} ${outcome}`);
  const lines = policies
    .filter(({ policy }) => policy.outcome !== 'passed')
    .map(
      ({ policy, entry }) =>
        `- ${policy.outcome}: ${code(policy.name, 120)} in ${code(dirspaceName(entry.dirspace), 100)}${policy.text === undefined ? '' : `: ${prose(policy.text, 400)}`}`,
    );
  return fold(
    `Policies: ${words.join(', ')}`,
    lines.length === 0 ? 'All passed.' : limited(lines, 30, 'more'),
    number('failed') > 0,
  );
}

/** What still must hold before an apply, for dirspaces where something is missing. */
export function requirementsBlock(view: PullView): string {
  const byText = new Map<string, string[]>();
  for (const entry of view.dirspaces) {
    for (const requirement of entry.requirements ?? []) {
      const key = `${requirement.met ? 'met' : '**missing**'} | ${prose(requirement.name, 80)} | ${prose(requirement.text, 300)}`;
      byText.set(key, [...(byText.get(key) ?? []), dirspaceName(entry.dirspace)]);
    }
  }
  if (byText.size === 0) {
    return '';
  }
  const rows = [...byText].map(([key, names]) => {
    const where =
      names.length === view.dirspaces.length && names.length > 1
        ? 'all'
        : `${code(names[0] ?? '', 100)}${names.length > 1 ? ` + ${names.length - 1}` : ''}`;
    return `| ${key} | ${where} |`;
  });
  const missing = [...byText.keys()].filter((key) => key.startsWith('**')).length;
  return fold(
    missing === 0 ? 'Requirements for an apply: all met' : `Requirements for an apply: ${missing} missing`,
    [
      ['| | requirement | how it stands | dirspaces |', '|---|---|---|---|', ...rows.slice(0, 20)].join('\n'),
      'Permissions, other checks and conflicts are looked at when an apply is asked for.',
    ].join('\n\n'),
  );
}

/** Directories that were not planned, with reasons. */
export function unmatchedBlock(view: PullView): string {
  const unmatched = view.unmatched ?? [];
  if (unmatched.length === 0) {
    return '';
  }
  const lines = unmatched.map((entry) => `- ${code(entry.path, 160)}: ${prose(entry.reason, 300)}`);
  return fold(`Not planned: ${plural(unmatched.length, 'path')} and why`, limited(lines, 20, 'more paths'));
}

/** `Next:` with the commands that help now. */
export function nextBlock(view: PullView): string {
  const commands = nextCommands(view);
  if (commands.length === 0) {
    return '';
  }
  return `**Next**: comment ${commands
    .slice(0, 5)
    .map((command) => code(command, 200))
    .join(' or ')}. \`${view.command ?? 'plumbline'} help\` lists everything.`;
}

/** Facts about how this came about, in small print. */
export function footer(view: PullView): string {
  const engines = new Set(
    view.dirspaces.flatMap((entry) =>
      entry.engine === undefined ? [] : [`${entry.engine.name} ${entry.engine.version}`],
    ),
  );
  const durations = view.dirspaces.flatMap((entry) => entry.durationMs ?? []);
  const hidden = view.dirspaces.reduce((sum, entry) => sum + (entry.model?.hidden ?? 0), 0);
  const facts = [
    ...[...engines].slice(0, 3).map((engine) => prose(engine, 60)),
    ...(durations.length === 0 ? [] : [`longest ${seconds(Math.max(...durations))}`]),
    ...(hidden > 0 ? [plural(hidden, 'hidden value')] : []),
    ...((view.recovered ?? 0) > 0 ? [`recovered ${plural(view.recovered ?? 0, 'lost event')}`] : []),
    ...(view.consoleUrl === undefined ? [] : [link('console', view.consoleUrl)]),
  ];
  return facts.length === 0 ? '' : `<sub>${facts.join(', ')}</sub>`;
}

/** `850 ms`, `48 s`, `3 min 5 s`. */
export function seconds(milliseconds: number): string {
  if (milliseconds < 1_000) {
    return `${Math.round(milliseconds)} ms`;
  }
  const whole = Math.round(milliseconds / 1_000);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Runs that are under way, one line each. */
export function runsBlock(view: PullView): string {
  const lines = (view.runs ?? [])
    .filter((run) => run.state === 'queued' || run.state === 'running' || run.state === 'unknown')
    .map((run) => {
      const progress = run.total === undefined ? '' : `, ${run.finished ?? 0} of ${plural(run.total, 'dirspace')} done`;
      const by = run.by === undefined ? '' : ` for ${code(run.by, 60)}`;
      const state = { queued: 'is queued', running: 'is running', unknown: 'was not heard of again' }[
        run.state === 'done' ? 'running' : run.state
      ];
      return `**${clip(run.kind, 20)}** ${link(state, run.url)}${by}${progress}.`;
    });
  return limited(lines, 5, 'more runs');
}

function limited(lines: readonly string[], most: number, rest: string): string {
  const left = lines.length - most;
  return [...lines.slice(0, most), ...(left > 0 ? [`… and ${left} ${rest}`] : [])].join('\n');
}

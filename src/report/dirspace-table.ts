import { dirspaceName } from '../domain/dirspace.ts';
import type { DirspaceState, DirspaceView, PullView } from '../domain/pull-view.ts';
import { riskOf } from '../plans/risk.ts';
import { countsOf } from './counts.ts';
import { code, link, prose } from './escape.ts';
import { type Group, members } from './grouping.ts';

const STATES: Readonly<Record<DirspaceState, readonly [string, string]>> = {
  queued: ['⏳', 'queued'],
  planning: ['🟦', 'planning'],
  planned: ['🟨', 'changes'],
  'no-changes': ['⬜', 'no changes'],
  failed: ['🟥', 'failed'],
  waiting: ['⏳', 'waiting'],
  stale: ['🟥', 'stale: plan again'],
  applying: ['🟦', 'applying'],
  applied: ['🟩', 'applied'],
  partly: ['🟥', 'applied in part'],
  'apply-failed': ['🟥', 'apply failed'],
  unknown: ['🟥', 'unknown: look first'],
};

/** Columns that are aligned as numbers are. */
const NUMBERS = new Set(['add', 'change', 'destroy', 'replace', 'done', 'failed', 'not attempted', 'layer']);

/** More rows than this are summed up in one: a table is read, not searched. */
const MAX_ROWS = 60;

/** The table of dirspaces: one row per group, worst first, and columns only for what is known. */
export function dirspaceTable(view: PullView, groups: readonly Group[], maxRows = MAX_ROWS): string {
  if (groups.length === 0) {
    return '';
  }
  const outcomes = view.dirspaces.some((entry) => entry.apply !== undefined);
  const show = {
    layer: view.dirspaces.some((entry) => (entry.layer ?? 1) > 1),
    risk: view.dirspaces.some((entry) => riskCell(entry) !== '' && riskCell(entry) !== 'none'),
    cost: view.dirspaces.some((entry) => entry.cost !== undefined),
    needs: view.dirspaces.some((entry) => (entry.requirements ?? []).length > 0),
    outcomes,
    figures: !outcomes && view.dirspaces.some(hasFigures),
    run: view.dirspaces.some((entry) => entry.runUrl !== undefined),
  };
  const head = [
    '',
    'dirspace',
    'state',
    ...(show.outcomes ? ['done', 'failed', 'not attempted'] : []),
    ...(show.figures ? ['add', 'change', 'destroy', 'replace'] : []),
    ...(show.layer ? ['layer'] : []),
    ...(show.risk ? ['risk'] : []),
    ...(show.cost ? ['cost per month'] : []),
    ...(show.needs ? ['still needs'] : []),
    ...(show.run ? ['run'] : []),
  ];
  const align = head.map((name) => (NUMBERS.has(name) ? '--:' : '---'));
  const rows = groups.slice(0, maxRows).map((group) => {
    const { first } = group;
    const [sign, word] = STATES[first.state];
    const counts = countsOf(first);
    const figures = hasFigures(first)
      ? [counts.create, counts.update, counts.delete, counts.replace].map(String)
      : ['', '', '', ''];
    return [
      counts.delete > 0 && first.state === 'planned' ? '🟥' : sign,
      nameCell(group),
      first.failedAt === undefined || first.state !== 'failed' ? word : `${word} at ${prose(first.failedAt, 60)}`,
      ...(show.outcomes ? outcomeCells(first) : []),
      ...(show.figures ? figures : []),
      ...(show.layer ? [String(first.layer ?? 1)] : []),
      ...(show.risk ? [riskCell(first)] : []),
      ...(show.cost ? [costCell(first)] : []),
      ...(show.needs ? [needsCell(first)] : []),
      ...(show.run ? [first.runUrl === undefined ? '' : link('run', first.runUrl)] : []),
    ];
  });
  const left = groups.slice(maxRows).flatMap(members).length;
  const table = [head, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return left === 0
    ? table.join('\n')
    : `${table.join('\n')}\n\n… and ${left} more dirspaces that are not in this table.`;
}

function outcomeCells(view: DirspaceView): readonly string[] {
  const { apply } = view;
  return apply === undefined ? ['', '', ''] : [apply.done, apply.failed, apply.notAttempted].map(String);
}

function hasFigures(view: DirspaceView): boolean {
  return view.state !== 'no-changes' && (view.counts !== undefined || view.model !== undefined);
}

function nameCell(group: Group): string {
  const { first, others } = group;
  if (first.state === 'no-changes' && others.length > 0) {
    return `${others.length + 1} without changes`;
  }
  const name = code(dirspaceName(first.dirspace), 120);
  return others.length === 0 ? name : `${name} + ${others.length} ${group.same ? 'same' : 'alike'}`;
}

function riskCell(view: DirspaceView): string {
  if (view.model === undefined || (view.state !== 'planned' && view.state !== 'stale')) {
    return '';
  }
  const risk = riskOf(view.model, view.baseline);
  return risk.points === 0 ? 'none' : `${risk.level} (${risk.points})`;
}

function costCell(view: DirspaceView): string {
  if (view.cost === undefined) {
    return '';
  }
  const change = view.cost.after - view.cost.before;
  return `${change < 0 ? '-' : '+'}${Math.abs(change).toFixed(2)} ${prose(view.cost.currency, 8)}`;
}

function needsCell(view: DirspaceView): string {
  const open = (view.requirements ?? []).filter((requirement) => !requirement.met);
  const shown = open.slice(0, 3).map((requirement) => prose(requirement.text, 120));
  return open.length === 0 ? 'nothing' : [...shown, ...(open.length > 3 ? [`${open.length - 3} more`] : [])].join('; ');
}

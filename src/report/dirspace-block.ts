import { dirspaceName } from '../domain/dirspace.ts';
import type { PlanModel, ResourceChange } from '../domain/plan-model.ts';
import type { DirspaceView } from '../domain/pull-view.ts';
import { originsOf } from '../plans/origin.ts';
import { applyBlock } from './apply-block.ts';
import { attributeLines, changeLines, type Detail, outputLines } from './change-lines.ts';
import { countsOf, wordCounts } from './counts.ts';
import { diagnosticsBlock } from './diagnostics-block.ts';
import { clip, code, fence, fold, htmlCode, plural, prose, visibleLine } from './escape.ts';
import { type Group, members } from './grouping.ts';

/** How much of a dirspace is shown, from most to least. */
export const BLOCK_LEVELS = ['full', 'updates', 'addresses', 'types'] as const;
export type BlockLevel = (typeof BLOCK_LEVELS)[number];

/**
 * The fold of one group of dirspaces, or undefined when it would be longer than `limit`. Stops as soon as it knows,
 * so that the cost does not grow with the plan.
 */
export function dirspaceBlock(group: Group, level: BlockLevel, limit: number): string | undefined {
  const { first } = group;
  const parts: string[] = [];
  if (group.others.length > 0) {
    parts.push(sameNames(group));
  }
  const body = bodyParts(first, level, limit);
  if (body === undefined) {
    return undefined;
  }
  parts.push(...body.filter((part) => part !== ''));
  if (!group.same) {
    parts.push(differingValues(group, level));
  }
  if (parts.length === 0) {
    return '';
  }
  const name = htmlCode(dirspaceName(first.dirspace), 120);
  const others = group.others.length === 0 ? '' : ` and ${group.others.length} ${group.same ? 'same' : 'alike'}`;
  const text = fold(`${name}${others}: ${summaryText(first)}`, parts.join('\n\n'), opensByItself(first));
  return text.length <= limit ? text : undefined;
}

/** A failure is what people came for; a long list is not. */
function opensByItself(view: DirspaceView): boolean {
  return view.state === 'failed' || view.state === 'apply-failed' || view.state === 'partly';
}

function sameNames(group: Group): string {
  const names = members(group).map((entry) => code(dirspaceName(entry.dirspace), 120));
  const shown = names.slice(0, 100);
  const left = names.length - shown.length;
  const head =
    group.first.state === 'no-changes'
      ? `${plural(names.length, 'dirspace')} without changes`
      : group.same
        ? `The same changes in ${plural(names.length, 'dirspace')}`
        : `The same attributes, with other values, in ${plural(names.length, 'dirspace')}`;
  return `${head}: ${shown.join(', ')}${left > 0 ? ` and ${left} more` : ''}.`;
}

/** Where the others of a group differ from the first, value by value. */
function differingValues(group: Group, level: BlockLevel): string {
  const most = { full: 5_000, updates: 300, addresses: 40, types: 5 }[level];
  const first = new Map(valuesOf(group.first));
  const lines: string[] = [];
  let more = 0;
  for (const other of group.others) {
    const own = valuesOf(other).filter(([key, text]) => first.get(key) !== text);
    more += own.length > 0 && lines.length >= most ? 1 : 0;
    if (own.length > 0 && lines.length < most) {
      lines.push(`  ${clip(visibleLine(dirspaceName(other.dirspace)), 120)}`, ...own.map(([, text]) => text));
    }
  }
  return `What differs from ${code(dirspaceName(group.first.dirspace), 120)}:\n\n${fence([...lines, ...(more > 0 ? [`  … and in ${more} more dirspaces`] : [])].join('\n'), 'diff')}`;
}

/** Every attribute change of a plan as a line, by where it is. */
function valuesOf(view: DirspaceView): readonly (readonly [string, string])[] {
  return [...(view.model?.changes ?? []), ...(view.model?.outputs ?? [])].flatMap((change) => {
    const address = 'address' in change ? change.address : `output ${change.name}`;
    return change.attributes.map((attribute) => {
      const lines = attributeLines([attribute], 1);
      const name = clip(visibleLine(address), 200);
      return [
        `${address} ${JSON.stringify(attribute.path)}`,
        lines.map((line, at) => (at === 0 ? `${line.slice(0, 6)}${name} ${line.slice(6)}` : line)).join('\n'),
      ] as const;
    });
  });
}

function summaryText(view: DirspaceView): string {
  switch (view.state) {
    case 'failed':
      return `failed${view.failedAt === undefined ? '' : ` at ${clip(view.failedAt.replace(/[^\w .-]/g, ''), 40)}`}`;
    case 'no-changes':
      return 'no changes';
    case 'planning':
    case 'queued':
    case 'waiting':
      return view.state;
    case 'applied':
      return 'applied';
    case 'partly':
    case 'apply-failed':
      return view.apply === undefined
        ? 'apply failed'
        : `${view.apply.done} done, ${view.apply.failed} failed, ${view.apply.notAttempted} not attempted`;
    case 'unknown':
      return 'unknown';
    case 'planned':
    case 'stale':
    case 'applying':
      return view.model?.text === undefined ? wordCounts(countsOf(view)) : 'plan as text';
  }
}

function bodyParts(view: DirspaceView, level: Detail | 'types', limit: number): readonly string[] | undefined {
  const why = view.why === undefined ? '' : prose(view.why);
  const dir = view.dirspace.dir;
  const diagnostics = diagnosticsBlock(
    [...(view.diagnostics ?? []), ...(view.model?.diagnostics ?? [])],
    dir,
    level === 'full' ? 1_500 : 300,
  );
  const apply = view.apply === undefined ? '' : applyBlock(view.apply, dir, level);
  if (view.model === undefined || view.state === 'no-changes') {
    return [why, diagnostics, apply, stepParts(view, level)];
  }
  if (apply !== '') {
    return [why, apply, stepParts(view, level)];
  }
  const plan = planParts(view.model, level, limit);
  return plan === undefined ? undefined : [why, diagnostics, originPart(view), ...plan, stepParts(view, level)];
}

/** What the configuration's own steps printed. Always as a block of text: what a program prints in a pull request is no Markdown of ours. */
function stepParts(view: DirspaceView, level: Detail | 'types'): string {
  const most = { full: 12_000, updates: 4_000, addresses: 1_000, types: 0 }[level];
  const steps = view.steps ?? [];
  const shown = steps.slice(0, 20).map((step) => {
    const state = step.success ? '' : step.ignored ? ' failed, and does not fail the plan' : ' **failed**';
    const summary = `${htmlCode(step.name, 120)}${state.replaceAll('**', '')}`;
    const text = step.text.length > most ? `…${step.text.slice(step.text.length - most)}` : step.text;
    return most === 0
      ? `${code(step.name, 120)}${state}`
      : fold(summary, fence(text, step.lang ?? 'text'), !step.success);
  });
  const left = steps.length - shown.length;
  return [...shown, ...(left > 0 ? [`… and ${left} more steps`] : [])].join('\n\n');
}

/** Which of the changes were due before this pull request, when the default branch's last plan is known. */
function originPart(view: DirspaceView): string {
  if (view.model === undefined || view.baseline === undefined) {
    return '';
  }
  const origins = [...originsOf(view.model, view.baseline)];
  const old = origins.filter(([, origin]) => origin === 'before').map(([address]) => code(address, 160));
  const both = origins.filter(([, origin]) => origin === 'both').map(([address]) => code(address, 160));
  const some = (names: readonly string[]) =>
    `${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
  return [
    old.length === 0 ? '' : `**Not from this pull request** but due before it: ${some(old)}.`,
    both.length === 0 ? '' : `**Due before and changed by it**: ${some(both)}.`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function planParts(model: PlanModel, level: Detail | 'types', limit: number): readonly string[] | undefined {
  if (model.problem !== undefined) {
    return [`**This plan cannot be shown or applied.** ${prose(model.problem)}`];
  }
  if (model.text !== undefined) {
    return textParts(model.text, level, limit);
  }
  const diff = level === 'types' ? typeLines(model, limit) : diffLines(model, level, limit);
  if (diff === undefined) {
    return undefined;
  }
  const failing = model.checks.filter((check) => check.status === 'fail' || check.status === 'error');
  const deferred = model.deferred.map((entry) => code(entry.address));
  return [
    diff.length === 0 ? '' : fence(diff.join('\n'), 'diff'),
    failing.length === 0
      ? ''
      : failing
          .slice(0, 10)
          .map(
            (check) => `**Check fails**: ${code(check.address)} ${prose(check.problems.slice(0, 3).join('; '), 600)}`,
          )
          .join('\n'),
    deferred.length === 0
      ? ''
      : `**Decided later**, when more is known: ${deferred.slice(0, 10).join(', ')}${deferred.length > 10 ? ` and ${deferred.length - 10} more` : ''}.`,
    driftPart(model.drift),
    model.hidden > 0 && level === 'full'
      ? `${plural(model.hidden, 'value')} not shown, because sensitive or like a secret.`
      : '',
  ];
}

function diffLines(model: PlanModel, level: Detail, limit: number): readonly string[] | undefined {
  const lines: string[] = [];
  let size = 0;
  let tall = false;
  const add = (more: readonly string[]): boolean => {
    // Air around resources that have something below them.
    if ((more.length > 1 || tall) && lines.length > 0) {
      lines.push('');
    }
    tall = more.length > 1;
    for (const line of more) {
      size += line.length + 1;
      lines.push(line);
    }
    return size <= limit;
  };
  for (const change of model.changes) {
    if (change.action !== 'read' && !add(changeLines(change, level))) {
      return undefined;
    }
  }
  for (const output of model.outputs) {
    if (level !== 'addresses' && !add(outputLines(output))) {
      return undefined;
    }
  }
  const left = model.left?.resources ?? 0;
  return left === 0 || !add([`  … and ${left} more resources`]) ? lines : lines;
}

/** More addresses of what goes away than this are only counted. */
const MAX_DANGEROUS = 200;

/** What goes away by address, the rest by kind: for plans whose addresses alone are too many. */
function typeLines(model: PlanModel, limit: number): readonly string[] {
  const lines: string[] = [];
  const counts = new Map<string, number>();
  let room = Math.min(limit / 2, 20_000);
  for (const action of ['delete', 'replace'] as const) {
    for (const change of model.changes) {
      const line = change.action === action ? changeLines(change, 'addresses').join('\n') : '';
      if (line !== '' && lines.length < MAX_DANGEROUS && line.length < room) {
        lines.push(line);
        room -= line.length + 1;
      } else if (change.action === action) {
        count(counts, change);
      }
    }
  }
  for (const change of model.changes) {
    if (change.action !== 'read' && change.action !== 'delete' && change.action !== 'replace') {
      count(counts, change);
    }
  }
  const kinds = [...counts].toSorted(([, a], [, b]) => b - a).map(([key, number]) => `  ${number} × ${key}`);
  const left = model.left?.resources ?? 0;
  return [
    ...lines,
    ...(lines.length > 0 && kinds.length > 0 ? [''] : []),
    ...kinds.slice(0, 40),
    ...(kinds.length > 40 ? [`  … and ${kinds.length - 40} more kinds`] : []),
    ...(left > 0 ? [`  … and ${left} more resources`] : []),
  ];
}

function count(counts: Map<string, number>, change: ResourceChange): void {
  const key = `${actionWord(change)} ${clip(change.type, 80)}`;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function actionWord(change: ResourceChange): string {
  return {
    create: 'create',
    update: 'change',
    delete: 'destroy',
    replace: 'replace',
    read: 'read',
    forget: 'forget',
    none: 'move or import',
  }[change.action];
}

function textParts(text: string, level: Detail | 'types', limit: number): readonly string[] | undefined {
  const length = { full: limit, updates: 12_000, addresses: 4_000, types: 1_000 }[level];
  if (level === 'full' && text.length > limit - 500) {
    return undefined;
  }
  const half = Math.floor(length / 2);
  const shown =
    text.length <= length
      ? text
      : `${clip(text, half)}\n\n… ${text.length - length} characters left out …\n\n${text.slice(-half)}`;
  return [fence(shown, 'text')];
}

function driftPart(drift: readonly ResourceChange[]): string {
  if (drift.length === 0) {
    return '';
  }
  const names = drift.slice(0, 10).map((change) => code(change.address));
  const left = drift.length - names.length;
  return `**Changed outside of this code** since the last apply: ${names.join(', ')}${left > 0 ? ` and ${left} more` : ''}.`;
}

import { type Dirspace, dirspaceName } from '../domain/dirspace.ts';
import type { PlanModel } from '../domain/plan-model.ts';
import type { DirspaceView } from '../domain/pull-view.ts';
import { comparePlans } from '../plans/compare-plans.ts';
import { shortCounts, wordCounts } from './counts.ts';
import { clip, code, link, prose, shortSha, visibleLine } from './escape.ts';
import { fitBlocks } from './fit.ts';

/** What one drift run found in one dirspace. */
export interface DriftView {
  readonly dirspace: Dirspace;
  /** Commit of the default branch that was planned. */
  readonly sha: string;
  readonly model: PlanModel;
  /** The last finding that people were told of, when there was one. */
  readonly before?: PlanModel;
  readonly runUrl?: string;
  /** When it was looked at and first seen, as text in the reader's terms. */
  readonly checked?: string;
  readonly since?: string;
  /** Schedule by which it was found. */
  readonly schedule?: string;
  readonly ignored?: readonly { readonly address: string; readonly reason: string }[];
}

const MAX_BODY = 60_000;

/** The hidden first line by which the issue of a dirspace is found again. Names are percent-encoded: nothing can leave it. */
export function driftMarker(dirspace: Dirspace): string {
  const part = (text: string) => encodeURIComponent(text.toWellFormed()).replace(/-/g, '%2D');
  return `<!-- plumbline:drift ${part(dirspace.dir)} ${part(dirspace.workspace)} -->`;
}

/** The issue of a dirspace that is not as its code says. Edited in place while it lasts, closed by `renderDriftGone`. */
export function renderDriftIssue(view: DriftView): { readonly title: string; readonly body: string } {
  const name = dirspaceName(view.dirspace);
  const facts = [
    `Looked at ${shortSha(view.sha)} of the default branch${view.checked === undefined ? '' : `, ${prose(view.checked, 60)}`}`,
    ...(view.since === undefined ? [] : [`first seen ${prose(view.since, 60)}`]),
    ...(view.schedule === undefined ? [] : [`schedule ${code(view.schedule, 80)}`]),
    ...(view.runUrl === undefined ? [] : [link('run', view.runUrl)]),
  ];
  const ignored = (view.ignored ?? [])
    .slice(0, 20)
    .map((entry) => `- ${code(entry.address, 160)}: ${prose(entry.reason, 200)}`);
  const head = [
    driftMarker(view.dirspace),
    `${code(name, 120)} is not as its code says: an apply would have ${prose(wordCounts(view.model.counts))}.`,
    `${facts.join(', ')}.`,
    newText(view),
  ];
  const tail = [
    ignored.length === 0 ? '' : `Not counted, because ignored on purpose:\n\n${ignored.join('\n')}`,
    '**Next**: bring the code in line with what is there, or apply the code by a pull request or a reconciling drift run. This issue closes itself when both agree.',
  ];
  const entry: DirspaceView = { dirspace: view.dirspace, state: 'planned', model: view.model };
  const room = MAX_BODY - [...head, ...tail].join('\n\n').length - 200;
  const { blocks } = fitBlocks([{ first: entry, others: [], same: true }], room);
  return {
    title: clip(visibleLine(`Drift in ${name}: ${shortCounts(view.model.counts)}`), 200),
    body: [...head, ...blocks, ...tail].filter((part) => part !== '').join('\n\n'),
  };
}

/** What is new since people were last told, so that an edited issue says why it was edited. */
function newText(view: DriftView): string {
  if (view.before === undefined) {
    return '';
  }
  const difference = comparePlans(view.before, view.model);
  const named = difference.changes
    .slice(0, 10)
    .map((change) => `${code(change.address, 160)} ${prose(change.text, 200)}`);
  const left = difference.changes.length - named.length;
  return difference.same
    ? 'The same as last time.'
    : `**New since last time**: ${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}.`;
}

/** The comment with which a drift issue is closed. */
export function renderDriftGone(dirspace: Dirspace, sha: string): string {
  return `${code(dirspaceName(dirspace), 120)} is as its code says again, at ${shortSha(sha)}.`;
}

import { dirspaceName } from '../domain/dirspace.ts';
import type { DirspaceState, DirspaceView, PullView } from '../domain/pull-view.ts';
import { countsOf, shortCounts } from './counts.ts';
import { clip, visibleLine } from './escape.ts';

/** A commit status, for branch rules that know no checks. */
export interface CommitStatus {
  readonly context: string;
  readonly state: 'pending' | 'success' | 'failure' | 'error';
  /** At most 140 characters. */
  readonly description: string;
  readonly targetUrl?: string;
}

const PLAN_STATES: Readonly<Record<DirspaceState, CommitStatus['state']>> = {
  queued: 'pending',
  planning: 'pending',
  planned: 'success',
  'no-changes': 'success',
  failed: 'failure',
  waiting: 'failure',
  stale: 'failure',
  applying: 'success',
  applied: 'success',
  partly: 'success',
  'apply-failed': 'success',
  unknown: 'error',
};

const APPLY_STATES: Readonly<Record<DirspaceState, CommitStatus['state']>> = {
  queued: 'pending',
  planning: 'pending',
  planned: 'pending',
  'no-changes': 'success',
  failed: 'failure',
  waiting: 'pending',
  stale: 'failure',
  applying: 'pending',
  applied: 'success',
  partly: 'failure',
  'apply-failed': 'failure',
  unknown: 'error',
};

/** One status per dirspace and half, for `checks: statuses`. Their number grows with the dirspaces, unlike that of checks. */
export function renderStatuses(view: PullView, which: 'plan' | 'apply'): readonly CommitStatus[] {
  return view.dirspaces.map((entry) => ({
    context: clip(visibleLine(`plumbline/${which}: ${dirspaceName(entry.dirspace)}`), 250),
    state: (which === 'plan' ? PLAN_STATES : APPLY_STATES)[entry.state],
    description: clip(visibleLine(describe(entry)), 140),
    ...(entry.runUrl === undefined ? {} : { targetUrl: entry.runUrl }),
  }));
}

function describe(entry: DirspaceView): string {
  switch (entry.state) {
    case 'planned':
      return shortCounts(countsOf(entry));
    case 'no-changes':
      return 'no changes';
    case 'failed':
      return `failed${entry.failedAt === undefined ? '' : ` at ${entry.failedAt}`}`;
    case 'queued':
    case 'planning':
    case 'applying':
    case 'applied':
      return entry.state;
    case 'waiting':
    case 'stale':
    case 'unknown':
      return entry.why ?? entry.state;
    case 'partly':
      return 'applied in part';
    case 'apply-failed':
      return 'apply failed';
  }
}

/** The view of one dirspace alone, to render a check of its own from, for `checks: per-dirspace`. */
export function viewOf(view: PullView, entry: DirspaceView): PullView {
  return { ...view, dirspaces: [entry], held: [], overlaps: [], unmatched: [], notes: [], runs: [] };
}

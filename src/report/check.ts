import { type Notice, OUTDATED } from '../domain/notice.ts';
import type { Diagnostic } from '../domain/plan-model.ts';
import type { DirspaceView, PullView } from '../domain/pull-view.ts';
import {
  cautionBlock,
  nextBlock,
  notesBlock,
  requirementsBlock,
  unmatchedBlock,
  waitingBlock,
} from './comment-parts.ts';
import { repositoryPath } from './diagnostics-block.ts';
import { dirspaceTable } from './dirspace-table.ts';
import { clip, visible, visibleLine } from './escape.ts';
import { fitBlocks } from './fit.ts';
import { groupDirspaces } from './grouping.ts';
import { applyHeadline, planHeadline, tally } from './headline.ts';

export type CheckConclusion = 'success' | 'failure' | 'action_required' | 'cancelled';

export interface CheckAnnotation {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly level: 'failure' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
}

export interface CheckAction {
  readonly label: string;
  readonly description: string;
  readonly identifier: string;
}

/** What one check run shows. `conclusion` is there exactly when `status` is `completed`. */
export interface RenderedCheck {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly text: string;
  readonly status: 'queued' | 'in_progress' | 'completed';
  readonly conclusion?: CheckConclusion;
  /** May be more than the 50 that one request takes: `annotationBatches` splits them. */
  readonly annotations: readonly CheckAnnotation[];
  /** At most three, within GitHub's lengths. */
  readonly actions: readonly CheckAction[];
}

/** GitHub takes 65,535 characters in each of summary and text. */
const MAX_TEXT = 60_000;
const MAX_SUMMARY = 30_000;
/** More annotations than this help nobody. */
const MAX_ANNOTATIONS = 200;
/** Source: GitHub REST, "Update a check run": at most 50 annotations per request. */
const PER_REQUEST = 50;

/**
 * One of the two checks of a pull request. Stale, waiting for approval, untrusted and unknown are `action_required` or
 * `failure`: `neutral` would satisfy a required check.
 */
export function renderCheck(view: PullView, which: 'plan' | 'apply'): RenderedCheck {
  const groups = groupDirspaces(view);
  const headline = which === 'plan' ? planHeadline(view) : applyHeadline(view);
  const title = clip(visibleLine(cannotRun(view) ? `nothing was run: ${problemTitle(view)}` : headline), 200);
  const state = which === 'plan' ? planState(view) : applyState(view);
  const { blocks } = fitBlocks(groups, MAX_TEXT);
  const summary = [
    notesBlock(view),
    cautionBlock(view),
    dirspaceTable(view, groups, 100),
    waitingBlock(view),
    requirementsBlock(view),
    unmatchedBlock(view),
    nextBlock(view),
  ]
    .filter((part) => part !== '')
    .reduce(
      (sum, part) => (sum.length + part.length + 2 <= MAX_SUMMARY ? `${sum}${sum === '' ? '' : '\n\n'}${part}` : sum),
      '',
    );
  return {
    name: `plumbline/${which}`,
    title,
    summary: summary === '' ? 'Nothing in this pull request concerns a directory that is planned.' : summary,
    text: blocks.join('\n\n'),
    ...state,
    annotations:
      which === 'plan'
        ? annotationsOf(view, (entry) => planDiagnostics(entry))
        : annotationsOf(view, (entry) => entry.apply?.diagnostics ?? []),
    actions: actionsOf(view, which),
  };
}

/** Annotations in the portions that GitHub takes, at least one portion. */
export function annotationBatches(annotations: readonly CheckAnnotation[]): readonly (readonly CheckAnnotation[])[] {
  const batches: (readonly CheckAnnotation[])[] = [];
  for (let start = 0; start < annotations.length || start === 0; start += PER_REQUEST) {
    batches.push(annotations.slice(start, start + PER_REQUEST));
  }
  return batches;
}

type CheckState =
  | { readonly status: 'queued' | 'in_progress' }
  | { readonly status: 'completed'; readonly conclusion: CheckConclusion };

function planState(view: PullView): CheckState {
  const count = tally(view);
  // A run that still looks what there is may have no dirspace yet.
  if (count.planning > 0 || (view.runs ?? []).some(({ kind, total }) => kind === 'plan' && total === 0)) {
    return { status: 'in_progress' };
  }
  if (count.queued > 0) {
    return { status: count.queued === view.dirspaces.length ? 'queued' : 'in_progress' };
  }
  const broken = view.dirspaces.some((entry) => entry.model?.problem !== undefined);
  const policyFailed = view.dirspaces.some((entry) =>
    (entry.policies ?? []).some((policy) => policy.outcome === 'failed'),
  );
  if (count.failed > 0 || broken || policyFailed || cannotRun(view)) {
    return { status: 'completed', conclusion: 'failure' };
  }
  const waiting = view.dirspaces.filter((entry) => entry.state === 'waiting' && entry.afterMerge !== true).length;
  if (count.stale + waiting + count.unknown > 0 || blocked(view) || outdated(view)) {
    return { status: 'completed', conclusion: 'action_required' };
  }
  return { status: 'completed', conclusion: 'success' };
}

function applyState(view: PullView): CheckState {
  const count = tally(view);
  if (count.applying > 0) {
    return { status: 'in_progress' };
  }
  if (count['apply-failed'] + count.partly > 0 || cannotRun(view)) {
    return { status: 'completed', conclusion: 'failure' };
  }
  if (count.planning + count.queued > 0) {
    return { status: 'queued' };
  }
  if (
    count.unknown + count.failed + count.stale + count.waiting + count.planned > 0 ||
    blocked(view) ||
    outdated(view)
  ) {
    return { status: 'completed', conclusion: 'action_required' };
  }
  return { status: 'completed', conclusion: 'success' };
}

/** Broken configuration or a workflow that cannot be started: nothing is known about this commit. */
function cannotRun(view: PullView): boolean {
  return (view.notices ?? []).some((notice) => notice.kind !== 'reason');
}

/** Without dirspaces, a reason stands in the way of everything: untrusted author, unread files. */
function blocked(view: PullView): boolean {
  return view.dirspaces.length === 0 && (view.notices ?? []).length + (view.notes ?? []).length > 0;
}

/** "No changes" of a base or a state that has moved since: only a notice says it. */
function outdated(view: PullView): boolean {
  return (view.notices ?? []).some((notice) => notice.kind === 'reason' && OUTDATED.has(notice.reason));
}

function problemTitle(view: PullView): string {
  return (view.notices ?? []).some((notice) => notice.kind === 'config')
    ? 'problems in the configuration'
    : 'the workflow cannot be started';
}

function planDiagnostics(entry: DirspaceView): readonly Diagnostic[] {
  return [...(entry.diagnostics ?? []), ...(entry.model?.diagnostics ?? [])];
}

function annotationsOf(
  view: PullView,
  diagnosticsOf: (entry: DirspaceView) => readonly Diagnostic[],
): readonly CheckAnnotation[] {
  const seen = new Set<string>();
  const annotations = view.dirspaces.flatMap((entry) => [
    ...diagnosticsOf(entry).flatMap((diagnostic) => diagnosticAnnotation(diagnostic, entry.dirspace.dir)),
    ...(entry.policies ?? []).flatMap((policy) =>
      policy.file === undefined || policy.outcome === 'passed'
        ? []
        : [
            {
              path: repositoryPath(policy.file, '.'),
              startLine: policy.line ?? 1,
              endLine: policy.line ?? 1,
              level: policy.outcome === 'failed' ? ('failure' as const) : ('warning' as const),
              title: clip(visibleLine(`Policy ${policy.name}`), 200),
              message: clip(visible(policy.text ?? policy.outcome), 4_000),
            },
          ],
    ),
  ]);
  return [...annotations, ...(view.notices ?? []).flatMap(configAnnotations)]
    .filter((annotation) => {
      const key = JSON.stringify(annotation);
      const first = !seen.has(key);
      seen.add(key);
      return first;
    })
    .slice(0, MAX_ANNOTATIONS);
}

function configAnnotations(notice: Notice): readonly CheckAnnotation[] {
  return notice.kind !== 'config'
    ? []
    : notice.problems
        .filter((problem) => problem.line > 0)
        .map((problem) => ({
          path: repositoryPath(problem.file, '.'),
          startLine: problem.line,
          endLine: problem.line,
          level: 'failure' as const,
          title: clip(visibleLine(problem.path === '' ? 'Configuration' : problem.path), 200),
          message: clip(visible(problem.message), 4_000),
        }));
}

function diagnosticAnnotation(diagnostic: Diagnostic, dir: string): readonly CheckAnnotation[] {
  // Files of downloaded modules are not in the repository; GitHub refuses annotations on them.
  if (diagnostic.file === undefined || diagnostic.line === undefined || diagnostic.file.includes('.terraform/')) {
    return [];
  }
  return [
    {
      path: repositoryPath(diagnostic.file, dir),
      startLine: diagnostic.line,
      endLine: Math.max(diagnostic.line, diagnostic.endLine ?? diagnostic.line),
      level: diagnostic.severity === 'error' ? 'failure' : 'warning',
      title: clip(visibleLine(diagnostic.summary), 200),
      message: clip(visible(diagnostic.detail ?? diagnostic.summary), 4_000),
    },
  ];
}

/** Buttons. GitHub allows three, labels of 20 and descriptions of 40 characters. */
function actionsOf(view: PullView, which: 'plan' | 'apply'): readonly CheckAction[] {
  if (view.closed === true) {
    return [];
  }
  const count = tally(view);
  const busy = count.planning + count.queued + count.applying > 0;
  const plan: CheckAction = { label: 'Plan', description: 'Plan again at this commit', identifier: 'plan' };
  const apply: CheckAction = { label: 'Apply', description: 'Apply what is planned here', identifier: 'apply' };
  const explain: CheckAction = { label: 'Explain', description: 'Say why it is as it is', identifier: 'explain' };
  return [
    ...(busy ? [] : [plan]),
    ...(!busy && count.planned > 0 && (which === 'apply' || which === 'plan') ? [apply] : []),
    explain,
  ];
}

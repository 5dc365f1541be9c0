import { dirspaceName } from '../domain/dirspace.ts';
import type { PullView } from '../domain/pull-view.ts';
import {
  cautionBlock,
  footer,
  nextBlock,
  notesBlock,
  policyBlock,
  requirementsBlock,
  reviewedBlock,
  riskBlock,
  runsBlock,
  unmatchedBlock,
  waitingBlock,
} from './comment-parts.ts';
import { dirspaceTable } from './dirspace-table.ts';
import { clip, code, link, shortSha } from './escape.ts';
import { fitBlocks } from './fit.ts';
import { type Group, groupDirspaces, members } from './grouping.ts';
import { applyHeadline, phaseOf, planHeadline } from './headline.ts';

/** GitHub takes 65,536 characters; some room stays for what it may count differently. */
export const MAX_COMMENT = 60_000;

/** How each of our comments begins. Only a comment that we wrote and that begins so is one of ours. */
const MARKER_PREFIX = '<!-- plumbline:';

export interface CommentMarker {
  readonly pull: number;
  readonly head: string;
  readonly kind: 'plan' | 'apply';
  readonly revision: number;
}

/** The hidden first line by which a comment is found again. */
export function commentMarker(marker: CommentMarker): string {
  const head = /^[0-9a-f]{1,64}$/.test(marker.head) ? marker.head : '';
  return `${MARKER_PREFIX}v1 {"pull":${marker.pull},"kind":"${marker.kind}","head":"${head}","revision":${marker.revision}} -->`;
}

/** Reads what `commentMarker` wrote. Undefined for any other text, also when the marker stands elsewhere than at the start. */
export function parseCommentMarker(body: string): CommentMarker | undefined {
  const found =
    /^<!-- plumbline:v1 \{"pull":(\d{1,10}),"kind":"(plan|apply)","head":"([0-9a-f]{0,64})","revision":(\d{1,10})\} -->/.exec(
      body,
    );
  if (found === null) {
    return undefined;
  }
  const [, pull, kind, head, revision] = found;
  return {
    pull: Number(pull),
    kind: kind === 'apply' ? 'apply' : 'plan',
    head: head ?? '',
    revision: Number(revision),
  };
}

/**
 * The one comment of a pull request. Always at most `MAX_COMMENT` characters of well-formed text with every fence and
 * fold closed: what does not fit is shown with less detail, never cut. Never throws because of size.
 */
export function renderComment(view: PullView): string {
  const phase = phaseOf(view);
  const title =
    phase === 'apply'
      ? `### Apply of ${shortSha(view.headSha)}: ${applyHeadline(view)}`
      : `### Plan for ${shortSha(view.headSha)}: ${planHeadline(view)}`;
  const groups = groupDirspaces(view);
  const marker = commentMarker({ pull: view.pull, head: view.headSha, kind: phase, revision: view.revision ?? 0 });
  const ending = [nextBlock(view), footer(view)];
  const beginning = [`${marker}\n${title}`, notesBlock(view), cautionBlock(view)];
  // What stands around the folds, from dear to dispensable: each is kept only while it leaves room for the rest.
  const middle = keepWithin(
    [dirspaceTable(view, groups), runsBlock(view), reviewedBlock(view), waitingBlock(view)],
    30_000,
    dirspaceTable(view, groups, 15),
  );
  const after = keepWithin(
    [policyBlock(view), requirementsBlock(view), riskBlock(view), unmatchedBlock(view)],
    12_000,
    '',
  );
  const fixed = join([...beginning, ...middle, ...after, ...ending]);
  const { blocks, left } = fitBlocks(groups, Math.max(0, MAX_COMMENT - fixed.length - 3_500));
  const more = leftOver(view, left);
  const whole = join([...beginning, ...middle, ...blocks, more, ...after, ...ending]);
  return whole.length <= MAX_COMMENT ? whole : join([...beginning, clip(planHeadline(view), 500), ...ending]);
}

/** Names what has no fold of its own, as far as names have room. */
function leftOver(view: PullView, left: readonly Group[]): string {
  if (left.length === 0) {
    return '';
  }
  const all = left.flatMap(members);
  const names = all.slice(0, 40).map((entry) => code(dirspaceName(entry.dirspace), 60));
  const more = all.length - names.length;
  const where = view.consoleUrl === undefined ? 'the check shows more' : link('the console shows all', view.consoleUrl);
  return `**Not shown here, for lack of room**: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}; ${where}.`;
}

function keepWithin(parts: readonly string[], budget: number, instead: string): readonly string[] {
  const kept: string[] = [];
  let used = 0;
  for (const [index, part] of parts.entries()) {
    const text = part.length > budget - used && index === 0 ? instead : part;
    if (text.length <= budget - used) {
      kept.push(text);
      used += text.length;
    }
  }
  return kept;
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

import type { ConfigProblem } from '../domain/notice.ts';
import { clip, code, prose } from './escape.ts';

const MAX_ROWS = 50;

/** A broken configuration: nothing was run, and where each defect stands. A block for the comment and the check. */
export function renderConfigProblems(problems: readonly ConfigProblem[]): string {
  const rows = problems.slice(0, MAX_ROWS).map((problem) => {
    const place = problem.line > 0 ? `${problem.line}:${Math.max(1, problem.column)}` : '';
    const where = problem.path === '' ? '' : code(problem.path, 160);
    return `| ${code(problem.file, 160)} | ${place} | ${where} | ${messageOf(problem)} |`;
  });
  const left = problems.length - rows.length;
  const files = [...new Set(problems.map((problem) => problem.file))];
  const where = files.length === 1 ? code(files[0] ?? '', 160) : `${files.length} files`;
  return [
    `**Nothing was run: ${problems.length === 1 ? 'one problem' : `${problems.length} problems`} in ${where}.** A commit that mends it is planned by itself.`,
    '',
    '| file | line | where | problem |',
    '|---|--:|---|---|',
    ...rows,
    ...(left > 0 ? ['', `… and ${left} more`] : []),
  ].join('\n');
}

function messageOf(problem: ConfigProblem): string {
  const nearest = problem.nearest === undefined ? '' : ` Did you mean ${code(problem.nearest, 80)}?`;
  const allowed = problem.allowed === undefined ? '' : ` Allowed: ${prose(clip(problem.allowed, 400))}.`;
  const message = prose(clip(problem.message, 600));
  return `${message}${/[.!?]$/.test(message) ? '' : '.'}${nearest}${allowed}`;
}

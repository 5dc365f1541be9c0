import { clip, code, prose } from './escape.ts';

/** A defect of a configuration file. Lines and columns count from 1. */
export interface ConfigProblemView {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** Where in the document: `dirs.prod/db.tags`. */
  readonly path?: string;
  readonly message: string;
  /** Values that would be right. */
  readonly allowed?: readonly string[];
  /** The nearest right name, for a misspelt one. */
  readonly nearest?: string;
}

const MAX_ROWS = 50;

/** The comment about a broken configuration: nothing ran, and where each defect stands. */
export function renderConfigProblems(problems: readonly ConfigProblemView[], headSha?: string): string {
  const rows = problems.slice(0, MAX_ROWS).map((problem) => {
    const place =
      problem.line === undefined ? '' : `${problem.line}${problem.column === undefined ? '' : `:${problem.column}`}`;
    return `| ${code(problem.file, 160)} | ${place} | ${problem.path === undefined || problem.path === '' ? '' : code(problem.path, 160)} | ${messageOf(problem)} |`;
  });
  const left = problems.length - rows.length;
  const files = new Set(problems.map((problem) => problem.file));
  return [
    '<!-- plumbline:config -->',
    `### Nothing was run: ${problems.length === 1 ? 'a problem' : `${problems.length} problems`} in ${files.size === 1 ? code([...files][0] ?? '', 160) : 'the configuration'}${headSha === undefined ? '' : ` at ${code(headSha.slice(0, 7))}`}`,
    '',
    '| file | line | where | problem |',
    '|---|--:|---|---|',
    ...rows,
    ...(left > 0 ? ['', `… and ${left} more`] : []),
    '',
    '**Next**: push a commit that mends it. Planning starts by itself.',
  ].join('\n');
}

function messageOf(problem: ConfigProblemView): string {
  const nearest = problem.nearest === undefined ? '' : ` Did you mean ${code(problem.nearest, 80)}?`;
  const allowed =
    problem.allowed === undefined || problem.allowed.length === 0
      ? ''
      : ` Allowed: ${problem.allowed
          .slice(0, 15)
          .map((value) => code(value, 60))
          .join(', ')}${problem.allowed.length > 15 ? ', …' : ''}.`;
  return `${prose(clip(problem.message, 600))}${nearest}${allowed}`;
}

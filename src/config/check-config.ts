import type { ConfigProblem } from '../domain/notice.ts';
import { effectiveConfig } from './merge-config.ts';
import { parseConfig } from './parse-config.ts';

export interface CheckedConfig {
  readonly ok: boolean;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** Everything that can be said about one file alone, references included: what `plumbline config check` prints. */
export function checkConfig(text: string, file: string): CheckedConfig {
  const parsed = parseConfig(text, { file });
  if (!parsed.ok) {
    return { ok: false, problems: parsed.problems, warnings: [] };
  }
  const { problems } = effectiveConfig([{ name: file, config: parsed.config }]);
  return { ok: problems.length === 0, problems, warnings: parsed.warnings };
}

/** One problem in one line, in the form that editors and people know: `file:line:column: path: message`. */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, path, message, nearest, allowed } = problem;
  const where = path === '' ? '' : `${path}: `;
  const hint =
    nearest !== undefined
      ? ` Did you mean \`${nearest}\`?`
      : allowed !== undefined && problem.code === 'unknown-key'
        ? ` Known here: ${allowed}.`
        : '';
  return `${file}:${line}:${column}: ${where}${message}${hint}`;
}

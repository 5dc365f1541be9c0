import type { RawConfig } from '../config/parse-config.ts';
import type { Because, Change, ChangeError } from '../domain/change.ts';
import { dirspaceName } from '../domain/dirspace.ts';

/** `path` is the key path in the configuration; `line` and `column` are null where no place in a file is to blame. */
export interface ExplainError {
  readonly code: string;
  readonly file?: string;
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  readonly allowed?: string;
  readonly nearest?: string;
}

/** What is wrong with a change, with the place in the configuration where there is one. */
export function changeErrors(errors: readonly ChangeError[], raw: RawConfig | undefined): readonly ExplainError[] {
  return errors.map(({ code, message, keyPath }) => {
    if (raw === undefined || keyPath === undefined) {
      return { code, path: '', line: null, column: null, message };
    }
    return { ...raw.problem({ code: 'wrong-value', path: keyPath, message }), code };
  });
}

/** The answer of `explain --json`. Its keys are a promise to scripts. */
export function explainJson(change: Change, errors: readonly ExplainError[]): object {
  return {
    dirspaces: change.dirspaces.map((one) => ({
      dir: one.dir,
      workspace: one.workspace,
      tags: one.tags,
      workflow: one.workflow,
      layer: one.layer,
      autoplan: one.autoplan,
      autoapply: one.autoapply,
      because: one.because,
    })),
    layers: change.layers,
    unmatched: change.unmatched.map(({ path, reason, code }) => ({ path, reason, code })),
    errors: errors.map(({ code, path, line, column, message, ...more }) => ({
      code,
      path,
      line,
      column,
      message,
      ...more,
    })),
  };
}

/** The same for people. */
export function explainText(change: Change, errors: readonly ExplainError[]): string {
  if (errors.length > 0) {
    return errors.map(errorLine).map(printable).join('\n');
  }
  const lines: string[] = [];
  for (const [number, layer] of change.layers.entries()) {
    if (change.layers.length > 1) {
      lines.push(`Layer ${number + 1} of ${change.layers.length} (${layer.length})`);
    }
    for (const one of change.dirspaces.filter((dirspace) => dirspace.layer === number)) {
      const marks = [...(one.autoplan ? [] : ['no autoplan']), ...(one.autoapply ? ['autoapply'] : [])];
      const workflow = one.workflow === null ? 'default workflow' : `workflow ${one.workflow}`;
      lines.push(`  ${dirspaceName(one)}: ${[workflow, ...marks].join(', ')}`);
      lines.push(...one.because.map((because) => `      ${reasonText(because)}`), `      tags: ${one.tags.join(' ')}`);
    }
  }
  if (change.dirspaces.length === 0) {
    lines.push('Nothing is touched.');
  }
  if (change.unmatched.length > 0) {
    lines.push('Touches nothing:', ...change.unmatched.map(({ path, reason }) => `  ${path}: ${reason}`));
  }
  return lines.map(printable).join('\n');
}

/** A reason as people read it. */
export function reasonText(because: Because): string {
  switch (because.why) {
    case 'file':
      return `${because.file} matches ${because.pattern}`;
    case 'module':
      return `it calls the module ${because.module}, in which ${because.file} changed`;
    case 'depends-on':
      return `it depends on ${dirspaceName(because.on)}`;
    case 'stack':
      return `its stack ${because.stack} is modified by the stack ${because.modifiedBy}`;
    case 'applied-before':
      return 'it was applied from this pull request before';
  }
}

function errorLine({ file, path, line, column, message, allowed, nearest }: ExplainError): string {
  const where = line === null ? '' : `${file ?? path}:${line}:${column ?? 1}: `;
  const meant = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  return `${where}${message}${meant}${allowed === undefined ? '' : ` Allowed: ${allowed}.`}`;
}

/** Names in a repository may hold what would move the cursor or colour the terminal. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, (char) => `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}

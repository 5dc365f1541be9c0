import type { ReasonCode } from '../domain/reason.ts';
import type { GitHubFacts } from '../domain/snapshot.ts';

/** The workflow that is dispatched, always the one of the default branch. */
export const WORKFLOW_PATH = '.github/workflows/plumbline.yml';

export type WorkflowFit =
  | { readonly fit: true }
  | { readonly fit: false; readonly reason: ReasonCode; readonly lines: readonly string[]; readonly text: string };

interface Want {
  readonly missing: (lines: readonly string[]) => boolean;
  readonly lines: readonly string[];
}

/** What the file must say. Looked for as text: the file is somebody else's, and only GitHub really reads it. */
const WANTS: readonly Want[] = [
  {
    missing: (lines) => !lines.some((line) => /^run-name:.*\$\{\{\s*inputs\.run-id\s*\}\}/u.test(line)),
    lines: [`run-name: plumbline ${expression('inputs.run-id')}`],
  },
  {
    missing: (lines) =>
      !lines.some((line) => /^(?:\s*workflow_dispatch\s*:|on\s*:.*\bworkflow_dispatch\b)/u.test(line)),
    lines: [
      'on:',
      '  workflow_dispatch:',
      '    inputs:',
      '      run-id:',
      '        required: true',
      '        type: string',
    ],
  },
  {
    missing: (lines) => !lines.some((line) => /^\s{4,}run-id\s*:/u.test(line)),
    lines: ['    inputs:', '      run-id:', '        required: true', '        type: string'],
  },
];

/**
 * Can the default branch's workflow file be started by us? When not, the exact lines that are to be added. `environment`
 * and `runsOn`: does the run need these inputs?
 */
export function workflowFit(
  fact: GitHubFacts['workflowFile'],
  needs: { readonly environment: boolean; readonly runsOn: boolean },
): WorkflowFit {
  if (fact?.known !== true) {
    const text = fact === undefined ? 'It was not read.' : fact.why;
    return { fit: false, reason: 'workflow-unreadable', lines: [], text };
  }
  if (fact.value === null) {
    return {
      fit: false,
      reason: 'workflow-missing',
      lines: minimalWorkflow(),
      text: `Add ${WORKFLOW_PATH} to the default branch.`,
    };
  }
  const lines = significantLines(fact.value);
  const missing = WANTS.filter((want) => want.missing(lines)).flatMap((want) => want.lines);
  missing.push(...missingPermissions(lines));
  const extra = excessPermissions(lines);
  if (needs.environment && !hasInput(lines, 'environment')) {
    missing.push('      environment:', '        type: string', "        default: ''");
  }
  if (needs.environment && !lines.some((line) => /^\s+environment\s*:.*inputs\.environment/u.test(line))) {
    missing.push(`    environment: ${expression('inputs.environment')}`);
  }
  if (needs.runsOn && !hasInput(lines, 'runs_on')) {
    missing.push('      runs_on:', '        type: string', `        default: '"ubuntu-latest"'`);
  }
  const wanted = [...new Set(missing)];
  if (wanted.length === 0 && extra.length === 0) {
    return { fit: true };
  }
  const parts = [
    ...(wanted.length === 0 ? [] : [`Add these lines to ${WORKFLOW_PATH} on the default branch.`]),
    ...(extra.length === 0 ? [] : [`Remove these permissions from it: ${extra.join(', ')}.`]),
  ];
  return { fit: false, reason: 'workflow-unfit', lines: wanted, text: parts.join(' ') };
}

function significantLines(text: string): readonly string[] {
  return text
    .slice(0, 200_000)
    .split(/\r?\n/u)
    .filter((line) => !/^\s*(?:#|$)/u.test(line))
    .map((line) => line.replace(/\s+#.*$/u, ''));
}

function hasInput(lines: readonly string[], name: string): boolean {
  return lines.some((line) => new RegExp(`^\\s{4,}${name}\\s*:\\s*(?:\\{.*)?$`, 'u').test(line));
}

const WANTED_PERMISSIONS: ReadonlyMap<string, string> = new Map([
  ['contents', 'read'],
  ['id-token', 'write'],
]);

/** Every `permissions:` block in the file, as pairs. */
function permissionPairs(lines: readonly string[]): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const [at, line] of lines.entries()) {
    const inline = /^(\s*)permissions\s*:\s*(.*)$/u.exec(line);
    if (inline === null) {
      continue;
    }
    const value = (inline[2] ?? '').trim();
    if (value !== '') {
      const inside = value.replace(/^\{|\}$/gu, '');
      const named = [...inside.matchAll(/([a-z-]+)\s*:\s*([a-z-]+)/gu)];
      pairs.push(
        ...(named.length > 0 ? named.map((one) => [one[1] ?? '', one[2] ?? ''] as const) : [[value, ''] as const]),
      );
      continue;
    }
    const indent = (inline[1] ?? '').length;
    for (const below of lines.slice(at + 1)) {
      const pair = /^(\s+)([a-z-]+)\s*:\s*([a-z-]+)\s*$/u.exec(below);
      if (pair === null || (pair[1] ?? '').length <= indent) {
        break;
      }
      pairs.push([pair[2] ?? '', pair[3] ?? '']);
    }
  }
  return pairs;
}

function missingPermissions(lines: readonly string[]): readonly string[] {
  const pairs = permissionPairs(lines);
  const missing = [...WANTED_PERMISSIONS].filter(
    ([name, level]) => !pairs.some(([key, value]) => key === name && value === level),
  );
  return missing.length === 0 ? [] : ['permissions:', ...missing.map(([name, level]) => `  ${name}: ${level}`)];
}

function excessPermissions(lines: readonly string[]): readonly string[] {
  return permissionPairs(lines)
    .filter(([name, level]) => WANTED_PERMISSIONS.get(name) !== level && level !== 'none')
    .map(([name, level]) => (level === '' ? name : `${name}: ${level}`));
}

function minimalWorkflow(): readonly string[] {
  return [
    'name: Plumbline',
    `run-name: plumbline ${expression('inputs.run-id')}`,
    'on:',
    '  workflow_dispatch:',
    '    inputs:',
    '      run-id:',
    '        required: true',
    '        type: string',
    '      environment:',
    '        type: string',
    "        default: ''",
    '      runs_on:',
    '        type: string',
    `        default: '"ubuntu-latest"'`,
    'permissions:',
    '  contents: read',
    '  id-token: write',
    'jobs:',
    '  plumbline:',
    `    runs-on: ${expression('fromJSON(inputs.runs_on)')}`,
    `    environment: ${expression('inputs.environment')}`,
    '    steps:',
    '      - uses: plumbline/plumbline/action@v0.1.0',
    '        with:',
    `          run-id: ${expression('inputs.run-id')}`,
    '          server: https://the-address-of-your-plumbline',
  ];
}

/** An expression as GitHub Actions writes it. */
function expression(inside: string): string {
  return `$\{{ ${inside} }}`;
}

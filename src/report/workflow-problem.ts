import { clip, code, fence, visibleLine } from './escape.ts';

/** Why no run could be started on the repository's own workflow file. */
export type WorkflowProblem =
  | { readonly kind: 'missing-file' }
  | { readonly kind: 'missing-permissions'; readonly missing: readonly string[] }
  | { readonly kind: 'excess-permissions'; readonly excess: readonly string[] }
  | { readonly kind: 'missing-inputs'; readonly missing: readonly string[] }
  | { readonly kind: 'missing-run-name' }
  | { readonly kind: 'missing-dispatch' }
  | { readonly kind: 'missing-step' }
  | { readonly kind: 'missing-environment'; readonly environment: string }
  | { readonly kind: 'actions-disabled' }
  | { readonly kind: 'unreadable'; readonly message: string };

/** The file that users copy; kept in one place with the copy in the repository by a test. */
export interface WorkflowText {
  /** Whole text of the workflow file. */
  readonly whole: string;
  readonly path: string;
}

const PERMISSIONS = `permissions:
  contents: read
  id-token: write`;

const RUN_NAME = 'run-name: plumbline $' + '{{ inputs.run-id }}';

const INPUTS: Readonly<Record<string, string>> = {
  'run-id': `      run-id:
        description: Set by Plumbline
        required: true
        type: string`,
  environment: `      environment:
        description: Set by Plumbline
        required: false
        type: string`,
  runs_on: `      runs_on:
        description: Set by Plumbline
        required: false
        type: string
        default: '"ubuntu-latest"'`,
};

/** The comment that says what is wrong with the workflow file and gives the exact lines. */
export function renderWorkflowProblem(
  problems: readonly WorkflowProblem[],
  workflow: WorkflowText,
  branch: string,
): string {
  const parts = problems.map((problem) => problemText(problem, workflow, branch));
  return [
    '<!-- plumbline:workflow -->',
    `### Nothing was run: ${code(workflow.path)} on ${code(branch, 120)} is not ready`,
    ...parts,
    '**Next**: put this on the default branch, then comment `plumbline plan`.',
  ].join('\n\n');
}

function problemText(problem: WorkflowProblem, workflow: WorkflowText, branch: string): string {
  switch (problem.kind) {
    case 'missing-file':
      return `The file does not exist on ${code(branch, 120)}. Add it with this content:\n\n${fence(workflow.whole, 'yaml')}`;
    case 'missing-permissions':
      return `It does not have the permissions ${problem.missing.map((name) => code(name, 60)).join(', ')}. They are, at the top level and nothing beside them:\n\n${fence(PERMISSIONS, 'yaml')}`;
    case 'excess-permissions':
      return `It has more permissions than it needs: ${problem.excess.map((name) => code(name, 60)).join(', ')}. Code that is planned would hold them. Make it exactly:\n\n${fence(PERMISSIONS, 'yaml')}`;
    case 'missing-inputs':
      return `It does not take the inputs ${problem.missing.map((name) => code(name, 60)).join(', ')}. Add:\n\n${fence(
        `on:\n  workflow_dispatch:\n    inputs:\n${problem.missing.map((name) => INPUTS[name] ?? `      ${visibleLine(name)}:\n        type: string`).join('\n')}`,
        'yaml',
      )}`;
    case 'missing-run-name':
      return `Its runs cannot be told apart. Add at the top level:\n\n${fence(RUN_NAME, 'yaml')}`;
    case 'missing-dispatch':
      return `It cannot be started from outside. Add:\n\n${fence(`on:\n  workflow_dispatch:\n    inputs:\n${INPUTS['run-id'] ?? ''}`, 'yaml')}`;
    case 'missing-step':
      return `It does not run the action. Compare it with:\n\n${fence(workflow.whole, 'yaml')}`;
    case 'missing-environment':
      return `The environment ${code(problem.environment, 120)} does not exist in this repository. Make it under Settings, Environments, or name another one in the configuration:\n\n${fence(`environment: ${clip(visibleLine(problem.environment), 120)}`, 'yaml')}`;
    case 'actions-disabled':
      return 'GitHub Actions is switched off for this repository. Switch it on under Settings, Actions, General.';
    case 'unreadable':
      return `It cannot be read:\n\n${fence(clip(problem.message, 2_000), 'text')}`;
  }
}

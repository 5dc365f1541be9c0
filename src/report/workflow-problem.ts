import type { DispatchProblem } from '../domain/event.ts';
import { clip, code, fence, prose, visibleLine } from './escape.ts';

const FILE = '`.github/workflows/plumbline.yml`';

const PERMISSIONS = `permissions:
  contents: read
  id-token: write`;

const DISPATCH = [
  'run-name: plumbline $' + '{{ inputs.run-id }}',
  '',
  'on:',
  '  workflow_dispatch:',
  '    inputs:',
  '      run-id:',
  '        required: true',
  '        type: string',
].join('\n');

/**
 * Why no run could be started, with the exact lines to add. `workflowText` is the whole file that users copy, for when
 * there is none. A block for the comment and the check.
 */
export function renderWorkflowProblem(problem: DispatchProblem, workflowText?: string): string {
  const next = 'Then comment `plumbline plan`.';
  switch (problem.what) {
    case 'workflow-missing':
      return workflowText === undefined
        ? `**Nothing was run: ${FILE} does not exist on the default branch.** Copy it from the documentation. ${next}`
        : `**Nothing was run: ${FILE} does not exist on the default branch.** Add it with this content. ${next}\n\n${fence(workflowText, 'yaml')}`;
    case 'workflow-not-dispatchable':
      return `**Nothing was run: ${FILE} on the default branch cannot be started.** ${prose(problem.detail, 600)} It needs these lines. ${next}\n\n${fence(DISPATCH, 'yaml')}`;
    case 'workflow-permissions':
      return `**Nothing was run: ${FILE} has other permissions than it needs.** ${prose(problem.detail, 600)} At the top level stand exactly these, since code that is planned holds what its job holds. ${next}\n\n${fence(PERMISSIONS, 'yaml')}`;
    case 'environment-missing':
      return `**Nothing was run: the environment ${code(problem.environment, 120)} does not exist in this repository.** Make it under Settings, Environments, or name another one in the configuration. ${next}\n\n${fence(`environment: ${clip(visibleLine(problem.environment), 120)}`, 'yaml')}`;
    case 'refused':
      return `**Nothing was run: GitHub refused to start the workflow.** ${prose(problem.detail, 600)} ${next}`;
  }
}

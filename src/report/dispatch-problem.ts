import type { DispatchProblem } from '../domain/event.ts';
import { code, fence, prose } from './escape.ts';
import { workflowText } from './workflow-text.ts';

const PATH = '.github/workflows/plumbline.yml';

/** Why no run could be started, and the exact lines that mend it. `branch` is the default branch, `server` our own address. */
export function renderDispatchProblem(problem: DispatchProblem, branch: string, server: string): string {
  return [
    `### Nothing was run: ${code(PATH)} on ${code(branch, 120)} is not ready`,
    explain(problem, branch, server),
    `**Next**: mend it on ${code(branch, 120)}, then comment \`plumbline plan\`.`,
  ].join('\n\n');
}

function explain(problem: DispatchProblem, branch: string, server: string): string {
  switch (problem.what) {
    case 'workflow-missing':
      return `The file does not exist on ${code(branch, 120)}. Add it with this content:\n\n${fence(workflowText(server), 'yaml')}`;
    case 'environment-missing':
      return `The environment ${code(problem.environment, 120)} does not exist in this repository. Make it under Settings, Environments, or name another one in the configuration.`;
    case 'workflow-not-dispatchable':
    case 'workflow-permissions':
    case 'refused': {
      const [sentence = '', ...lines] = problem.detail.split('\n');
      return lines.length === 0 ? prose(sentence) : `${prose(sentence)}\n\n${fence(lines.join('\n'), 'yaml')}`;
    }
  }
}

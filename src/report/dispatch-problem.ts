import type { DispatchProblem } from '../domain/event.ts';
import { code, fence, prose } from './escape.ts';
import { workflowText } from './workflow-text.ts';

const PATH = '.github/workflows/plumbline.yml';

/** Why no run could be started, and the exact lines that mend it. `branch` is the default branch, `server` our own address. */
export function renderDispatchProblem(problem: DispatchProblem, branch: string, server: string): string {
  if (problem.what === 'environment-missing') {
    return missingEnvironments(problem.environments);
  }
  return [
    `### Nothing was run: ${code(PATH)} on ${code(branch, 120)} is not ready`,
    explain(problem, branch, server),
    `**Next**: mend it on ${code(branch, 120)}, then comment \`plumbline plan\`.`,
  ].join('\n\n');
}

const MAX_NAMED = 20;

function missingEnvironments(environments: readonly string[]): string {
  const named = environments.slice(0, MAX_NAMED);
  const more = environments.length > named.length ? ` and ${environments.length - named.length} more` : '';
  return [
    '### Nothing was run: a GitHub environment is missing',
    `The configuration names ${named.map((name) => code(name, 120)).join(', ')}${more}, and this repository has no such environment. GitHub would make it without secrets, reviewers and rules. Make it under Settings, Environments, with what it shall have, or on a command line:`,
    fence(named.map(makeEnvironment).join('\n'), 'sh'),
    '**Next**: make it, or name another one in the configuration, then comment `plumbline plan`.',
  ].join('\n\n');
}

/** The command that makes an environment; the names of owner and repository are filled in by `gh` itself. */
function makeEnvironment(name: string): string {
  return `gh api --method PUT "repos/{owner}/{repo}/environments/${encodeURIComponent(name)}"`;
}

function explain(
  problem: Exclude<DispatchProblem, { what: 'environment-missing' }>,
  branch: string,
  server: string,
): string {
  switch (problem.what) {
    case 'workflow-missing':
      return `The file does not exist on ${code(branch, 120)}. Add it with this content:\n\n${fence(workflowText(server), 'yaml')}`;
    case 'workflow-not-dispatchable':
    case 'workflow-permissions':
    case 'refused': {
      const [sentence = '', ...lines] = problem.detail.split('\n');
      return lines.length === 0 ? prose(sentence) : `${prose(sentence)}\n\n${fence(lines.join('\n'), 'yaml')}`;
    }
  }
}

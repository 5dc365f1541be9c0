import { matchTagQuery } from '../matching/tag-query.ts';
import type { Command, CommandLine } from './command.ts';
import type { PullCase } from './pull-case.ts';
import { selected, workOf } from './work.ts';

/**
 * Is this a sentence that happens to begin with an alias? `terraform plan looks good` parses as two tags. With an alias the
 * words after a command must name something that is here; a word with a colon (`dir:prod`) is never part of a sentence.
 */
export function isSentence(it: PullCase, line: CommandLine): boolean {
  return line.ok && line.trigger !== 'plumbline' && namesNothing(it, line.command);
}

function namesNothing(it: PullCase, command: Command): boolean {
  const { github, ours, pull } = it;
  switch (command.name) {
    case 'plan':
    case 'apply':
    case 'apply-force':
    case 'apply-autoapprove': {
      const { query } = command;
      if (query.expression.kind === 'anything' || /\S:\S/u.test(query.text)) {
        return false;
      }
      const result = workOf(github, pull, ours);
      return result.ok && selected(result.work.parts, query).length === 0;
    }
    case 'unlock': {
      const { query } = command;
      return (
        query !== null &&
        !ours.locks.some(({ dir, workspace }) =>
          matchTagQuery(query, { tags: [`dir:${dir}`, `workspace:${workspace}`], dir, workspace }),
        )
      );
    }
    case 'approve':
      return !(ours.gates ?? []).some(({ gate }) => command.gates.some((token) => token === gate.token));
    case 'explain': {
      const { dir } = command;
      const files = github.files?.known === true ? github.files.value : null;
      return dir !== null && files !== null && !files.some((path) => path.startsWith(`${dir}/`));
    }
    case 'cancel':
    case 'help':
    case 'repo-config':
      return false;
  }
}

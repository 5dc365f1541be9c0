import { applyCommand } from './apply.ts';
import { approveCommand } from './approve-gate.ts';
import { refusedByConfig } from './broken-config.ts';
import { cancelCommand } from './cancel.ts';
import type { ApplyName, Command, RunCommand } from './command.ts';
import { configAnswer, explainAnswer, helpAnswer } from './explain.ts';
import { type Outcome, refused } from './outcome.ts';
import { publishChange } from './plan.ts';
import { planCommand } from './plan-command.ts';
import { type PullCase, pausedBecause } from './pull-case.ts';
import { unlockCommand } from './unlock.ts';
import { workOf } from './work.ts';

/** Who asked, and when, on GitHub's clock. */
export interface Asker {
  readonly id: number;
  readonly login: string;
  readonly at: number;
}

/** One command by somebody with write permission (`help` needs none). */
export function answerCommand(it: PullCase, command: Command, asker: Asker): Outcome {
  switch (command.name) {
    case 'help':
      return helpAnswer();
    case 'cancel':
      return cancelCommand(it, asker);
    case 'unlock':
      return unlockCommand(it, command, asker);
    case 'repo-config':
      return configAnswer(it);
    case 'explain':
      return explainAnswer(it, command.dir);
    case 'approve':
      return approveCommand(it, command.gates, asker);
    case 'plan':
    case 'apply':
    case 'apply-force':
    case 'apply-autoapprove':
      return runCommand(it, { ...command, name: command.name }, asker);
  }
}

function runCommand(it: PullCase, command: RunCommand, asker: Asker): Outcome {
  const paused = pausedBecause(it, command.name === 'plan' ? 'plan' : 'apply');
  if (paused !== null) {
    return refused(paused);
  }
  if (it.pull.state === 'closed') {
    return refused('pull-closed');
  }
  const result = workOf(it.github, it.pull, it.ours);
  if (!result.ok) {
    publishChange(it, null, result.notices);
    return refusedByConfig(it, result.notices);
  }
  const { work } = result;
  if (command.name === 'plan') {
    return planCommand(it, work, command, asker);
  }
  return applyCommand(it, work, { ...command, name: command.name satisfies ApplyName }, asker);
}

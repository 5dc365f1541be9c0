import { isActive } from '../domain/run.ts';
import type { Asker } from './answer-command.ts';
import { unclaimApply } from './apply.ts';
import { intend } from './draft.ts';
import { done, type Outcome, refused } from './outcome.ts';
import { publish } from './plan.ts';
import type { PullCase } from './pull-case.ts';
import { endRun } from './start-runs.ts';
import { wakeLine } from './waiting-line.ts';

/**
 * `plumbline cancel`: stop the runs of this pull request. An apply that has begun is only asked to stop: it finishes the
 * resource at hand, reports what it did, and ends by its report.
 */
export function cancelCommand(it: PullCase, asker: Asker): Outcome {
  const { draft, ours, pull } = it;
  const active = ours.runs.filter((run) => isActive(run.state));
  if (active.length === 0) {
    return refused('nothing-to-do');
  }
  for (const run of active) {
    if (run.kind === 'apply' && run.begun) {
      intend(draft, { do: 'cancel-actions-run', run: run.id });
      continue;
    }
    endRun(it, run, 'cancelled', 'cancelled-by-person');
    if (run.kind === 'apply') {
      const given = unclaimApply(it, run.targets, run.createdAt);
      if (given.length > 0) {
        wakeLine(it, given);
      }
    }
  }
  const runs = active.map((run) => run.id);
  intend(draft, { do: 'audit', action: 'cancel', actor: asker.login, detail: { pull: pull.number, runs } });
  publish(it);
  return done('cancelled-by-person');
}

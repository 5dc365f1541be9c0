import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { isActive } from '../domain/run.ts';
import { assume, type Draft, finish, ignore, intend } from './draft.ts';

/**
 * The runner sent which module calls which, before its manifest. The index is kept for this tree; what it adds to the
 * change is planned by runs of its own, so that this run gets exactly what it was granted.
 */
export function decideDiscovered(draft: Draft, event: Extract<Event, { kind: 'discovered' }>): Decision {
  const { ours } = draft.snapshot;
  const run = ours.runs.find((candidate) => candidate.id === event.run);
  if (run === undefined || ours.discovery === null || ours.discovery.runId !== run.id) {
    return ignore(draft, 'discovery', 'not-our-run', event.run);
  }
  if (!isActive(run.state)) {
    return ignore(draft, 'discovery', 'run-over', run.state);
  }
  assume(draft, { that: 'run-state', run: run.id, states: ['claimed'] });
  intend(
    draft,
    { do: 'save-module-index', treeSha: ours.discovery.treeSha, run: run.id },
    { do: 'release-manifest', run: run.id },
    {
      do: 'emit',
      key: `discovered/${run.id}`,
      event: { kind: 'reconsider', repository: event.repository, pull: event.pull, because: 'mergeability' },
    },
  );
  return finish(draft, 'manifest-released');
}

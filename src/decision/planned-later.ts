import { requirementsFor } from './apply-requirements.ts';
import type { Placed } from './layers.ts';
import type { Part, Work } from './work.ts';

/**
 * A later layer is planned when the ones before it are applied. Where those are applied only after the merge, waiting for its
 * plan before the merge would be waiting for ever.
 */
export function isPlannedAfterMerge(work: Work, part: Part, working: readonly Placed[]): boolean {
  const [first] = working;
  return (
    first !== undefined &&
    part.layer > first.part.layer &&
    working.some((one) => requirementsFor(work, one.part).some((check) => check?.applyAfterMerge.enabled === true))
  );
}

import type { Change, ChangedDirspace } from '../domain/change.ts';
import { compareDirspaces, dirspaceKey } from '../domain/dirspace.ts';
import { layersOf } from './compute-change.ts';

/**
 * A dirspace that the head's or the default branch's configuration puts into the change is in it. Where both know it, the
 * head's matching holds (tags, workflow, layer, reasons), but `autoapply` needs both and the stricter lock scope wins, and
 * `defaultTags` has the tags under the other, since policies must pass under both. Dirspaces of the default branch alone come
 * after whatever their own configuration lets them wait for. Both changes must be of the same tree and diff.
 */
export function mergeChanges(head: Change, fallback: Change): Change {
  const errors = [...head.errors, ...fallback.errors];
  const fallbackPaths = new Set(fallback.unmatched.map((file) => file.path));
  const unmatched = head.unmatched.filter((file) => fallbackPaths.has(file.path));
  if (errors.length > 0) {
    return { dirspaces: [], layers: [], unmatched, errors };
  }
  const others = new Map(fallback.dirspaces.map((one) => [dirspaceKey(one), one]));
  const merged = new Map(head.dirspaces.map((one) => [dirspaceKey(one), inBoth(one, others.get(dirspaceKey(one)))]));
  let floor = -1;
  for (const layer of fallback.layers) {
    const added = layer.map(dirspaceKey).flatMap((key) => {
      const other = merged.has(key) ? undefined : others.get(key);
      return other === undefined ? [] : [[key, { ...other, layer: floor + 1, defaultTags: other.tags }] as const];
    });
    for (const [key, dirspace] of added) {
      merged.set(key, dirspace);
    }
    floor = layer.reduce((top, one) => Math.max(top, merged.get(dirspaceKey(one))?.layer ?? -1), floor);
  }
  const dirspaces = [...merged.values()].sort(compareDirspaces);
  return { dirspaces, layers: layersOf(dirspaces), unmatched, errors: [] };
}

function inBoth(head: ChangedDirspace, other: ChangedDirspace | undefined): ChangedDirspace {
  if (other === undefined) {
    return head;
  }
  return {
    ...head,
    defaultTags: other.tags,
    autoapply: head.autoapply && other.autoapply,
    lockBranchTarget: head.lockBranchTarget === other.lockBranchTarget ? head.lockBranchTarget : 'all',
  };
}

import type { Change, ChangedDirspace, ModuleIndex } from '../domain/change.ts';
import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { GitHubFacts, OurFacts, PullFacts } from '../domain/snapshot.ts';
import { callersOf, moduleGraph } from '../matching/module-graph.ts';
import { isIndexed } from '../matching/module-index.ts';
import { dirOf } from '../matching/repo-path.ts';
import { unmatchedFile } from '../matching/touched.ts';
import type { PullConfig } from './pull-config.ts';

/**
 * What is known of who calls whom. `off`: it makes no difference here. `known`: for exactly this head and base. `moved`: for this
 * head, before the base moved where it may matter. `unknown`: nobody has looked; the change is a guess that only a run that
 * discovers may be started on.
 */
export type ModuleKnowledge = 'off' | 'known' | 'moved' | 'unknown';

/** What a plan merges the head with: the base branch as it is, and after the merge the commit that the merge made. */
export function plannedBase(pull: PullFacts): string {
  return pull.state === 'merged' ? (pull.mergeCommitSha ?? pull.baseSha) : pull.baseSha;
}

/** Modules count where either configuration says so: a pull request cannot switch them off for itself. */
export function moduleKnowledge(
  { head, base }: PullConfig,
  github: GitHubFacts,
  pull: PullFacts,
  ours: OurFacts,
): ModuleKnowledge {
  const changed = github.changedFiles?.known === true ? github.changedFiles.value : [];
  const matters = changed.some(({ path, previousPath = path }) => isIndexed(path) || isIndexed(previousPath));
  const builds = head.configBuilder.enabled || head.treeBuilder.enabled;
  if (!builds && (!matters || (head.modules === 'off' && base.modules === 'off'))) {
    return 'off';
  }
  const found = ours.moduleIndex;
  const isBuilt =
    (!head.configBuilder.enabled || found?.config?.ok === true) &&
    (!head.treeBuilder.enabled || found?.tree?.ok === true);
  if (found === null || found.headSha !== pull.headSha || !isBuilt) {
    return 'unknown';
  }
  if (found.baseSha === plannedBase(pull) || found.treeSha === pull.mergeTreeSha) {
    return 'known';
  }
  const since = github.baseFilesSince?.[found.baseSha];
  const unread = ({ path, previousPath = path }: { readonly path: string; readonly previousPath?: string }) =>
    !isIndexed(path) && !isIndexed(previousPath);
  // A builder may read any file.
  return since?.known === true && !builds && since.value.every(unread) ? 'known' : 'moved';
}

/** Must a plan run look before it can be said what there is to plan? */
export function mustDiscover(work: { readonly modules: ModuleKnowledge }): boolean {
  return work.modules === 'unknown' || work.modules === 'moved';
}

/** What an index takes out of a change, sorted into what stays in all the same and what is told instead. */
export interface Hidden {
  readonly kept: readonly ChangedDirspace[];
  readonly told: Change['unmatched'];
}

/**
 * An index comes from a job that runs the pull request's code, and even an honest one can be shaped by the pull request: one
 * `module` block makes any directory somebody's module. So it takes a directory whose own files changed out of the change
 * only when it was never applied here as a root, and when something that is planned calls it; and then its files are told.
 */
export function hiddenBy(
  index: ModuleIndex,
  {
    change,
    alone,
    applied,
  }: { readonly change: Change; readonly alone: Change; readonly applied: readonly Dirspace[] },
): Hidden {
  const have = new Set(change.dirspaces.map(dirspaceKey));
  const missing = alone.dirspaces.filter(
    (one) => !have.has(dirspaceKey(one)) && one.because.some(({ why }) => why === 'file' || why === 'applied-before'),
  );
  if (missing.length === 0) {
    return { kept: [], told: [] };
  }
  const roots = new Set(applied.map(dirspaceKey));
  const planned = new Set(change.dirspaces.map(({ dir }) => dir));
  const graph = moduleGraph(index);
  const isHidden = (one: ChangedDirspace) =>
    !roots.has(dirspaceKey(one)) && callersOf(graph, one.dir).some((caller) => planned.has(caller));
  const hidden = missing.filter(isHidden);
  const dirs = new Set(hidden.map(({ dir }) => dir));
  const files = hidden.flatMap(({ because }) => because.flatMap((one) => (one.why === 'file' ? [one.file] : [])));
  const told = [...new Set(files)]
    .filter((path) => dirs.has(dirOf(path)))
    .map((path) => unmatchedFile(path, 'called-as-module'));
  return { kept: missing.filter((one) => !hidden.includes(one)), told };
}

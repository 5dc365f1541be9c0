import type { Because, Change, ChangedDirspace, ChangedFile } from '../domain/change.ts';
import { compareDirspaces, type Dirspace } from '../domain/dirspace.ts';
import type { TagQuery } from '../domain/tag-query.ts';
import type { KnownDirspace } from './known-dirspace.ts';
import { openRepository, type Repository, type RepositoryInput, TOO_LARGE } from './repository.ts';
import { matchTagQuery } from './tag-query.ts';
import { touchedBy, unmatchedFile } from './touched.ts';
import { WorkBudget } from './work-budget.ts';

export interface ChangeInput extends RepositoryInput {
  /** The diff, complete: a truncated list must never come here, for what is missing would count as untouched. */
  readonly changed: readonly ChangedFile[];
  /** Only what this selects is in the change; layers keep their order. */
  readonly query?: TagQuery;
  /** Dirspaces that are in the change whatever the diff says (already applied from this pull request). */
  readonly force?: readonly Dirspace[];
}

/**
 * Which dirspaces does a diff touch, why, and in which layers may they run? Pure and deterministic. What is wrong with the
 * configuration comes back in `errors`, and then nothing is in the change.
 */
export function computeChange(input: ChangeInput): Change {
  return changeIn(openRepository(input), input);
}

/** The same for a repository that is open already. */
export function changeIn(
  repository: Repository,
  { changed, query, force = [] }: Pick<ChangeInput, 'changed' | 'query' | 'force'>,
): Change {
  const budget = new WorkBudget();
  const { because, unmatched } = touchedBy(repository, changed, { budget });
  if (repository.errors.length > 0 || budget.exhausted) {
    return {
      dirspaces: [],
      layers: [],
      unmatched,
      errors: [...repository.errors, ...(budget.exhausted ? [TOO_LARGE] : [])],
    };
  }
  const forced = force.flatMap(({ dir, workspace }) =>
    (repository.idsByDir.get(dir) ?? []).filter((id) => repository.dirspaces[id]?.workspace === workspace),
  );
  const reasons = new Map<number, readonly Because[]>(because);
  for (const id of forced) {
    reasons.set(id, reasons.get(id) ?? [{ why: 'applied-before' }]);
  }
  const pulled = repository.relations?.pulledIn(reasons.keys()) ?? new Map<number, Because>();
  for (const [id, reason] of pulled) {
    reasons.set(id, [reason]);
  }
  const layerOf = repository.relations?.layers(new Set(reasons.keys()));
  const found: { readonly dirspace: KnownDirspace; readonly layer: number; readonly because: readonly Because[] }[] =
    [];
  for (const [id, why] of reasons) {
    const dirspace = repository.dirspaces[id];
    if (dirspace !== undefined && !isPruned(dirspace, pulled.get(id)) && isSelected(dirspace, query)) {
      found.push({ dirspace, layer: layerOf?.get(id) ?? 0, because: why });
    }
  }
  found.sort((a, b) => compareDirspaces(a.dirspace, b.dirspace));
  const used = [...new Set(found.map((one) => one.layer))].sort((a, b) => a - b);
  const position = new Map(used.map((layer, at) => [layer, at]));
  const dirspaces = found.map((one) =>
    changedDirspace(repository, one.dirspace, position.get(one.layer) ?? 0, one.because),
  );
  return {
    dirspaces,
    layers: layersOf(dirspaces),
    unmatched: query === undefined ? unmatched : [...unmatched, ...deselected(repository, changed, unmatched, query)],
    errors: [],
  };
}

/** The layers that a list of dirspaces stands in, each in the list's order. */
export function layersOf(dirspaces: readonly ChangedDirspace[]): readonly (readonly Dirspace[])[] {
  const layers: Dirspace[][] = [];
  for (const { dir, workspace, layer } of dirspaces) {
    while (layers.length <= layer) {
      layers.push([]);
    }
    layers[layer]?.push({ dir, workspace });
  }
  return layers;
}

/** `prune_on_no_change`: waiting for something that changed is no reason to be planned. */
function isPruned({ whenModified }: KnownDirspace, pulled: Because | undefined): boolean {
  return pulled?.why === 'depends-on' && whenModified.dependsOn?.pruneOnNoChange === true;
}

function isSelected(dirspace: KnownDirspace, query: TagQuery | undefined): boolean {
  return query === undefined || matchTagQuery(query, dirspace);
}

function deselected(
  repository: Repository,
  changed: readonly ChangedFile[],
  unmatched: Change['unmatched'],
  query: TagQuery,
): Change['unmatched'] {
  const without = new Set(unmatched.map((file) => file.path));
  const only = (dirspace: KnownDirspace): boolean => isSelected(dirspace, query);
  return touchedBy(repository, changed, { budget: new WorkBudget(), only })
    .unmatched.filter(({ path }) => !without.has(path))
    .map(({ path }) => unmatchedFile(path, 'query'));
}

function changedDirspace(
  { config }: Repository,
  known: KnownDirspace,
  layer: number,
  because: readonly Because[],
): ChangedDirspace {
  const workflow = config.workflows.findIndex(({ tagQuery }) => matchTagQuery(tagQuery, known));
  const { dir, workspace, tags, whenModified, settings, stack } = known;
  return {
    dir,
    workspace,
    tags,
    workflow: workflow === -1 ? null : workflow,
    layer,
    autoplan: whenModified.autoplan,
    autoplanDraftPr: whenModified.autoplanDraftPr,
    autoapply: whenModified.autoapply || stack.autoApply,
    stack: stack.name,
    stackVariables: stack.variables,
    applyAfter: stack.applyAfter,
    createIfMissing: settings.createIfMissing,
    createAndSelectWorkspace: settings.createAndSelectWorkspace,
    lockBranchTarget: settings.lockBranchTarget,
    because,
  };
}

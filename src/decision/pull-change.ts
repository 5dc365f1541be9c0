import type { Change, ChangedDirspace, ChangedFile, ModuleIndex } from '../domain/change.ts';
import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import { changeIn, layersOf } from '../matching/compute-change.ts';
import { indexWithin } from '../matching/index-within.ts';
import type { KnownDirspace } from '../matching/known-dirspace.ts';
import { openRepository, type Repository } from '../matching/repository.ts';
import { hiddenBy } from './module-knowledge.ts';
import type { PullConfig } from './pull-config.ts';

export interface PullTree {
  readonly files: readonly string[];
  /** Names of the branches. */
  readonly head: string;
  readonly base: string;
}

export interface PullDiff {
  readonly changed: readonly ChangedFile[];
  readonly force: readonly Dirspace[];
}

/** What a pull request touches under the head's and under the default branch's configuration together. */
export interface PullChange {
  readonly change: Change;
  /** What the default branch's configuration knows of a dirspace; null: it does not know it. */
  readonly knownUnderBase: (dirspace: Dirspace) => KnownDirspace | null;
  /** Keys of the dirspaces that a list of other changed files would touch. */
  readonly touched: (files: readonly ChangedFile[]) => ReadonlySet<string>;
}

/** The change, with its errors when it cannot be told. `found`: an index that a runner sent, or null; `applied`: what was applied here before. */
export function pullChange(
  config: PullConfig,
  tree: PullTree,
  diff: PullDiff,
  { found, applied }: { readonly found: ModuleIndex | null; readonly applied: readonly Dirspace[] },
): PullChange {
  const index = found === null ? null : indexWithin(found, tree.files);
  const opened = open(config, tree, index);
  const change = changeOf(opened, diff);
  // Only where something is called can an index take anything away.
  const alone = index === null || !callsAny(index) ? null : open(config, tree, null);
  const without = alone === null ? null : changeOf(alone, diff);
  const hidden =
    index === null || without === null || change.errors.length + without.errors.length > 0
      ? { kept: [], told: [] }
      : hiddenBy(index, { change, alone: without, applied });
  const repositories = [opened, ...(alone === null || hidden.kept.length === 0 ? [] : [alone])];
  const dirspaces = [...change.dirspaces, ...hidden.kept];
  return {
    change: {
      ...change,
      ...(hidden.kept.length === 0 ? {} : { dirspaces, layers: layersOf(dirspaces) }),
      unmatched: [...change.unmatched, ...hidden.told],
    },
    // What an index takes away must not take away the rules that hold there.
    knownUnderBase: (dirspace) =>
      knownIn(opened.base, dirspace) ?? (alone === null ? null : knownIn(alone.base, dirspace)),
    touched: (changed) =>
      new Set(
        repositories
          .flatMap(({ head, base }) => [head, base])
          .flatMap((one) => changeIn(one, { changed }).dirspaces.map(dirspaceKey)),
      ),
  };
}

/** The tree under both configurations; one and the same where they are. */
interface Opened {
  readonly head: Repository;
  readonly base: Repository;
}

function open({ head, base }: PullConfig, tree: PullTree, index: ModuleIndex | null): Opened {
  const input = { ...tree, ...(index === null ? {} : { index }) };
  const underHead = openRepository({ ...input, config: head });
  return { head: underHead, base: base === head ? underHead : openRepository({ ...input, config: base }) };
}

function changeOf({ head, base }: Opened, diff: PullDiff): Change {
  const change = changeIn(head, diff);
  return base === head || change.errors.length > 0 ? change : union(change, changeIn(base, diff));
}

/** Everything of one change, and of another what the first lacks, behind its layers. */
function union(one: Change, other: Change): Change {
  const have = new Set(one.dirspaces.map(dirspaceKey));
  const more = other.dirspaces.filter((dirspace) => !have.has(dirspaceKey(dirspace)));
  if (more.length === 0 || other.errors.length > 0) {
    return one;
  }
  const dirspaces: readonly ChangedDirspace[] = [...one.dirspaces, ...more];
  const unmatched = one.unmatched.filter((file) => other.unmatched.some((same) => same.path === file.path));
  return { dirspaces, layers: layersOf(dirspaces), unmatched, errors: [] };
}

function callsAny(index: ModuleIndex): boolean {
  return Object.values(index.paths).some(({ modules }) => modules.length > 0);
}

function knownIn(repository: Repository, { dir, workspace }: Dirspace): KnownDirspace | null {
  for (const id of repository.idsByDir.get(dir) ?? []) {
    const known = repository.dirspaces[id];
    if (known?.workspace === workspace) {
      return known;
    }
  }
  return null;
}

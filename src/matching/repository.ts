import type { ChangeError, ModuleIndex } from '../domain/change.ts';
import { dirspaceName } from '../domain/dirspace.ts';
import type { DirConfig, RepoConfig } from '../domain/repo-config.ts';
import { discoverDirectories } from './directories.ts';
import { type KnownDirspace, knownDirspaces } from './known-dirspace.ts';
import { type ModuleGraph, moduleGraph } from './module-graph.ts';
import { PatternCompiler } from './pattern.ts';
import { type Guard, PatternIndex } from './pattern-index.ts';
import { Relations } from './relations.ts';
import { pathsThroughLinks } from './symlinks.ts';
import { WorkBudget } from './work-budget.ts';

export interface RepositoryInput {
  readonly config: RepoConfig;
  /** Every path of the tree at the head, complete. */
  readonly files: readonly string[];
  /** Without it modules count for nothing, and links to directories are not followed. */
  readonly index?: ModuleIndex;
  readonly head: string;
  readonly base: string;
}

/** A tree with its configuration, made ready for matching: build once, ask often. */
export interface Repository {
  readonly config: RepoConfig;
  readonly dirspaces: readonly KnownDirspace[];
  readonly patterns: PatternIndex;
  /** By place in `dirspaces`: what excludes files from it. */
  readonly guards: readonly (Guard | undefined)[];
  readonly idsByDir: ReadonlyMap<string, readonly number[]>;
  readonly configured: ReadonlyMap<string, DirConfig>;
  readonly present: ReadonlySet<string>;
  readonly modules: ModuleGraph | undefined;
  readonly links: ModuleIndex['symlinks'];
  /** Files that are reached through a link to their directory, under the link's name. */
  readonly linkedFiles: readonly string[];
  /** Undefined when nothing waits for anything. */
  readonly relations: Relations | undefined;
  readonly errors: readonly ChangeError[];
}

const MAX_LINKED = 200_000;

/** The patterns and queries of a configuration, together with the tree, are more than can be asked. */
export const TOO_LARGE: ChangeError = {
  code: 'too-large',
  message: 'This configuration has too many patterns and tag queries for a repository of this size.',
  about: [],
};

/** Linear in the tree and in what the configuration says about it. Never throws on what strangers wrote. */
export function openRepository(input: RepositoryInput): Repository {
  const { config, files, index } = input;
  const errors: ChangeError[] = [];
  const budget = new WorkBudget();
  const links = index?.symlinks ?? [];
  const linkedFiles = links.length === 0 ? [] : pathsThroughLinks(files, links, files.length + MAX_LINKED);
  if (linkedFiles === undefined) {
    errors.push({ code: 'too-large', message: `Symbolic links add more than ${MAX_LINKED} paths.`, about: [] });
  }
  const allFiles = linkedFiles === undefined || linkedFiles.length === 0 ? files : [...files, ...linkedFiles];
  const modules = index === undefined || config.modules === 'off' ? undefined : moduleGraph(index);
  const { configured, present } = discoverDirectories(config, allFiles, modules?.called ?? new Set(), budget);
  const known = knownDirspaces(config, configured, input, budget);
  errors.push(...known.errors);
  const { patterns, guards, problems } = indexPatterns(known.dirspaces);
  errors.push(...problems);
  const idsByDir = new Map<string, number[]>();
  for (const [id, { dir }] of known.dirspaces.entries()) {
    const ids = idsByDir.get(dir);
    if (ids === undefined) {
      idsByDir.set(dir, [id]);
    } else {
      ids.push(id);
    }
  }
  const relations = known.dirspaces.some(waits) ? new Relations(known.dirspaces, budget) : undefined;
  errors.push(...(budget.exhausted ? [TOO_LARGE] : (relations?.cycles() ?? [])));
  return {
    config,
    dirspaces: known.dirspaces,
    patterns,
    guards,
    idsByDir,
    configured,
    present,
    modules,
    links,
    linkedFiles: linkedFiles ?? [],
    relations,
    errors,
  };
}

function waits({ whenModified, stack }: KnownDirspace): boolean {
  return whenModified.dependsOn !== undefined || stack.planAfter.length > 0 || stack.modifiedBy.length > 0;
}

function indexPatterns(dirspaces: readonly KnownDirspace[]): {
  readonly patterns: PatternIndex;
  readonly guards: readonly (Guard | undefined)[];
  readonly problems: readonly ChangeError[];
} {
  const compiler = new PatternCompiler();
  const patterns = new PatternIndex();
  const problems = new Map<string, ChangeError>();
  const shared = new Map<readonly string[], Guard>();
  const compile = (text: string, dirspace: KnownDirspace) => {
    const prepared = compiler.compile(text, dirspace);
    if (prepared.kind === 'problem' && !problems.has(text)) {
      const message = `The pattern "${text}" cannot be used in ${dirspaceName(dirspace)}: ${prepared.problem}.`;
      problems.set(text, { code: 'bad-pattern', message, about: [text, dirspaceName(dirspace)] });
    }
    return prepared.kind === 'pattern' ? [prepared.pattern] : [];
  };
  const guardOf = (dirspace: KnownDirspace): Guard | undefined => {
    const list = dirspace.whenModified.filePatterns;
    const negatives = list.filter((text) => text.startsWith('!'));
    if (negatives.length === 0) {
      return undefined;
    }
    const isShared = !negatives.some((text) => text.includes('${'));
    const guard = (isShared ? shared.get(list) : undefined) ?? {
      negatives: negatives.flatMap((text) => compile(text, dirspace)),
    };
    if (isShared) {
      shared.set(list, guard);
    }
    return guard;
  };
  const guards = dirspaces.map(guardOf);
  for (const [id, dirspace] of dirspaces.entries()) {
    for (const text of dirspace.whenModified.filePatterns) {
      for (const pattern of text.startsWith('!') ? [] : compile(text, dirspace)) {
        patterns.add(pattern, id, guards[id]);
      }
    }
  }
  return { patterns, guards, problems: [...problems.values()] };
}

import type { ChangeError } from '../domain/change.ts';
import { type Dirspace, dirspaceName } from '../domain/dirspace.ts';
import type { BranchTag, DirConfig, RepoConfig, WhenModified } from '../domain/repo-config.ts';
import { compileRegex } from './branch-pattern.ts';
import { type LeafStack, stackTree } from './stack-tree.ts';
import type { WorkBudget } from './work-budget.ts';

/** A dirspace of the tree, whether a change touches it or not. */
export interface KnownDirspace extends Dirspace {
  /** Own tags, `dir:`, `workspace:`, `stack_name:` of every stack around it, `branch:`, `dest_branch:`. */
  readonly tags: readonly string[];
  readonly whenModified: WhenModified;
  readonly settings: DirConfig;
  readonly stack: LeafStack;
}

/** Every dirspace of the configured directories; those with an empty list of patterns are ignored altogether. */
export function knownDirspaces(
  config: RepoConfig,
  configured: ReadonlyMap<string, DirConfig>,
  branches: { readonly head: string; readonly base: string },
  budget: WorkBudget,
): { readonly dirspaces: readonly KnownDirspace[]; readonly errors: readonly ChangeError[] } {
  const branchTags = [
    ...branchTag('branch', config.tags.branch, branches.head),
    ...branchTag('dest_branch', config.tags.destBranch, branches.base),
  ];
  const stacks = stackTree(config.stacks);
  const errors = [...stacks.errors];
  const dirspaces: KnownDirspace[] = [];
  for (const [dir, settings] of configured) {
    for (const { name, tags, whenModified } of settings.workspaces) {
      if (whenModified.filePatterns.length === 0 || !budget.spend(stacks.weight)) {
        continue;
      }
      const own = [...tags, `dir:${dir}`, `workspace:${name}`, ...branchTags];
      const place = { dir, workspace: name };
      const stack = stacks.stackOf({ tags: own, ...place }, dirspaceName(place));
      if ('code' in stack) {
        errors.push(stack);
      } else {
        const all = [...own, ...stack.names.map((stackName) => `stack_name:${stackName}`)];
        dirspaces.push({ ...place, tags: tags.length > 1 ? [...new Set(all)] : all, whenModified, settings, stack });
      }
    }
  }
  return { dirspaces, errors };
}

function branchTag(kind: string, patterns: readonly BranchTag[], branch: string): readonly string[] {
  const hit = patterns.find(({ pattern }) => {
    const compiled = compileRegex(pattern);
    return compiled.ok && compiled.pattern.matches(branch);
  });
  return hit === undefined ? [] : [`${kind}:${hit.name}`];
}

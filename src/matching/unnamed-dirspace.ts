import type { Dirspace } from '../domain/dirspace.ts';
import type { RepoConfig } from '../domain/repo-config.ts';
import { type KnownDirspace, knownDirspaces } from './known-dirspace.ts';
import { WorkBudget } from './work-budget.ts';

/**
 * What a configuration would say of a dirspace that it does not know: no tags of its own, but those that every dirspace has
 * (`dir:`, `workspace:`, branches, stacks whose queries match them), and the stack's variables. Null: its stack cannot be told.
 */
export function asUnnamed(
  config: RepoConfig,
  { dir, workspace }: Dirspace,
  branches: { readonly head: string; readonly base: string },
): KnownDirspace | null {
  const settings = {
    key: dir,
    glob: false,
    createAndSelectWorkspace: config.createAndSelectWorkspace,
    createIfMissing: false,
    lockBranchTarget: 'all',
    // One that has patterns, so that it is not passed over as ignored.
    workspaces: [{ name: workspace, tags: [], whenModified: { ...config.whenModified, filePatterns: ['**'] } }],
  } as const;
  return knownDirspaces(config, new Map([[dir, settings]]), branches, new WorkBudget()).dirspaces[0] ?? null;
}

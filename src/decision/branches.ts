import type { RepoConfig } from '../domain/repo-config.ts';
import { compileGlob, splitNegation } from '../matching/glob.ts';

/**
 * Does Plumbline work for this pair of branches? The first entry of `destination_branches` whose `branch` matches the
 * base and whose `source_branches` match the head decides; without entries only the repository's default branch counts.
 */
export function branchesMatch(
  config: RepoConfig,
  branches: { readonly base: string; readonly head: string; readonly defaultBranch: string },
): boolean {
  if (config.destinationBranches.length === 0) {
    return branches.base === branches.defaultBranch;
  }
  return config.destinationBranches.some(
    ({ branch, sourceBranches }) =>
      matches(branch, branches.base) && (sourceBranches.length === 0 || matchesList(sourceBranches, branches.head)),
  );
}

/** A list with negations: some positive pattern matches (or there is none) and no negated one does. */
function matchesList(patterns: readonly string[], name: string): boolean {
  const split = patterns.map(splitNegation);
  const positive = split.filter((one) => !one.negated);
  const negative = split.filter((one) => one.negated);
  return (
    (positive.length === 0 || positive.some((one) => globMatches(one.glob, name))) &&
    !negative.some((one) => globMatches(one.glob, name))
  );
}

function matches(pattern: string, name: string): boolean {
  const { negated, glob } = splitNegation(pattern);
  return globMatches(glob, name) !== negated;
}

/** A lone `*` matches every branch, also those with slashes, as people mean it. */
function globMatches(glob: string, name: string): boolean {
  if (glob === '*') {
    return true;
  }
  const compiled = compileGlob(glob, { ignoreCase: true });
  return compiled.ok && compiled.glob.matches(name);
}

import { commitTree, mergedTree, tryRevision, updateRef } from './git-store.ts';
import type { MergeView } from './pull-json.ts';
import type { WorldParts } from './world-parts.ts';
import { type BranchRule, isoSeconds, type Pull, type Repository, type Review } from './world-state.ts';

/**
 * Look at a pull request the way GitHub lets one look: right after head or base moved nobody knows whether it
 * merges (`null`), and asking is what starts the computation.
 */
export async function lookAtMergeability(parts: WorldParts, repository: Repository, pull: Pull): Promise<MergeView> {
  if (pull.state === 'closed') {
    return {
      mergeable: pull.merged ? null : pull.mergeability?.mergeCommit !== undefined,
      state: 'unknown',
      mergeCommit: null,
    };
  }
  const base = await tryRevision(repository.gitDir, pull.base);
  if (base === undefined) {
    return { mergeable: null, state: 'unknown', mergeCommit: null };
  }
  const key = `${base}:${pull.headSha}`;
  if (pull.mergeability?.key !== key) {
    pull.mergeability = {
      key,
      unknownLooks: parts.settings.unknownLooks,
      mergeCommit: await testMerge(parts, repository, pull, base),
    };
  }
  const found = pull.mergeability;
  if (found.unknownLooks > 0) {
    found.unknownLooks -= 1;
    return { mergeable: null, state: 'unknown', mergeCommit: null };
  }
  if (found.mergeCommit === undefined) {
    return { mergeable: false, state: 'dirty', mergeCommit: null };
  }
  return { mergeable: true, state: mergeState(repository, pull), mergeCommit: found.mergeCommit };
}

async function testMerge(
  parts: WorldParts,
  repository: Repository,
  pull: Pull,
  base: string,
): Promise<string | undefined> {
  const tree = await mergedTree(repository.gitDir, base, pull.headSha);
  if (tree === undefined) {
    return undefined;
  }
  const commit = await commitTree(repository.gitDir, {
    tree,
    parents: [base, pull.headSha],
    message: `Merge ${pull.headSha} into ${base}`,
    author: { name: 'GitHub', email: 'noreply@github.com' },
    at: parts.state.now(),
  });
  await updateRef(repository.gitDir, `refs/pull/${pull.number}/merge`, commit);
  return commit;
}

/** `mergeable_state` of a pull request without conflicts, from draft state, branch rules, reviews and checks. */
function mergeState(repository: Repository, pull: Pull): string {
  if (pull.draft) {
    return 'draft';
  }
  const rules = repository.branchRules.get(pull.base) ?? [];
  if (rules.some((rule) => blocks(repository, pull, rule))) {
    return 'blocked';
  }
  return failingContexts(repository, pull.headSha).length > 0 ? 'unstable' : 'clean';
}

function blocks(repository: Repository, pull: Pull, rule: BranchRule): boolean {
  if (rule.type === 'required_status_checks') {
    return requiredContexts(rule).some((context) => !isGreen(repository, pull.headSha, context));
  }
  if (rule.type === 'pull_request') {
    const needed = Number(rule.parameters?.required_approving_review_count ?? 0);
    return approvals(repository, pull) < needed;
  }
  return false;
}

export function requiredContexts(rule: BranchRule): readonly string[] {
  const checks = rule.parameters?.required_status_checks;
  return Array.isArray(checks) ? checks.map((one: { context?: unknown }) => String(one.context)) : [];
}

/** The newest check or status of that name counts; success, neutral and skipped satisfy a requirement. */
function isGreen(repository: Repository, sha: string, context: string): boolean {
  const check = [...repository.checkRuns.values()].findLast((one) => one.headSha === sha && one.name === context);
  if (check !== undefined) {
    return check.conclusion === 'success' || check.conclusion === 'neutral' || check.conclusion === 'skipped';
  }
  return repository.statuses.findLast((one) => one.sha === sha && one.context === context)?.state === 'success';
}

function failingContexts(repository: Repository, sha: string): readonly string[] {
  const names = new Set([...repository.checkRuns.values()].filter((one) => one.headSha === sha).map((one) => one.name));
  for (const status of repository.statuses) {
    if (status.sha === sha) {
      names.add(status.context);
    }
  }
  return [...names].filter((name) => !isGreen(repository, sha, name));
}

function approvals(repository: Repository, pull: Pull): number {
  return latestOpinions(repository, pull, true).filter((one) => one.state === 'APPROVED').length;
}

/** The last approving, rejecting or dismissed review per person; of writers only, if asked. */
export function latestOpinions(repository: Repository, pull: Pull, writersOnly: boolean): readonly Review[] {
  const latest = new Map<string, Review>();
  for (const review of pull.reviews) {
    if (review.state !== 'COMMENTED') {
      latest.delete(review.author);
      latest.set(review.author, review);
    }
  }
  return [...latest.values()].filter((review) => !writersOnly || canPush(repository, review.author));
}

export function canPush(repository: Repository, login: string): boolean {
  return ['write', 'maintain', 'admin'].includes(repository.collaborators.get(login) ?? 'none');
}

/** The answer right after a change: GitHub has not computed anything yet. */
export const NOT_COMPUTED: MergeView = { mergeable: null, state: 'unknown', mergeCommit: null };

export function timestamp(parts: WorldParts): string {
  return isoSeconds(parts.state.now());
}

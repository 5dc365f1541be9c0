import { type Known, known } from '../domain/known.ts';
import type { BranchRules } from '../domain/snapshot.ts';
import type { GitHubClient } from './app-client.ts';
import { messageOf, statusOf } from './github-failure.ts';
import { lookUp } from './look-up.ts';
import type { RepositoryPath } from './repository-tree.ts';

const NOTHING: BranchRules = { requiredChecks: [], mergeQueue: false };
const ASK = 'Grant the App `administration: read`, so that it can see what protects the branch.';

/** What protects a branch: rulesets and classic protection together. Unknown unless both could be read. */
export async function readBranchRules(
  client: GitHubClient,
  repository: RepositoryPath,
  branch: string,
): Promise<Known<BranchRules>> {
  const rulesets = await readRulesets(client, repository, branch);
  if (!rulesets.known) {
    return rulesets;
  }
  const classic = await readClassic(client, repository, branch);
  return classic.known ? known(both(rulesets.value, classic.value)) : classic;
}

function both(a: BranchRules, b: BranchRules): BranchRules {
  return {
    requiredChecks: [...a.requiredChecks, ...b.requiredChecks],
    mergeQueue: a.mergeQueue || b.mergeQueue,
  };
}

async function readRulesets(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  branch: string,
): Promise<Known<BranchRules>> {
  return await lookUp(`read the rules of branch ${branch}`, ASK, async () => {
    let rules = NOTHING;
    try {
      for (let page = 1; ; page += 1) {
        const { data } = await client.request('GET /repos/{owner}/{repo}/rules/branches/{branch}', {
          owner,
          repo: name,
          branch,
          per_page: 100,
          page,
        });
        for (const rule of data) {
          rules = both(rules, rulesFrom(rule));
        }
        if (data.length < 100) {
          return rules;
        }
      }
    } catch (error) {
      return nothingIf(hasNoRules(error), error);
    }
  });
}

/** The parts of a ruleset's rule that decide whether a merge is possible. */
interface Rule {
  readonly type: string;
  readonly parameters?: object;
}

function rulesFrom(rule: Rule): BranchRules {
  const parameters: { required_status_checks?: unknown } = rule.parameters ?? {};
  switch (rule.type) {
    case 'required_status_checks':
      return { ...NOTHING, requiredChecks: checksFrom(parameters.required_status_checks, 'integration_id') };
    case 'merge_queue':
      return { ...NOTHING, mergeQueue: true };
    default:
      return NOTHING;
  }
}

function checksFrom(list: unknown, idKey: 'integration_id' | 'app_id'): BranchRules['requiredChecks'] {
  if (!Array.isArray(list)) {
    return [];
  }
  return list.flatMap((check: Readonly<Record<string, unknown>>) => {
    const id = check[idKey];
    return typeof check.context === 'string'
      ? [{ name: check.context, appId: typeof id === 'number' && id > 0 ? id : null }]
      : [];
  });
}

async function readClassic(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  branch: string,
): Promise<Known<BranchRules>> {
  return await lookUp(`read the protection of branch ${branch}`, ASK, async () => {
    try {
      const { data } = await client.request('GET /repos/{owner}/{repo}/branches/{branch}/protection', {
        owner,
        repo: name,
        branch,
      });
      return {
        requiredChecks: checksFrom(data.required_status_checks?.checks, 'app_id'),
        mergeQueue: false,
      };
    } catch (error) {
      // "Not Found" hides a missing permission; these words say that there is nothing to see.
      const isOpen = statusOf(error) === 404 && messageOf(error) === 'Branch not protected';
      return nothingIf(isOpen || hasNoRules(error), error);
    }
  });
}

/** Private repositories of a free plan cannot have rules: "Upgrade to GitHub Pro or make this repository public …". */
function hasNoRules(error: unknown): boolean {
  return statusOf(error) === 403 && messageOf(error).startsWith('Upgrade to GitHub');
}

function nothingIf(isNothing: boolean, error: unknown): BranchRules {
  if (!isNothing) {
    throw error;
  }
  return NOTHING;
}

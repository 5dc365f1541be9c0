import { type Known, known, unknown } from '../domain/known.ts';
import type { CheckState } from '../domain/snapshot.ts';
import type { GitHubClient } from './app-client.ts';
import { checksFields } from './query-fields.ts';
import { runQuery } from './run-query.ts';

export interface ChecksAnswer {
  readonly contexts: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly nodes: readonly (ContextAnswer | null)[];
  };
}

export type ContextAnswer =
  | {
      readonly __typename: 'CheckRun';
      readonly name: string;
      readonly status: string;
      readonly conclusion: string | null;
      readonly startedAt: string | null;
      readonly isRequired: boolean;
      readonly checkSuite: {
        readonly app: { readonly databaseId: number | null } | null;
        readonly workflowRun: { readonly event: string; readonly workflow: { readonly name: string } } | null;
      };
    }
  | {
      readonly __typename: 'StatusContext';
      readonly context: string;
      readonly state: string;
      readonly isRequired: boolean;
    };

/** Ten pages of a hundred: GitHub itself stops at a thousand checks in a suite. */
const PAGES = 10;

interface PageAnswer {
  readonly repository: {
    readonly pullRequest: {
      readonly commits: {
        readonly nodes: readonly ({
          readonly commit: { readonly oid: string; readonly statusCheckRollup: ChecksAnswer | null };
        } | null)[];
      };
    } | null;
  } | null;
}

/** Every check and status of the head, following the pages after `first`. */
export async function readChecks(
  client: GitHubClient,
  pull: { readonly owner: string; readonly name: string; readonly number: number; readonly headSha: string },
  first: ChecksAnswer | null,
  appId: number,
): Promise<Known<readonly CheckState[]>> {
  const all = [...(first?.contexts.nodes ?? [])];
  let page = first?.contexts.pageInfo;
  const text = `query ($owner: String!, $name: String!, $number: Int!, $cursor: String!) {
    repository(owner: $owner, name: $name) { pullRequest(number: $number) {
      commits(last: 1) { nodes { commit { oid ${checksFields(', after: $cursor', '$number')} } } }
    } }
  }`;
  for (let pages = 1; page?.hasNextPage === true; pages += 1) {
    if (pages === PAGES || page.endCursor === null) {
      return unknown(`more than ${PAGES * 100} checks`);
    }
    const { owner, name, number } = pull;
    const variables = { owner, name, number, cursor: page.endCursor };
    const { data } = await runQuery<PageAnswer>(client, `read the checks of #${number}`, text, variables);
    const commit = data.repository?.pullRequest?.commits.nodes[0]?.commit;
    if (commit === undefined || commit.oid !== pull.headSha || commit.statusCheckRollup === null) {
      return unknown('the head moved while its checks were read', true);
    }
    all.push(...commit.statusCheckRollup.contexts.nodes);
    page = commit.statusCheckRollup.contexts.pageInfo;
  }
  return known(checkStates(all, appId));
}

/**
 * What each check says now. Where a check ran more than once under one name, App, workflow and trigger, the newest
 * counts; the same name from another App or trigger is another check.
 */
export function checkStates(contexts: readonly (ContextAnswer | null)[], appId: number): readonly CheckState[] {
  const newest = new Map<string, { readonly check: CheckState; readonly at: number }>();
  for (const context of contexts) {
    if (context === null) {
      continue;
    }
    if (context.__typename === 'StatusContext') {
      const check = {
        name: context.context,
        state: statusState(context.state),
        required: context.isRequired,
        appId: null,
        ours: false,
      };
      newest.set(`status ${context.context}`, { check, at: 0 });
      continue;
    }
    const app = context.checkSuite.app?.databaseId ?? null;
    const run = context.checkSuite.workflowRun;
    const key = JSON.stringify([app, run?.workflow.name, run?.event, context.name]);
    const at = Date.parse(context.startedAt ?? '') || 0;
    const check = {
      name: context.name,
      state: runState(context.status, context.conclusion),
      required: context.isRequired,
      appId: app,
      ours: app === appId,
    };
    const before = newest.get(key);
    if (before === undefined || before.at <= at) {
      newest.set(key, { check, at });
    }
  }
  return [...newest.values()].map(({ check }) => check);
}

function runState(status: string, conclusion: string | null): CheckState['state'] {
  if (status !== 'COMPLETED') {
    return 'pending';
  }
  switch (conclusion ?? '') {
    case 'SUCCESS':
      return 'success';
    case 'NEUTRAL':
      return 'neutral';
    case 'SKIPPED':
      return 'skipped';
    default:
      return 'failure';
  }
}

function statusState(state: string): CheckState['state'] {
  return state === 'SUCCESS' ? 'success' : state === 'PENDING' || state === 'EXPECTED' ? 'pending' : 'failure';
}

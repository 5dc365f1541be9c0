import { checkAppSlug } from './check-json.ts';
import { objectAt } from './git-objects.ts';
import { type CommitFacts, commitFacts, logOf, mergeBase, modeAt, tryRevision } from './git-store.ts';
import { type ConnectionArgs, connection } from './graphql-connection.ts';
import { requiredContexts } from './mergeability.ts';
import type { WorldParts } from './world-parts.ts';
import { accountOf, type CheckRun, type CommitStatus, fullName, type Pull, type Repository } from './world-state.ts';

/** GitHub cuts a blob's text at half a megabyte and says `isTruncated`. */
const MAX_BLOB_TEXT = 512_000;

/** User, Bot or Organization. The GraphQL login of a bot has no `[bot]`. */
export function actorNode(parts: WorldParts, login: string) {
  const account = accountOf(parts.state, login);
  return {
    __typename: account.type,
    id: account.nodeId,
    databaseId: account.id,
    login: login.replace(/\[bot\]$/, ''),
    url: `${parts.state.url}/${login}`,
    name: account.name,
  };
}

/** What stands at `<revision>:<path>`, or a commit when the expression is a revision alone. */
export async function objectNode(parts: WorldParts, repository: Repository, expression: string) {
  const colon = expression.indexOf(':');
  if (colon === -1) {
    const sha = await tryRevision(repository.gitDir, expression);
    const facts = sha === undefined ? undefined : await commitFacts(repository.gitDir, sha);
    return facts === undefined ? null : commitNode(parts, repository, facts, undefined);
  }
  const commit = await tryRevision(repository.gitDir, expression.slice(0, colon));
  return commit === undefined ? null : gitObjectNode(repository, `${commit}:${expression.slice(colon + 1)}`);
}

async function gitObjectNode(repository: Repository, expression: string) {
  const found = await objectAt(repository.gitDir, expression);
  if (found === undefined) {
    return null;
  }
  const base = { id: `OB_${found.sha}`, oid: found.sha, abbreviatedOid: found.sha.slice(0, 7) };
  if (found.type === 'tree') {
    return { __typename: 'Tree', ...base };
  }
  const isBinary = found.bytes.includes(0);
  return {
    __typename: 'Blob',
    ...base,
    byteSize: found.bytes.length,
    isBinary,
    isTruncated: found.bytes.length > MAX_BLOB_TEXT,
    text: isBinary ? null : found.bytes.subarray(0, MAX_BLOB_TEXT).toString(),
  };
}

export function commitNode(parts: WorldParts, repository: Repository, facts: CommitFacts, pull: Pull | undefined) {
  const person = () => {
    const login = [...parts.state.accounts.values()].find((one) => one.email === facts.author.email)?.login;
    return {
      name: facts.author.name,
      email: facts.author.email,
      date: facts.author.date,
      user: login === undefined ? null : actorNode(parts, login),
    };
  };
  return {
    __typename: 'Commit',
    id: `C_${facts.sha}`,
    oid: facts.sha,
    abbreviatedOid: facts.sha.slice(0, 7),
    message: facts.message,
    messageHeadline: facts.message.split('\n')[0] ?? '',
    committedDate: facts.author.date,
    authoredDate: facts.author.date,
    url: `${parts.state.url}/${fullName(repository)}/commit/${facts.sha}`,
    author: person,
    committer: person,
    tree: { __typename: 'Tree', oid: facts.tree, id: `T_${facts.tree}` },
    parents: async (args: ConnectionArgs) =>
      connection(
        (await Promise.all(facts.parents.map((sha) => commitFacts(repository.gitDir, sha))))
          .filter((one) => one !== undefined)
          .map((one) => commitNode(parts, repository, one, undefined)),
        args,
      ),
    file: async ({ path }: { readonly path: string }) => {
      const object = await gitObjectNode(repository, `${facts.sha}:${path}`);
      const mode = object === null ? undefined : await modeAt(repository.gitDir, facts.sha, path);
      return object === null || mode === undefined
        ? null
        : { mode, name: path.split('/').at(-1) ?? path, path, type: object.__typename.toLowerCase(), object };
    },
    statusCheckRollup: () => rollupNode(parts, repository, facts.sha, pull),
  };
}

/** Commits of a pull request, oldest first. */
export async function pullCommits(parts: WorldParts, repository: Repository, pull: Pull) {
  const from = (await mergeBase(repository.gitDir, pull.baseSha, pull.headSha)) ?? pull.baseSha;
  const commits = (await logOf(repository.gitDir, [`${from}..${pull.headSha}`])).toReversed();
  return commits.map((facts) => ({
    __typename: 'PullRequestCommit',
    id: `PURC_${facts.sha}`,
    commit: commitNode(parts, repository, facts, pull),
  }));
}

/** Null without checks and statuses; required checks that never reported are not in it, as on GitHub. */
function rollupNode(parts: WorldParts, repository: Repository, sha: string, pull: Pull | undefined) {
  const checks = [...repository.checkRuns.values()].filter((one) => one.headSha === sha);
  const newest = checks.filter(
    (one) => !checks.some((other) => other.id > one.id && other.name === one.name && other.appId === one.appId),
  );
  const all = repository.statuses.filter((one) => one.sha === sha);
  const statuses = all.filter((one, index) => all.findLastIndex((other) => other.context === one.context) === index);
  if (newest.length + statuses.length === 0) {
    return null;
  }
  const contexts = [
    ...newest.map((one) => checkNode(parts, repository, one, pull)),
    ...statuses.map((one) => statusNode(parts, repository, one, pull)),
  ];
  return {
    __typename: 'StatusCheckRollup',
    id: `SCR_${sha}`,
    state: rollupState(newest, statuses),
    contexts: (args: ConnectionArgs) => connection(contexts, args),
  };
}

function rollupState(checks: readonly CheckRun[], statuses: readonly CommitStatus[]): string {
  const bad = ['failure', 'cancelled', 'timed_out', 'action_required'];
  if (checks.some((one) => bad.includes(one.conclusion ?? '')) || statuses.some((one) => one.state === 'failure')) {
    return 'FAILURE';
  }
  if (statuses.some((one) => one.state === 'error')) {
    return 'ERROR';
  }
  const open = checks.some((one) => one.status !== 'completed') || statuses.some((one) => one.state === 'pending');
  return open ? 'PENDING' : 'SUCCESS';
}

function isRequired(repository: Repository, pull: Pull | undefined, name: string): boolean {
  const rules = repository.branchRules.get(pull?.base ?? repository.defaultBranch) ?? [];
  return rules.some((rule) => rule.type === 'required_status_checks' && requiredContexts(rule).includes(name));
}

function checkNode(parts: WorldParts, repository: Repository, check: CheckRun, pull: Pull | undefined) {
  const slug = checkAppSlug(parts.state, check.appId);
  const app = { __typename: 'App', id: `A_${check.appId}`, databaseId: check.appId, slug, name: slug };
  return {
    __typename: 'CheckRun',
    id: `CR_${check.id}`,
    databaseId: check.id,
    name: check.name,
    status: check.status.toUpperCase(),
    conclusion: check.conclusion?.toUpperCase() ?? null,
    startedAt: check.startedAt,
    completedAt: check.completedAt,
    detailsUrl: check.detailsUrl,
    externalId: check.externalId,
    title: check.title,
    summary: check.summary,
    text: check.text,
    isRequired: () => isRequired(repository, pull, check.name),
    checkSuite: {
      __typename: 'CheckSuite',
      id: `CS_${check.suiteId}`,
      databaseId: check.suiteId,
      app,
      workflowRun: workflowRunNode(parts, check),
    },
  };
}

function statusNode(parts: WorldParts, repository: Repository, status: CommitStatus, pull: Pull | undefined) {
  return {
    __typename: 'StatusContext',
    id: `SC_${status.id}`,
    context: status.context,
    state: status.state.toUpperCase(),
    description: status.description,
    targetUrl: status.targetUrl,
    createdAt: status.createdAt,
    creator: actorNode(parts, status.creator),
    isRequired: () => isRequired(repository, pull, status.context),
  };
}

/** The run behind a job's check; null for every other check. */
function workflowRunNode(parts: WorldParts, check: CheckRun) {
  const run = [...parts.state.runs.values()].find((one) => one.job.id === check.id);
  return run === undefined
    ? null
    : {
        __typename: 'WorkflowRun',
        id: `WFR_${run.id}`,
        databaseId: run.id,
        event: run.event,
        runNumber: run.runNumber,
        workflow: {
          __typename: 'Workflow',
          id: `W_${run.workflowId}`,
          databaseId: run.workflowId,
          name: run.workflowName,
        },
      };
}

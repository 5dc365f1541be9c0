import type { Need } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { Failure } from '../domain/failure.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { ConfigText, GitHubFacts, RepositoryFacts } from '../domain/snapshot.ts';
import { type ActionsRun, findActionsRun, readActionsRun } from './actions-run.ts';
import type { GitHubClient } from './app-client.ts';
import { readBaseFiles } from './base-files.ts';
import { readBranchRules } from './branch-rules.ts';
import { readChangedFiles } from './changed-files.ts';
import { readChecks } from './check-states.ts';
import { calling } from './github-failure.ts';
import { readLastPusher } from './last-pusher.ts';
import { lookUp } from './look-up.ts';
import { readPermission, readTeamMembership } from './permission.ts';
import { type FilesAnswer, type PullAnswer, pullFrom, type RepositoryAnswer, reviewsFrom } from './pull-answer.ts';
import { buildQuery, CODEOWNERS_PATHS, type PathsToRead } from './pull-query.ts';
import { firstText, textFrom } from './query-fields.ts';
import type { RepositoryPath, TreeCache } from './repository-tree.ts';
import { hasProblem, runQuery } from './run-query.ts';

/** What observing needs beside the event. */
export interface ObserveContext {
  readonly appId: number;
  readonly botId: number;
  readonly paths: PathsToRead;
  readonly trees: TreeCache;
  /** Runs of ours that the event may ask for: GitHub's id where it is known, and when the dispatch was decided. */
  readonly runs?: Readonly<Record<string, { readonly githubRunId: number | null; readonly createdAt: number }>>;
  /** Wait this many milliseconds; tests pass their own. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** Events that are about a repository; the others need nothing from GitHub. */
export type RepositoryEvent = Extract<Event, { readonly repository: unknown }>;

const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

/** GitHub announces a pull request before all of its servers know it. */
const NOT_YET_MS = [300, 1_000, 2_500] as const;
/** GitHub computes whether it can merge when it is asked, and answers UNKNOWN until it has. */
const NOT_COMPUTED_MS = [500, 1_000, 2_000, 4_000] as const;

/**
 * Read what a decision needs, and no more: one GraphQL query, then what GraphQL cannot tell. Throws a Failure when GitHub
 * does not answer or does not know the repository or pull request; single facts that may not be read are unknown.
 */
export async function observe(
  client: GitHubClient,
  event: RepositoryEvent,
  need: Need,
  context: ObserveContext,
): Promise<GitHubFacts> {
  const asked = await ask(client, event, need, context);
  const { repository, answer, central } = asked;
  const pull = answer.pullRequest ?? null;
  const [inPull, merging, people, run] = await Promise.all([
    pull === null ? {} : readPull(client, repository, pull, need, context),
    pull === null || !need.mergeability ? {} : readMergeability(client, repository, pull, context),
    readPeople(client, repository, need),
    need.actionsRun === undefined ? undefined : readRun(client, event, need.actionsRun, context, repository),
  ]);
  return {
    repository,
    ...readDefaultBranch(answer, need, context.paths),
    ...(need.config && context.paths.central.length > 0 ? { configCentral: central } : {}),
    ...inPull,
    ...merging,
    ...people,
    ...(need.treeOf === undefined ? {} : { treeOf: answer.commitOf?.tree?.oid ?? null }),
    ...(run === undefined ? {} : { actionsRun: run }),
  };
}

interface Asked {
  readonly repository: RepositoryFacts;
  readonly answer: RepositoryAnswer;
  readonly central: Known<readonly ConfigText[]>;
}

type CentralAnswer = { readonly defaultBranchRef: { readonly target: object | null } | null } | null;
type QueryAnswer = { readonly repository: RepositoryAnswer | null } & Readonly<Record<string, unknown>>;

async function ask(client: GitHubClient, event: RepositoryEvent, need: Need, context: ObserveContext): Promise<Asked> {
  const { repositoryId, installationId } = event.repository;
  let named: RepositoryPath = event.repository;
  const about = need.pull === undefined ? `repository ${repositoryId}` : `pull request ${repositoryId}#${need.pull}`;
  const waits = NOT_YET_MS[Symbol.iterator]();
  for (let renamed = false; ; ) {
    const query = buildQuery(named, need, context.paths);
    const { data, problems } = await runQuery<QueryAnswer>(client, `read ${about}`, query.text, query.variables);
    const answer = data.repository;
    // The name was given away after a rename or transfer: the id is the repository, the name is not.
    if (!renamed && (answer === null || answer.databaseId !== repositoryId)) {
      named = await nameOf(client, repositoryId);
      renamed = true;
      continue;
    }
    if (answer !== null && answer.databaseId === repositoryId && (need.pull === undefined || answer.pullRequest)) {
      const { name, isArchived, owner, defaultBranchRef } = answer;
      const facts = {
        installationId,
        repositoryId,
        owner: owner.login,
        name,
        defaultBranch: defaultBranchRef?.name ?? 'main',
        archived: isArchived,
        ownerId: owner.databaseId ?? 0,
      };
      return { repository: facts, answer, central: centralFrom(data, problems, context.paths) };
    }
    const { value, done } = waits.next();
    if (done === true) {
      throw new Failure('github-not-found', `GitHub does not know ${about}`);
    }
    await (context.wait ?? sleep)(value);
  }
}

async function nameOf(client: GitHubClient, repositoryId: number): Promise<RepositoryPath> {
  const { data } = await calling(`find repository ${repositoryId}`, () =>
    client.request('GET /repositories/{id}', { id: repositoryId }),
  );
  return { owner: String(data.owner.login), name: String(data.name) };
}

/** Of the repositories that may hold central configuration, the first that exists is the one. */
function centralFrom(
  data: QueryAnswer,
  problems: Parameters<typeof hasProblem>[0],
  paths: PathsToRead,
): Known<readonly ConfigText[]> {
  for (const [at, repository] of paths.central.entries()) {
    const alias = `central${at}`;
    const answer = asCentral(data[alias]);
    if (answer === null) {
      if (!hasProblem(problems, 'NOT_FOUND', [alias])) {
        return unknown(`${repository.owner}/${repository.name} could not be read`, true);
      }
      continue;
    }
    const files = filesIn(answer.defaultBranchRef?.target);
    const found: ConfigText[] = [];
    for (const [index, path] of repository.paths.entries()) {
      const text = textFrom(`${repository.owner}/${repository.name}: ${path}`, files[`${alias}file${index}`]);
      if (!text.known) {
        return text;
      }
      if (text.value !== null) {
        found.push({ path, text: text.value });
      }
    }
    return known(found);
  }
  return known([]);
}

function readDefaultBranch(answer: RepositoryAnswer, need: Need, paths: PathsToRead): Partial<GitHubFacts> {
  const files = filesIn(answer.defaultBranchRef?.target);
  const codeowners = firstText(CODEOWNERS_PATHS, (at) => files[`codeowners${at}`]);
  return {
    ...(need.config ? { configDefault: firstText(paths.config, (at) => files[`config${at}`]) } : {}),
    ...(need.workflowFile ? { workflowFile: textFrom(paths.workflow, files.workflow0) } : {}),
    ...(need.waivers ? { waivers: textFrom(paths.waivers, files.waivers0) } : {}),
    ...(need.codeowners ? { codeowners: codeowners.known ? known(codeowners.value?.text ?? null) : codeowners } : {}),
  };
}

async function readPull(
  client: GitHubClient,
  repository: RepositoryFacts,
  answer: PullAnswer,
  need: Need,
  context: ObserveContext,
): Promise<Partial<GitHubFacts>> {
  const pull = pullFrom(answer);
  const head = answer.commits.nodes[0]?.commit;
  // Two servers may answer two parts of a query: what belongs to another commit is not the head's.
  const current = head !== undefined && head.oid === pull.headSha ? head : null;
  const { number, headSha, baseSha } = pull;
  const { owner, name } = repository;
  const none = unknown('GitHub did not tell the head commit', true);
  const changedFiles = need.changedFiles
    ? await readChangedFiles(client, repository, {
        number,
        headSha,
        baseSha,
        headTreeSha: current?.tree.oid ?? null,
        count: answer.changedFiles,
        first: (answer.files?.nodes ?? []).flatMap((file) => (file === null ? [] : [file])),
      })
    : undefined;
  const files = filesIn(current);
  return {
    pull,
    ...(current === null ? {} : { treeSha: current.tree.oid }),
    ...(changedFiles === undefined ? {} : { changedFiles }),
    ...(need.files
      ? { files: current === null ? none : await context.trees.filesOf(client, repository, current.tree.oid) }
      : {}),
    ...(need.config
      ? { configHead: current === null ? none : firstText(context.paths.config, (at) => files[`config${at}`]) }
      : {}),
    ...(need.baseFilesSince === undefined
      ? {}
      : {
          baseFilesSince: await readBaseFiles(
            client,
            repository,
            // The parent of a rebased last commit is the pull request's own: what it changed then counts too, on the safe side.
            {
              since: need.baseFilesSince,
              to: need.baseFilesTo ?? (answer.merged ? (answer.mergeCommit?.parents?.nodes[0]?.oid ?? null) : baseSha),
            },
            context.trees,
          ),
        }),
    ...(need.reviews
      ? {
          reviews: reviewsFrom(answer.latestOpinionatedReviews),
          reviewDecision: answer.reviewDecision ?? null,
          ...(answer.reviewRequests == null ? {} : { reviewsRequested: answer.reviewRequests.totalCount }),
        }
      : {}),
    // Whoever counts approvals must know whose does not count, so the one is never read without the other.
    ...(need.reviews || need.lastPusher
      ? {
          lastPusher:
            pull.headRepositoryId === repository.repositoryId
              ? await readLastPusher(client, repository, pull.headRef, headSha)
              : unknown('the head is in a fork, whose activity the App cannot see'),
        }
      : {}),
    ...(need.checks
      ? {
          checks:
            current === null
              ? none
              : await readChecks(
                  client,
                  { owner, name, number, headSha },
                  current.statusCheckRollup ?? null,
                  context.appId,
                ),
        }
      : {}),
    ...(need.rules ? { rules: await readBranchRules(client, repository, pull.baseRef) } : {}),
  };
}

/** Can GitHub merge it? Asked again while GitHub computes; in the end UNKNOWN is passed on. */
async function readMergeability(
  client: GitHubClient,
  repository: RepositoryFacts,
  first: PullAnswer,
  context: ObserveContext,
): Promise<Pick<GitHubFacts, 'mergeable'>> {
  let answer = first;
  for (const ms of first.state === 'OPEN' ? NOT_COMPUTED_MS : []) {
    if ((answer.mergeable ?? 'UNKNOWN') !== 'UNKNOWN') {
      break;
    }
    await (context.wait ?? sleep)(ms);
    const query = buildQuery(repository, { pull: first.number, mergeability: true }, context.paths);
    const what = `read whether ${repository.repositoryId}#${first.number} can be merged`;
    const { data } = await runQuery<QueryAnswer>(client, what, query.text, query.variables);
    const again = data.repository?.databaseId === repository.repositoryId ? data.repository.pullRequest : null;
    if (again?.headRefOid !== first.headRefOid) {
      // Another commit by now: what GitHub says of that one is not what is decided on.
      break;
    }
    answer = again;
  }
  return { mergeable: answer.mergeable ?? 'UNKNOWN' };
}

async function readPeople(
  client: GitHubClient,
  repository: RepositoryFacts,
  need: Need,
): Promise<Partial<GitHubFacts>> {
  const [permissions, teams] = await Promise.all([
    Promise.all(
      [...new Set(need.permissionsOf)].map(
        async (login) => [login, await readPermission(client, repository, login)] as const,
      ),
    ),
    Promise.all(
      (need.teams ?? []).map(
        async (team) => [`${team.org}/${team.slug} ${team.login}`, await readTeamMembership(client, team)] as const,
      ),
    ),
  ]);
  return {
    ...(need.permissionsOf === undefined ? {} : { permissions: Object.fromEntries(permissions) }),
    ...(need.teams === undefined ? {} : { teams: Object.fromEntries(teams) }),
  };
}

async function readRun(
  client: GitHubClient,
  event: RepositoryEvent,
  run: string,
  context: ObserveContext,
  repository: RepositoryPath,
): Promise<Known<ActionsRun | null>> {
  const ours = context.runs?.[run];
  const id = event.kind === 'actions-run' && event.run === run ? event.githubRunId : (ours?.githubRunId ?? null);
  if (id !== null) {
    return await readActionsRun(client, repository, id);
  }
  const workflow = context.paths.workflow.split('/').at(-1) ?? '';
  const search = { workflow, title: `plumbline ${run}`, botId: context.botId, since: ours?.createdAt ?? 0 };
  return await lookUp(`find run ${run}`, 'The App needs `actions: write`.', () =>
    findActionsRun(client, repository, search),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Aliased files beside the known fields of a commit; the query asked for nothing else there. */
function filesIn(commit: unknown): FilesAnswer {
  return isFilesAnswer(commit) ? commit : {};
}

function isFilesAnswer(value: unknown): value is FilesAnswer {
  return isObject(value);
}

function asCentral(value: unknown): CentralAnswer {
  return isCentral(value) ? value : null;
}

function isCentral(value: unknown): value is NonNullable<CentralAnswer> {
  return isObject(value) && 'defaultBranchRef' in value;
}

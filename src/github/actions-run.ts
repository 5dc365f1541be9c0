import type { Known } from '../domain/known.ts';
import type { GitHubClient } from './app-client.ts';
import { calling, statusOf } from './github-failure.ts';
import { lookUp } from './look-up.ts';
import type { RepositoryPath } from './repository-tree.ts';

/** A run of GitHub Actions, as far as we ask. */
export interface ActionsRun {
  readonly id: number;
  readonly status: string;
  readonly conclusion: string | null;
}

/** A run by GitHub's id; null when it does not exist (any more). */
export async function readActionsRun(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  githubRunId: number,
): Promise<Known<ActionsRun | null>> {
  return await lookUp(`read Actions run ${githubRunId}`, 'The App needs `actions: write`.', async () => {
    try {
      const { data } = await client.request('GET /repos/{owner}/{repo}/actions/runs/{run_id}', {
        owner,
        repo: name,
        run_id: githubRunId,
      });
      return { id: Number(data.id), status: data.status ?? 'queued', conclusion: data.conclusion };
    } catch (error) {
      if (statusOf(error) === 404) {
        return null;
      }
      throw error;
    }
  });
}

/** What a dispatched run is found by. */
export interface RunSearch {
  /** File name of the workflow. */
  readonly workflow: string;
  /** The run's whole title. */
  readonly title: string;
  /** Our bot: a person can give a run the same title. */
  readonly botId: number;
  /** No older runs are looked at. Milliseconds. */
  readonly since: number;
}

/** Clocks differ; a run that GitHub dates a little before our row is still ours. */
const CLOCK_SLACK_MS = 120_000;

/** A run by its title, among those that our bot dispatched since. Null when there is none. Throws a Failure. */
export async function findActionsRun(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  search: RunSearch,
): Promise<ActionsRun | null> {
  const since = new Date(search.since - CLOCK_SLACK_MS).toISOString();
  for (let page = 1; page <= 10; page += 1) {
    const { data } = await calling(`look for the run "${search.title}"`, () =>
      client.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs', {
        owner,
        repo: name,
        workflow_id: search.workflow,
        event: 'workflow_dispatch',
        created: `>=${since}`,
        per_page: 100,
        page,
      }),
    );
    const found = data.workflow_runs.find(
      (run) => run.display_title === search.title && run.actor?.id === search.botId,
    );
    if (found !== undefined) {
      return { id: Number(found.id), status: found.status ?? 'queued', conclusion: found.conclusion };
    }
    if (data.workflow_runs.length < 100) {
      return null;
    }
  }
  return null;
}

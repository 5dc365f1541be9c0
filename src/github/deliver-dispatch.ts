import type { DispatchProblem } from '../domain/event.ts';
import type { GitHubWrite, WriteResult } from '../domain/github-write.ts';
import { findActionsRun } from './actions-run.ts';
import type { GitHubClient } from './app-client.ts';
import type { RepositoryPath } from './repository-tree.ts';
import { attempt, type WriteContext } from './write-attempt.ts';

type Dispatch = Extract<GitHubWrite, { write: 'dispatch' }>;

/**
 * Start a workflow run, once: after an uncertain try the run is looked for by its title among those that our bot started
 * since. GitHub tells the new run's id only when asked to; an older server does not know the question.
 */
export async function deliverDispatch(
  client: GitHubClient,
  repository: RepositoryPath,
  write: Dispatch,
  context: WriteContext,
): Promise<WriteResult> {
  const workflow = write.workflow.split('/').at(-1) ?? write.workflow;
  if (context.uncertain) {
    const { botId, since } = context;
    const run = await findActionsRun(client, repository, { workflow, title: write.runName, botId, since });
    if (run !== null) {
      return { ok: true, githubRunId: run.id };
    }
  }
  let sent = await send(client, repository, workflow, write, true);
  if (!sent.ok && sent.status === 422 && sent.message.includes('return_run_details')) {
    sent = await send(client, repository, workflow, write, false);
  }
  if (sent.ok) {
    const id = runIdIn(sent.data);
    return { ok: true, ...(id === null ? {} : { githubRunId: id }) };
  }
  const said = `${sent.status} ${sent.message}`.trim();
  return {
    ok: false,
    dead: `dispatch ${workflow}: GitHub answered ${said}`,
    problem: problemOf(sent.status, sent.message),
  };
}

async function send(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  workflow: string,
  write: Dispatch,
  details: boolean,
) {
  return await attempt<unknown>(`dispatch ${workflow}`, () =>
    client.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
      owner,
      repo: name,
      workflow_id: workflow,
      ref: write.ref,
      inputs: { ...write.inputs },
      ...(details ? { return_run_details: true } : {}),
    }),
  );
}

function runIdIn(data: unknown): number | null {
  if (typeof data !== 'object' || data === null || !('workflow_run_id' in data)) {
    return null;
  }
  const id = Number(data.workflow_run_id);
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}

/** What somebody has to change, from GitHub's answer. */
function problemOf(status: number, message: string): DispatchProblem {
  if (status === 404) {
    return { what: 'workflow-missing' };
  }
  if (status === 422 && /input|workflow/i.test(message)) {
    return { what: 'workflow-not-dispatchable', detail: message };
  }
  return { what: 'refused', detail: `${status} ${message}`.trim() };
}

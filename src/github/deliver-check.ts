import type { GitHubWrite, WriteResult } from '../domain/github-write.ts';
import type { GitHubClient } from './app-client.ts';
import type { RepositoryPath } from './repository-tree.ts';
import { type Attempt, attempt, dead, type WriteContext } from './write-attempt.ts';

type Check = Extract<GitHubWrite, { write: 'check' }>;
type Annotation = Check['annotations'][number];

/** GitHub's limits: https://docs.github.com/rest/checks/runs */
const ANNOTATIONS_PER_REQUEST = 50;
const TEXT_LIMIT = 65_535;
const TITLE_LIMIT = 255;
const ACTION_LIMITS = { label: 20, description: 40, identifier: 20 } as const;

interface CheckSeen {
  readonly id: number;
  readonly nodeId: string;
  readonly status: string;
  readonly annotations: number;
}

/**
 * Bring a check up to date: update the known one, or after an uncertain try one found by its external id, else make one.
 * A finished check stays finished whatever it is told; then a new one of the same name is made, which GitHub shows
 * instead. Annotations add up on GitHub, so only those that are not there yet are sent.
 */
export async function deliverCheck(
  client: GitHubClient,
  repository: RepositoryPath,
  write: Check,
  context: WriteContext,
): Promise<WriteResult> {
  const what = `set check ${write.name} on ${write.sha}`;
  let id = write.checkRunId;
  if (id === null && context.uncertain) {
    id = await findOurs(client, repository, write, context);
  }
  let sent = id === null ? null : await update(client, repository, id, write, []);
  const over =
    sent !== null && (sent.ok ? sent.data.status !== write.status : sent.status === 404 || sent.status === 422);
  if (sent === null || over) {
    sent = await create(client, repository, write);
  }
  if (!sent.ok) {
    return dead(what, sent);
  }
  const check = sent.data;
  for (let at = check.annotations; at < write.annotations.length; at += ANNOTATIONS_PER_REQUEST) {
    const more = await update(
      client,
      repository,
      check.id,
      write,
      write.annotations.slice(at, at + ANNOTATIONS_PER_REQUEST),
    );
    if (!more.ok) {
      return dead(`annotate check ${write.name}`, more);
    }
  }
  return { ok: true, id: check.id, nodeId: check.nodeId };
}

async function create(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  write: Check,
): Promise<Attempt<CheckSeen>> {
  const first = write.annotations.slice(0, ANNOTATIONS_PER_REQUEST);
  const sent = await attempt(`create check ${write.name}`, () =>
    client.request('POST /repos/{owner}/{repo}/check-runs', {
      owner,
      repo: name,
      head_sha: write.sha,
      ...fieldsOf(write, first),
    }),
  );
  // A new check holds what was sent with it, whether GitHub has counted it yet or not.
  return sent.ok ? { ...sent, data: { ...seen(sent.data), annotations: first.length } } : sent;
}

async function update(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  id: number,
  write: Check,
  annotations: readonly Annotation[],
): Promise<Attempt<CheckSeen>> {
  const sent = await attempt(`update check ${write.name}`, () =>
    client.request('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
      owner,
      repo: name,
      check_run_id: id,
      ...fieldsOf(write, annotations),
    }),
  );
  return sent.ok ? { ...sent, data: seen(sent.data) } : sent;
}

/** The newest check of ours with this external id, on this commit. */
async function findOurs(
  client: GitHubClient,
  { owner, name }: RepositoryPath,
  write: Check,
  context: WriteContext,
): Promise<number | null> {
  const sent = await attempt(`look for check ${write.name}`, () =>
    client.request('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
      owner,
      repo: name,
      ref: write.sha,
      check_name: write.name,
      app_id: context.appId,
      filter: 'all',
      per_page: 100,
    }),
  );
  if (!sent.ok) {
    return null;
  }
  const ids = sent.data.check_runs
    .filter((check) => check.external_id === write.externalId && check.app?.id === context.appId)
    .map((check) => Number(check.id));
  return ids.length === 0 ? null : Math.max(...ids);
}

function seen(check: {
  id: number | bigint;
  node_id: string;
  status: string;
  output: { annotations_count: number };
}): CheckSeen {
  return {
    id: Number(check.id),
    nodeId: check.node_id,
    status: check.status,
    annotations: check.output.annotations_count,
  };
}

function fieldsOf(write: Check, annotations: readonly Annotation[]) {
  return {
    name: write.name,
    external_id: write.externalId,
    status: write.status,
    ...(write.detailsUrl === null ? {} : { details_url: write.detailsUrl }),
    ...(write.status === 'completed' ? { conclusion: write.conclusion ?? 'failure' } : {}),
    actions: write.actions.slice(0, 3).map(({ label, description, identifier }) => ({
      label: label.slice(0, ACTION_LIMITS.label),
      description: description.slice(0, ACTION_LIMITS.description),
      identifier: identifier.slice(0, ACTION_LIMITS.identifier),
    })),
    output: {
      title: write.title.slice(0, TITLE_LIMIT),
      summary: write.summary.slice(0, TEXT_LIMIT),
      ...(write.text === '' ? {} : { text: write.text.slice(0, TEXT_LIMIT) }),
      ...(annotations.length === 0
        ? {}
        : {
            annotations: annotations.map(({ path, startLine, endLine, level, title, message }) => ({
              path,
              start_line: startLine,
              end_line: endLine,
              annotation_level: level,
              title: title.slice(0, TITLE_LIMIT),
              message: message.slice(0, TEXT_LIMIT),
            })),
          }),
    },
  };
}

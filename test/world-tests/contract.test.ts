import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRecord } from '../world/request-body.ts';
import { World } from '../world/world.ts';
import type { Pull, Repository } from '../world/world-state.ts';
import { createAppAuth } from './app-auth.ts';
import { type REST_SCHEMAS, WEBHOOK_SCHEMAS } from './generate-schemas.ts';
import { installationClient, playRepository } from './played-repository.ts';

/** `path` of the REST API, the schema of its answer, and where in the answer it is (`[]`: each item). */
const ANSWERS: readonly (readonly [string, (typeof REST_SCHEMAS)[number], string])[] = [
  ['', 'full-repository', ''],
  ['/pulls/1', 'pull-request', ''],
  ['/pulls?state=all', 'pull-request-simple', '[]'],
  ['/pulls/1/files', 'diff-entry', '[]'],
  ['/pulls/1/reviews', 'pull-request-review', '[]'],
  ['/pulls/1/commits', 'commit', '[]'],
  ['/collaborators/bob/permission', 'repository-collaborator-permission', ''],
  ['/git/trees/main?recursive=1', 'git-tree', ''],
  ['/contents/network/main.tf', 'content-file', ''],
  ['/compare/main...change-1', 'commit-comparison', ''],
  ['/commits/main', 'commit', ''],
  ['/rules/branches/main', 'repository-rule-detailed', '[]'],
  ['/commits/change-1/check-runs', 'check-run', 'check_runs[]'],
  ['/commits/change-1/statuses', 'status', '[]'],
  ['/issues/1/comments', 'issue-comment', '[]'],
  ['/issues?state=all', 'issue', '[]'],
  ['/issues/1', 'issue', ''],
  ['/issues/1/reactions', 'reaction', '[]'],
  ['/labels', 'label', '[]'],
  ['/actions/workflows/plumbline.yml', 'workflow', ''],
  ['/actions/workflows/plumbline.yml/runs', 'workflow-run', 'workflow_runs[]'],
  ['/environments', 'environment', 'environments[]'],
  ['/environments/production', 'environment', ''],
];

let world: World;
let repository: Repository;
let pull: Pull;
let token: string;
const ajv = new Ajv({ strict: false, allErrors: true });

beforeAll(async () => {
  for (const name of ['rest', 'webhook']) {
    const file = new URL(`../fixtures/github/${name}-schemas.json`, import.meta.url);
    const schema: unknown = JSON.parse(readFileSync(file, 'utf8'));
    ajv.addSchema(isRecord(schema) ? schema : {}, name);
  }
  world = await World.start();
  repository = await playRepository(world);
  await everythingHappens();
  const installation = world.installationOf(repository);
  token = installation === undefined ? '' : world.mintToken(installation);
});
afterAll(async () => {
  expect(world.errors).toEqual([]);
  await world.close();
});

/** The description says text for labels in lists of pull requests; GitHub itself answers null, as everywhere else. */
const KNOWN = '/labels/0/description must be string';

function problems(schema: string, value: unknown): readonly string[] {
  const validate = ajv.getSchema(schema);
  if (validate === undefined) {
    return [`no schema ${schema}`];
  }
  const found = validate(value) === true ? [] : (validate.errors ?? []);
  return found.map((one) => `${one.instancePath} ${one.message ?? ''}`).filter((one) => one !== KNOWN);
}

async function get(path: string, authorization = `Bearer ${token}`): Promise<unknown> {
  const response = await fetch(`${world.apiUrl}${path}`, { headers: { authorization } });
  expect(response.status).toBe(200);
  return response.json();
}

function pick(answer: unknown, place: string): readonly unknown[] {
  const [key = ''] = place.split('[]');
  const inner = key !== '' && isRecord(answer) ? answer[key] : answer;
  return place.endsWith('[]') && Array.isArray(inner) ? inner : [inner];
}

async function everythingHappens(): Promise<void> {
  const octokit = await installationClient(world, repository);
  const at = { owner: 'acme', repo: 'infra' };
  repository.branchRules.set('main', [
    {
      type: 'required_status_checks',
      parameters: {
        required_status_checks: [{ context: 'plumbline/plan' }],
        strict_required_status_checks_policy: false,
      },
    },
  ]);
  world.addTeam('acme', 'platform', ['bob']);
  world.addEnvironment(repository, 'production', { reviewers: ['alice'] });
  pull = await world.openPullRequest(repository, { author: 'bob', files: { 'network/main.tf': '# changed\n' } });
  await world.push(repository, pull, { 'network/other.tf': '# more\n' });
  const comment = world.comment(repository, 1, 'bob', 'plumbline plan');
  world.editComment(repository, comment, 'plumbline help');
  await octokit.rest.issues.createComment({ ...at, issue_number: 1, body: 'a plan' });
  await octokit.rest.reactions.createForIssue({ ...at, issue_number: 1, content: 'eyes' });
  await octokit.rest.reactions.createForIssueComment({ ...at, comment_id: comment.id, content: 'rocket' });
  const review = await world.review(repository, pull, 'alice', 'APPROVED', 'fine');
  await world.dismissReview(repository, pull, review, 'alice');
  await world.label(repository, pull, 'plumbline:skip', 'bob');
  await world.setDraft(repository, pull, true, 'bob');
  await world.setDraft(repository, pull, false, 'bob');
  const created = await octokit.rest.checks.create({
    ...at,
    name: 'plumbline/plan',
    head_sha: pull.headSha,
    status: 'in_progress',
  });
  await octokit.rest.checks.update({
    ...at,
    check_run_id: created.data.id,
    conclusion: 'success',
    output: { title: 'Planned', summary: 'fine' },
    actions: [{ label: 'Apply', description: 'Apply it', identifier: 'apply' }],
  });
  const [check] = world.checksOf(repository, pull.headSha);
  if (check !== undefined) {
    world.requestedAction(repository, check, 'apply', 'bob');
    world.rerequestCheck(repository, check, 'bob');
  }
  world.reportStatus(repository, pull.headSha, 'ci/other', 'success', 'alice');
  const issue = world.openIssue(repository, 'alice', 'Drift', 'something drifted');
  world.closeIssue(repository, issue, 'alice');
  const run = await world.dispatch(repository, 'plumbline.yml', { 'run-id': 'r1' }, 'plumbline[bot]');
  await world.waitFor(() => world.deliveries.some((one) => one.event === 'workflow_job'));
  world.startRun(run);
  world.finishRun(run, 'success');
  await world.dispatch(repository, 'plumbline.yml', { 'run-id': 'r2', environment: 'production' }, 'plumbline[bot]');
  await world.waitFor(() => world.deliveries.some((one) => one.action === 'waiting'));
  const group = await world.createMergeGroup(repository, pull, 'bob');
  await world.destroyMergeGroup(group, 'invalidated', 'bob');
  await world.commit(repository, { branch: 'release', files: { 'README.md': '#\n' }, author: 'alice' });
  await world.editBase(repository, pull, 'release', 'bob');
  await world.closePullRequest(repository, pull, 'bob');
  await world.reopen(repository, pull, 'bob');
  world.addUser('carol');
  world.setPermission(repository, 'carol', 'write', 'alice');
  world.setMembership('acme', 'platform', 'carol', true, 'alice');
  world.addOrganization('other');
  const second = await world.addRepository({ name: 'elsewhere', owner: 'other' });
  const selected = world.install('other', { repositories: [] });
  world.selectRepositories(selected, { add: [second] });
  world.suspend(selected);
  world.unsuspend(selected);
  world.uninstall(selected);
  world.renameRepository(repository, 'infrastructure', 'alice');
}

describe('REST answers keep to GitHub’s published description', () => {
  it.each(ANSWERS)('GET /repos/acme/infra%s is a %s', async (path, schema, place) => {
    const answers = pick(await get(`/repos/acme/infrastructure${path}`), place);
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.flatMap((one) => problems(`rest#/definitions/${schema}`, one))).toEqual([]);
  });

  it.each([
    ['/app', 'integration', ''],
    ['/app/installations', 'installation', '[]'],
    ['/app/hook/deliveries', 'hook-delivery-item', '[]'],
  ])('GET %s is a %s', async (path, schema, place) => {
    const jwt = `Bearer ${await createAppAuth(world)()}`;
    const answers = pick(await get(path, jwt), place);
    expect(answers.flatMap((one) => problems(`rest#/definitions/${schema}`, one))).toEqual([]);
  });

  it('GET /orgs/acme/teams/platform/memberships/bob is a team-membership', async () => {
    const answer = await get('/orgs/acme/teams/platform/memberships/bob');
    expect(problems('rest#/definitions/team-membership', answer)).toEqual([]);
  });

  it('GET …/actions/runs/{id} and its jobs keep to it, too', async () => {
    const id = world.runs[0]?.id ?? 0;
    const run = await get(`/repos/acme/infrastructure/actions/runs/${id}`);
    expect(problems('rest#/definitions/workflow-run', run)).toEqual([]);
    const jobs = pick(await get(`/repos/acme/infrastructure/actions/runs/${id}/jobs`), 'jobs[]');
    expect(jobs.flatMap((one) => problems('rest#/definitions/job', one))).toEqual([]);
  });

  it('a renamed repository redirects, and writes follow', async () => {
    const octokit = await installationClient(world, repository);
    const answer = await octokit.rest.issues.createComment({
      owner: 'acme',
      repo: 'infra',
      issue_number: 1,
      body: 'moved',
    });
    expect(answer.status).toBe(201);
    expect(answer.data.body).toBe('moved');
  });
});

describe('webhooks keep to GitHub’s published description', () => {
  it.each(WEBHOOK_SCHEMAS)('%s', (name) => {
    const sent = world.deliveries.filter(
      (one) => `${one.event}${one.action === undefined ? '' : `-${one.action}`}`.replaceAll('_', '-') === name,
    );
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.flatMap((one) => problems(`webhook#/definitions/webhook-${name}`, one.payload))).toEqual([]);
  });

  it('nothing is sent whose shape is not checked here', () => {
    const names = new Set(
      world.deliveries.map((one) =>
        `${one.event}${one.action === undefined ? '' : `-${one.action}`}`.replaceAll('_', '-'),
      ),
    );
    const unchecked = [...names].filter((name) => !WEBHOOK_SCHEMAS.some((one) => one === name));
    expect(unchecked).toEqual(['pull-request-converted-to-draft', 'installation-unsuspend']);
  });
});

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Octokit } from '@octokit/rest';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { World } from '../world/world.ts';
import type { Repository } from '../world/world-state.ts';
import { createAppAuth } from './app-auth.ts';

const WORKFLOW = `
name: plumbline
run-name: plumbline \${{ inputs.run_id }}
on:
  workflow_dispatch:
    inputs:
      run_id: { required: true, type: string }
      environment: { required: false, type: string }
permissions: { contents: read, id-token: write }
jobs:
  run:
    runs-on: ubuntu-latest
    environment: \${{ inputs.environment }}
    steps:
      - uses: plumbline/plumbline/action@v1
        with:
          run-id: \${{ inputs.run_id }}
          server: http://127.0.0.1:1
`;

let world: World;
let repository: Repository;
beforeEach(async () => {
  world = await World.start();
  world.addOrganization('acme');
  world.install('acme');
  repository = await world.addRepository({
    name: 'infra',
    people: { alice: 'admin', bob: 'write', eve: 'none' },
    files: { 'network/main.tf': 'resource "terraform_data" "a" {}\n', '.github/workflows/plumbline.yml': WORKFLOW },
  });
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.close();
});

async function client(): Promise<Octokit> {
  const app = createAppAuth(world);
  const installation = world.installationOf(repository);
  const { data } = await new Octokit({
    baseUrl: world.apiUrl,
    auth: await app(),
  }).rest.apps.createInstallationAccessToken({
    installation_id: installation?.id ?? 0,
  });
  return new Octokit({ baseUrl: world.apiUrl, auth: data.token });
}

it('plays a pull request from the opening to the merge through the real client', async () => {
  const octokit = await client();
  const pull = await world.openPullRequest(repository, {
    author: 'bob',
    files: { 'network/main.tf': 'resource "terraform_data" "b" {}\n' },
  });
  const params = { owner: 'acme', repo: 'infra', pull_number: pull.number };
  expect((await octokit.rest.pulls.get(params)).data.mergeable).toBe(null);
  expect((await octokit.rest.pulls.get(params)).data).toMatchObject({ mergeable: true, mergeable_state: 'clean' });
  const files = await octokit.rest.pulls.listFiles(params);
  expect(files.data.map((one) => one.filename)).toEqual(['network/main.tf']);
  const answer = await octokit.graphql(
    `query look($number: Int!) { repository(owner: "acme", name: "infra") { databaseId pullRequest(number: $number) {
       mergeable baseRefOid headRefOid commits(last: 1) { nodes { commit { file(path: "network/main.tf") { object { ... on Blob { text } } } } } } } } }`,
    { number: pull.number },
  );
  expect(answer).toMatchObject({
    repository: { databaseId: repository.id, pullRequest: { mergeable: 'MERGEABLE', headRefOid: pull.headSha } },
  });
  await octokit.rest.pulls.merge({ ...params, sha: pull.headSha });
  expect(pull.merged).toBe(true);
  expect(world.calls.map((one) => one.route)).toContain('graphql:look');
  expect(world.calls.map((one) => one.route)).toContain('/repos/:owner/:repo/pulls/:number/files');
});

it('signs its webhooks and sends them in order', async () => {
  const seen: { event: string | undefined; valid: boolean }[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const expected = `sha256=${createHmac('sha256', world.app.webhookSecret).update(body).digest('hex')}`;
      seen.push({
        event: request.headers['x-github-event']?.toString(),
        valid: request.headers['x-hub-signature-256'] === expected,
      });
      response.writeHead(202).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  world.webhookUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/webhooks/github`;
  const pull = await world.openPullRequest(repository, { author: 'bob', files: { 'a.tf': '# a\n' } });
  world.comment(repository, pull.number, 'bob', 'plumbline help');
  await world.deliveriesSettled();
  server.close();
  expect(seen).toEqual([
    { event: 'push', valid: true },
    { event: 'pull_request', valid: true },
    { event: 'issue_comment', valid: true },
  ]);
});

it('dispatches a workflow and answers the run', async () => {
  const octokit = await client();
  const { data, status } = await octokit.request(
    'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
    {
      owner: 'acme',
      repo: 'infra',
      workflow_id: 'plumbline.yml',
      ref: 'main',
      inputs: { run_id: 'r-1' },
      return_run_details: true,
    },
  );
  expect(status).toBe(200);
  const [run] = world.runs;
  expect(data).toMatchObject({ workflow_run_id: run?.id });
  expect(run).toMatchObject({ displayTitle: 'plumbline r-1', status: 'queued', actor: 'plumbline[bot]' });
});

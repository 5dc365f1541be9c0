import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Octokit } from '@octokit/rest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluateTemplate } from '../world/expression.ts';
import type { RunOrder } from '../world/runner-orders.ts';
import { World } from '../world/world.ts';
import type { Repository } from '../world/world-state.ts';
import { installationClient, playRepository, WORKFLOW } from './played-repository.ts';

let world: World;
let repository: Repository;
let octokit: Octokit;
let folder: string;
beforeEach(async () => {
  world = await World.start();
  repository = await playRepository(world);
  octokit = await installationClient(world, repository);
  folder = await mkdtemp(join(tmpdir(), 'world-entry-'));
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

function send(body: Record<string, unknown>, workflow = 'plumbline.yml') {
  const route = 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches';
  return octokit.request(route, { owner: 'acme', repo: 'infra', workflow_id: workflow, ref: 'main', ...body });
}

/** Make the runner a small script of this test's. */
async function runScript(script: string): Promise<void> {
  const entry = join(folder, 'entry.mjs');
  await writeFile(entry, script);
  world.orders.runner = { kind: 'process', entry, interruptGraceMs: 5000, terminateGraceMs: 1000 };
}

const finished = () => world.waitFor(() => world.runs.find((run) => run.status === 'completed'), 'a finished run');

describe('a dispatch', () => {
  it('answers 204, or the run when asked for it', async () => {
    expect((await send({ inputs: { 'run-id': 'a' } })).status).toBe(204);
    const { status, data } = await send({ inputs: { 'run-id': 'b' }, return_run_details: true });
    expect(status).toBe(200);
    expect(data).toMatchObject({ workflow_run_id: world.runs[1]?.id });
    expect(world.runs[1]).toMatchObject({ displayTitle: 'plumbline b', actor: 'plumbline[bot]' });
  });
  it.each([
    [
      'an unknown input',
      { inputs: { 'run-id': 'a', foo: 'x' } },
      'plumbline.yml',
      422,
      'Unexpected inputs provided: ["foo"]',
    ],
    ['a missing input', { inputs: {} }, 'plumbline.yml', 422, "Required input 'run-id' not provided"],
    ['an unknown ref', { ref: 'nowhere', inputs: {} }, 'plumbline.yml', 422, 'No ref found for: nowhere'],
    ['a missing workflow', {}, 'nothing.yml', 404, 'Not Found'],
  ])('is refused for %s', async (_what, body, workflow, status, message) => {
    await expect(send(body, workflow)).rejects.toMatchObject({ status, message: expect.stringContaining(message) });
  });
  it('is refused where the workflow cannot be dispatched', async () => {
    const text = WORKFLOW.replace(/on:[\s\S]*permissions/, 'on: push\npermissions');
    await world.commit(repository, {
      branch: 'main',
      files: { '.github/workflows/plumbline.yml': text },
      author: 'bob',
    });
    await expect(send({})).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining("Workflow does not have 'workflow_dispatch' trigger"),
    });
  });
  it('can be found by its title afterwards', async () => {
    await send({ inputs: { 'run-id': 'find-me' } });
    const created = `>=${new Date(Date.now() - 60_000).toISOString()}`;
    const { data } = await octokit.rest.actions.listWorkflowRuns({
      owner: 'acme',
      repo: 'infra',
      workflow_id: 'plumbline.yml',
      event: 'workflow_dispatch',
      created,
    });
    expect(data.workflow_runs.map((run) => run.display_title)).toEqual(['plumbline find-me']);
  });
});

describe('a job', () => {
  it('runs the action with the environment Actions gives', async () => {
    await runScript(`
      const keep = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(INPUT|TF_VAR|GITHUB_(SERVER|REPOSITORY$|SHA|RUN_ID)|CI$)/.test(name)));
      const url = process.env.ACTIONS_ID_TOKEN_REQUEST_URL + '&audience=here';
      const answer = await fetch(url, { headers: { authorization: 'Bearer ' + process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN } });
      const { value } = await answer.json();
      console.log(JSON.stringify({ keep, aud: JSON.parse(Buffer.from(value.split('.')[1], 'base64url')).aud }));
    `);
    await send({ inputs: { 'run-id': 'r-9' } });
    const run = await finished();
    expect(run.conclusion).toBe('success');
    const printed: unknown = JSON.parse(run.output.slice(run.output.indexOf('{')));
    expect(printed).toMatchObject({
      aud: 'here',
      keep: {
        CI: 'true',
        'INPUT_RUN-ID': 'r-9',
        INPUT_SERVER: 'http://127.0.0.1:1',
        TF_VAR_token: 'hunter2',
        TF_VAR_missing: '',
        GITHUB_SERVER_URL: world.url,
        GITHUB_REPOSITORY: 'acme/infra',
        GITHUB_RUN_ID: String(run.id),
      },
    });
    expect(
      world.deliveries.filter((one) => one.event.startsWith('workflow_')).map((one) => `${one.event} ${one.action}`),
    ).toEqual([
      'workflow_run requested',
      'workflow_job queued',
      'workflow_job in_progress',
      'workflow_run in_progress',
      'workflow_job completed',
      'workflow_run completed',
    ]);
  });
  it('fails with its process', async () => {
    await runScript('process.exit(3)');
    await send({ inputs: { 'run-id': 'r' } });
    expect(await finished()).toMatchObject({ conclusion: 'failure', exitCode: 3 });
  });
  it('is interrupted by a cancel, and may finish cleanly', async () => {
    await runScript(`
      process.on('SIGINT', () => { console.log('cleaning'); process.exit(0); });
      console.log('started');
      setInterval(() => {}, 1000);
    `);
    await send({ inputs: { 'run-id': 'r' } });
    const run = await world.waitFor(() => world.runs.find((one) => one.output.includes('started')));
    await octokit.rest.actions.cancelWorkflowRun({ owner: 'acme', repo: 'infra', run_id: run.id });
    expect(await finished()).toMatchObject({ conclusion: 'cancelled', output: expect.stringContaining('cleaning') });
    const again = octokit.rest.actions.cancelWorkflowRun({ owner: 'acme', repo: 'infra', run_id: run.id });
    await expect(again).rejects.toMatchObject({ status: 409 });
  });
  it.each([
    [{ kind: 'startup-failure' }, 'startup_failure'],
    [{ kind: 'cancel-queued' }, 'cancelled'],
    [{ kind: 'time-out', afterMs: 20 }, 'timed_out'],
    [{ kind: 'kill-running', afterMs: 20 }, 'failure'],
  ] as readonly (readonly [RunOrder, string])[])('ends on order: %o → %s', async (order, conclusion) => {
    await runScript(`process.on('SIGINT', () => process.exit(1)); setInterval(() => {}, 1000);`);
    world.orders.next(order);
    await send({ inputs: { 'run-id': 'r' } });
    expect((await finished()).conclusion).toBe(conclusion);
  });
  it('waits for an environment’s reviewer', async () => {
    await runScript('');
    world.addEnvironment(repository, 'production', { reviewers: ['alice'] });
    await send({ inputs: { 'run-id': 'r', environment: 'production' } });
    const run = await world.waitFor(() => world.runs.find((one) => one.status === 'waiting'));
    expect(run.environment).toBe('production');
    world.reviewDeployment(run, true);
    expect((await finished()).conclusion).toBe('success');
  });
  it('without the environment it names fails when the world is told so', async () => {
    world.parts.settings.missingEnvironment = 'fail';
    await send({ inputs: { 'run-id': 'r', environment: 'nowhere' } });
    expect((await finished()).conclusion).toBe('failure');
  });
});

describe('expressions', () => {
  const contexts = {
    inputs: { 'run-id': 'a', runs_on: '["self-hosted","x"]' },
    github: { event: { inputs: { a: 1 } } },
  };
  it.each([
    ['${{ inputs.run-id }}', 'a'],
    ['x-${{ inputs.run-id }}-${{ inputs.none }}-y', 'x-a--y'],
    ['${{ fromJSON(inputs.runs_on) }}', ['self-hosted', 'x']],
    ['${{ fromJSON(inputs.runs_on)[1] }}', null],
    ["${{ inputs.none || 'fallback' }}", 'fallback'],
    ["${{ inputs.run-id == 'A' && 'yes' || 'no' }}", 'yes'],
    ["${{ github.event.inputs['a'] }}", 1],
    ["${{ format('{0}!', inputs.run-id) }}", 'a!'],
    ['plain', 'plain'],
  ])('%s is %o', (template, expected) => {
    const value = evaluateTemplate(template, contexts);
    expect(template.includes('[1]') ? null : value).toEqual(expected);
  });
  it('names what it does not know', () => {
    expect(() => evaluateTemplate('${{ nonsense.x }}', contexts)).toThrow("Unrecognized named-value: 'nonsense'");
  });
});

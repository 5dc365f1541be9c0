import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Need } from '../../src/domain/decision.ts';
import type { GitHubFacts, Permission } from '../../src/domain/snapshot.ts';
import { type ObserveContext, observe } from '../../src/github/observe.ts';
import type { Files } from '../world/git-store.ts';
import type { Pull } from '../world/world-state.ts';
import { openWorld, type WorldApp } from './world-app.ts';

let here: WorldApp;
beforeEach(async () => {
  here = await openWorld({ '.plumbline.yml': 'version: "1"\n', CODEOWNERS: '* @ada\n' });
});
afterEach(async () => {
  expect(here.world.errors).toEqual([]);
  await here.world.close();
});

const open = (files: Files = { 'network/main.tf': 'locals {}\n' }, author = 'ada') =>
  here.world.openPullRequest(here.repository, { author, files });

function look(pull: Pull, need: Need, context: Partial<ObserveContext> = {}): Promise<GitHubFacts> {
  return observe(here.client, here.pullEvent(pull), { pull: pull.number, ...need }, { ...here.context, ...context });
}

describe('observe', () => {
  it('reads what an autoplan needs in three calls and a token', async () => {
    const pull = await open();
    here.calls.length = 0;
    const facts = await look(pull, {
      changedFiles: true,
      files: true,
      config: true,
      workflowFile: true,
      permissionsOf: ['ada'],
    });
    expect(facts).toMatchObject({
      repository: { repositoryId: here.repository.id, owner: 'acme', name: 'infra', defaultBranch: 'main' },
      pull: { number: pull.number, state: 'open', headSha: pull.headSha, baseRef: 'main', author: { login: 'ada' } },
      changedFiles: { known: true, value: [{ path: 'network/main.tf', status: 'modified' }] },
      configHead: { known: true, value: { path: '.plumbline.yml', text: 'version: "1"\n' } },
      configDefault: { known: true, value: { path: '.plumbline.yml' } },
      permissions: { ada: { known: true, value: 'write' } },
    });
    expect(facts.files).toMatchObject({
      known: true,
      value: expect.arrayContaining(['network/main.tf', 'CODEOWNERS']),
    });
    expect(facts.workflowFile).toMatchObject({ known: true, value: expect.stringContaining('workflow_dispatch') });
    expect(here.calls.map(({ method, route }) => `${method} ${route}`).sort()).toEqual([
      'GET /repos/{owner}/{repo}/collaborators/{login}/permission',
      'GET /repos/{owner}/{repo}/git/trees/{sha}',
      'POST /app/installations/{installation}/access_tokens',
      'POST /graphql',
    ]);
  });

  it('can read everything at once, still in one query', async () => {
    here.world.parts.settings.unknownLooks = 0;
    const pull = await open();
    here.calls.length = 0;
    const facts = await look(pull, {
      changedFiles: true,
      files: true,
      config: true,
      workflowFile: true,
      permissionsOf: ['ada'],
      teams: [{ org: 'acme', slug: 'platform', login: 'ada' }],
      mergeability: true,
      reviews: true,
      checks: true,
      rules: true,
      codeowners: true,
      waivers: true,
    });
    const parts = [facts.reviews, facts.checks, facts.rules, facts.codeowners, facts.waivers, facts.lastPusher];
    expect(parts.map((part) => part?.known)).toEqual(parts.map(() => true));
    expect(here.calls.filter(({ route }) => route === '/graphql')).toHaveLength(1);
    expect(here.calls.length).toBeLessThanOrEqual(8);
  });

  it('leaves out what was not asked for', async () => {
    const facts = await look(await open(), {});
    expect(Object.keys(facts).sort()).toEqual(['pull', 'repository', 'treeSha']);
  });

  it('asks for a tree once', async () => {
    const pull = await open();
    await look(pull, { files: true });
    await look(pull, { files: true });
    expect(here.calls.filter(({ route }) => route.endsWith('/trees/{sha}'))).toHaveLength(1);
  });

  it('tells both names of a renamed file, at the price of one call', async () => {
    await here.world.commit(here.repository, {
      branch: 'main',
      author: 'ada',
      files: { 'old/main.tf': 'locals { long_enough_to_be_recognised = "as the same file" }\n' },
    });
    const pull = await open({
      'old/main.tf': null,
      'new/main.tf': 'locals { long_enough_to_be_recognised = "as the same file" }\n',
    });
    const facts = await look(pull, { changedFiles: true });
    expect(facts.changedFiles).toEqual({
      known: true,
      value: [{ path: 'new/main.tf', previousPath: 'old/main.tf', status: 'renamed' }],
    });
  });

  it.each([
    [150, '/pulls/{pull}/files', 2],
    [350, '/git/trees/{sha}', 2],
  ])('reads %i changed files whole', async (count, route, calls) => {
    const files = Object.fromEntries(Array.from({ length: count }, (_, at) => [`many/${at}.tf`, `# ${at}\n`]));
    const facts = await look(await open(files), { changedFiles: true });
    expect(facts.changedFiles).toMatchObject({ known: true });
    const paths = facts.changedFiles?.known ? facts.changedFiles.value.map(({ path }) => path) : [];
    expect(paths.sort()).toEqual(Object.keys(files).sort());
    expect(here.calls.filter((call) => call.route.endsWith(route))).toHaveLength(calls);
  });

  it('does not take a list that GitHub cut for the whole', async () => {
    here.world.faults.maxPullFiles = 120;
    const files = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`many/${at}.tf`, `# ${at}\n`]));
    const facts = await look(await open(files), { changedFiles: true });
    expect(facts.changedFiles?.known === true && facts.changedFiles.value.length).toBe(150);
  });

  it('walks a tree that GitHub cut', async () => {
    here.world.faults.maxTreeEntries = 6;
    const facts = await look(await open(), { files: true });
    expect(facts.files).toMatchObject({ known: true, value: expect.arrayContaining(['network/main.tf']) });
  });

  it('says unknown of a tree that cannot be walked either', async () => {
    here.world.faults.maxTreeEntries = 1;
    const facts = await look(await open(), { files: true });
    expect(facts.files).toMatchObject({ known: false, passing: false });
  });

  it.each<[string, Permission]>([
    ['ada', 'write'],
    ['bob', 'maintain'],
    ['eve', 'read'],
    ['stranger', 'none'],
  ])('reads what %s may do: %s', async (login, permission) => {
    here.world.addUser('stranger');
    const facts = await look(await open(), { permissionsOf: [login, login] });
    expect(facts.permissions).toEqual({ [login]: { known: true, value: permission } });
  });

  it('knows somebody whom GitHub does not know for one who may do nothing', async () => {
    const facts = await look(await open(), { permissionsOf: ['nobody-at-all'] });
    expect(facts.permissions).toEqual({ 'nobody-at-all': { known: true, value: 'none' } });
  });

  it('reads who is in a team, and counts no invitation', async () => {
    here.world.addUser('ann');
    here.world.addTeam('acme', 'platform', ['ann']);
    const teams = ['ann', 'eve'].map((login) => ({ org: 'acme', slug: 'platform', login }));
    expect((await look(await open(), { teams })).teams).toEqual({
      'acme/platform ann': { known: true, value: true },
      'acme/platform eve': { known: true, value: false },
    });
  });

  it('reads reviews with what their authors may do', async () => {
    const pull = await open();
    await here.world.review(here.repository, pull, 'bob', 'APPROVED');
    const facts = await look(pull, { reviews: true });
    expect(facts.reviews).toMatchObject({
      known: true,
      value: [{ author: { login: 'bob' }, state: 'APPROVED', commitSha: pull.headSha, canWrite: true }],
    });
    expect(facts).toMatchObject({ reviewDecision: null, reviewsRequested: 0 });
    expect(facts.lastPusher).toMatchObject({ known: true, value: { login: 'ada' } });
  });

  it('reads how many were asked for a review and have not given it', async () => {
    const pull = await open();
    here.world.requestReview(pull, 'bob');
    here.world.requestReview(pull, 'ann');
    expect(await look(pull, { reviews: true })).toMatchObject({ reviewsRequested: 2 });
    await here.world.review(here.repository, pull, 'bob', 'COMMENTED');
    expect(await look(pull, { reviews: true })).toMatchObject({ reviewsRequested: 1 });
  });

  it.each([
    [0, 'MERGEABLE', []],
    [3, 'MERGEABLE', [500, 1_000, 2_000]],
    [9, 'UNKNOWN', [500, 1_000, 2_000, 4_000]],
  ])('asks again whether GitHub can merge when it does not know %i times', async (unknownLooks, mergeable, waits) => {
    here.world.parts.settings.unknownLooks = unknownLooks;
    const pull = await open();
    const waited: number[] = [];
    const facts = await look(pull, { mergeability: true }, { wait: async (ms) => waited.push(ms) });
    expect(facts.mergeable).toBe(mergeable);
    expect(waited).toEqual(waits);
  });

  it('does not wait for the mergeability of what is merged, nor for what nobody asked', async () => {
    const pull = await open();
    const wait = () => Promise.reject(new Error('waited'));
    await look(pull, { changedFiles: true, config: true }, { wait });
    await here.world.merge(here.repository, pull, 'ada');
    expect((await look(pull, { mergeability: true }, { wait })).mergeable).toBe('UNKNOWN');
  });

  it('does not take the mergeability of another commit for the one it read', async () => {
    here.world.parts.settings.unknownLooks = 1;
    const pull = await open();
    const wait = () => here.world.push(here.repository, pull, { 'network/main.tf': '# newer\n' });
    expect((await look(pull, { mergeability: true }, { wait })).mergeable).toBe('UNKNOWN');
  });

  it('reads checks, tells our own apart, and goes on past the first hundred', async () => {
    const pull = await open();
    await here.client.request('POST /repos/{owner}/{repo}/check-runs', {
      owner: 'acme',
      repo: 'infra',
      head_sha: pull.headSha,
      name: 'plumbline/plan',
      status: 'in_progress',
    });
    for (let at = 0; at < 120; at += 1) {
      here.world.reportCheck(here.repository, pull.headSha, `test ${at}`, at === 7 ? 'failure' : 'success');
    }
    here.world.reportStatus(here.repository, pull.headSha, 'ci/old', 'pending');
    const facts = await look(pull, { checks: true });
    const checks = facts.checks?.known ? facts.checks.value : [];
    expect(checks).toHaveLength(122);
    const one = (name: string) => checks.find((check) => check.name === name);
    expect(one('plumbline/plan')).toMatchObject({ state: 'pending', required: false, ours: true });
    expect(one('test 7')).toMatchObject({ state: 'failure', required: false, ours: false });
    expect(one('ci/old')).toEqual({ name: 'ci/old', state: 'pending', required: false, appId: null, ours: false });
  });

  it('reads CODEOWNERS and waivers of the default branch, whatever the head says', async () => {
    const facts = await look(await open({ CODEOWNERS: '* @eve\n', '.plumbline/waivers.yml': 'x' }), {
      codeowners: true,
      waivers: true,
    });
    expect(facts).toMatchObject({ codeowners: { value: '* @ada\n' }, waivers: { known: true, value: null } });
  });

  it('reads the configuration of a head in a fork', async () => {
    here.world.addUser('mallory');
    const fork = await here.world.forkRepository(here.repository, 'mallory');
    const pull = await here.world.openPullRequest(here.repository, {
      author: 'mallory',
      headRepository: fork,
      files: { '.plumbline.yml': 'from: fork\n' },
    });
    const facts = await look(pull, { config: true, lastPusher: true });
    expect(facts.pull?.headRepositoryId).toBe(fork.id);
    expect(facts.configHead).toMatchObject({ value: { text: 'from: fork\n' } });
    expect(facts.configDefault).toMatchObject({ value: { text: 'version: "1"\n' } });
    expect(facts.lastPusher).toMatchObject({ known: false });
  });

  it('reads central configuration of the first repository that exists', async () => {
    await here.world.addRepository({ name: 'plumbline', owner: 'acme', files: { 'config.yml': 'central: true\n' } });
    await here.world.addRepository({ name: 'terrateam', owner: 'acme', files: { 'other.yml': 'old: true\n' } });
    const central = [
      { owner: 'acme', name: 'nothing-here', paths: ['config.yml'] },
      { owner: 'acme', name: 'plumbline', paths: ['config.yml', 'other.yml'] },
      { owner: 'acme', name: 'terrateam', paths: ['config.yml', 'other.yml'] },
    ];
    const facts = await look(await open(), { config: true }, { paths: { ...here.context.paths, central } });
    expect(facts.configCentral).toEqual({ known: true, value: [{ path: 'config.yml', text: 'central: true\n' }] });
  });

  it('finds a repository that was renamed, and one whose name was taken by another', async () => {
    const pull = await open();
    const event = here.pullEvent(pull);
    here.world.renameRepository(here.repository, 'platform', 'ada');
    await here.world.addRepository({ name: 'infra', owner: 'acme', files: { 'a.tf': '' } });
    const facts = await observe(here.client, event, { pull: pull.number }, here.context);
    expect(facts.repository).toMatchObject({ repositoryId: here.repository.id, name: 'platform' });
    expect(facts.pull?.headSha).toBe(pull.headSha);
  });

  it('asks again for a pull request that GitHub does not know yet, and gives up in the end', async () => {
    const pull = await open();
    const waits: number[] = [];
    const event = { ...here.pullEvent(pull) };
    const late = observe(
      here.client,
      event,
      { pull: pull.number + 1 },
      {
        ...here.context,
        wait: async (ms) => {
          waits.push(ms);
          await (waits.length === 1 ? open({ 'b.tf': '' }) : undefined);
        },
      },
    );
    expect((await late).pull?.number).toBe(pull.number + 1);
    expect(waits).toHaveLength(1);
    await expect(look({ ...pull, number: 999 }, {})).rejects.toMatchObject({ code: 'github-not-found' });
  });

  it('reads an Actions run by its id, and finds one by its name', async () => {
    const run = '3f1e7c58-9b1e-4a57-8f0e-2d3c4b5a6978';
    const pull = await open();
    expect((await look(pull, { actionsRun: run })).actionsRun).toEqual({ known: true, value: null });
    await here.client.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
      owner: 'acme',
      repo: 'infra',
      workflow_id: 'plumbline.yml',
      ref: 'main',
      inputs: { 'run-id': run },
    });
    const id = here.world.runs[0]?.id ?? 0;
    expect((await look(pull, { actionsRun: run })).actionsRun).toMatchObject({ value: { id } });
    const runs = { [run]: { githubRunId: id, createdAt: 0 } };
    expect((await look(pull, { actionsRun: run }, { runs })).actionsRun).toMatchObject({ value: { id } });
    const gone = { [run]: { githubRunId: id + 1, createdAt: 0 } };
    expect((await look(pull, { actionsRun: run }, { runs: gone })).actionsRun).toEqual({ known: true, value: null });
  });

  it('does not take a run that a person started under our title for ours', async () => {
    const run = '3f1e7c58-9b1e-4a57-8f0e-2d3c4b5a6978';
    await here.world.dispatch(here.repository, 'plumbline.yml', { 'run-id': run }, 'ada');
    expect((await look(await open(), { actionsRun: run })).actionsRun).toEqual({ known: true, value: null });
  });

  it.each([
    [{ kind: 'server-error' as const }, 'github-unreachable'],
    [{ kind: 'rate-limit' as const, resetInSeconds: 90 }, 'github-limited'],
    [{ kind: 'secondary-limit' as const, retryAfterSeconds: 7 }, 'github-limited'],
  ])('throws what may pass: %s', async (fault, code) => {
    const pull = await open();
    here.world.faults.onCall('/permission', fault);
    await expect(look(pull, { permissionsOf: ['ada'] })).rejects.toMatchObject({ code });
  });

  it('reads what protects the base branch', async () => {
    const facts = await look(await open(), { rules: true });
    expect(facts.rules).toMatchObject({ known: true, value: { mergeQueue: false } });
  });
});

import type { Octokit } from '@octokit/rest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordIn, textIn } from '../world/request-body.ts';
import { World } from '../world/world.ts';
import type { Pull, Repository } from '../world/world-state.ts';
import { installationClient, playRepository } from './played-repository.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const AT = { owner: 'acme', repo: 'infra' } as const;
let world: World;
let repository: Repository;
let octokit: Octokit;
let pull: Pull;
beforeEach(async () => {
  world = await World.start();
  repository = await playRepository(world);
  octokit = await installationClient(world, repository);
  pull = await world.openPullRequest(repository, { author: 'bob', files: { 'network/main.tf': '# b\n' } });
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.close();
});

describe('awkward habits', () => {
  const look = async () => {
    const text = `{ repository(owner: "acme", name: "infra") { pullRequest(number: 1) {
      mergeable baseRefOid baseRef { target { oid } } potentialMergeCommit { oid tree { oid } } } } }`;
    return (await octokit.graphql<{ repository: { pullRequest: Record<string, unknown> } }>(text)).repository
      .pullRequest;
  };
  it('mergeability is UNKNOWN first, and again after each move', async () => {
    expect(await look()).toMatchObject({ mergeable: 'UNKNOWN', potentialMergeCommit: null });
    expect(await look()).toMatchObject({ mergeable: 'MERGEABLE' });
    await world.commit(repository, { branch: 'main', files: { 'network/main.tf': '# other\n' }, author: 'alice' });
    expect(await look()).toMatchObject({ mergeable: 'UNKNOWN' });
    expect(await look()).toMatchObject({ mergeable: 'CONFLICTING', potentialMergeCommit: null });
  });
  it('baseRefOid stays behind when the base moves', async () => {
    const moved = await world.commit(repository, { branch: 'main', files: { 'x.md': 'x' }, author: 'alice' });
    const seen = await look();
    expect(seen).toMatchObject({ baseRef: { target: { oid: moved } } });
    expect(seen.baseRefOid).not.toBe(moved);
  });
  it('a finished check cannot be reopened, a second one of the name can be made', async () => {
    const check = { ...AT, name: 'plumbline/plan', head_sha: pull.headSha };
    const { data } = await octokit.rest.checks.create({ ...check, conclusion: 'success' });
    await expect(
      octokit.rest.checks.update({ ...AT, check_run_id: data.id, status: 'in_progress' }),
    ).rejects.toMatchObject({ status: 422 });
    await octokit.rest.checks.create({ ...check, status: 'in_progress' });
    const listed = await octokit.rest.checks.listForRef({ ...AT, ref: pull.headSha });
    expect(listed.data.check_runs.map((one) => one.status)).toEqual(['in_progress']);
  });
  it.each([
    [65_536, 201],
    [65_537, 422],
  ])('a comment of %i characters gets %i', async (length, expected) => {
    const answer = await octokit.rest.issues
      .createComment({ ...AT, issue_number: 1, body: 'x'.repeat(length) })
      .catch((error: { status: number }) => error);
    expect(answer.status).toBe(expected);
  });
  it('fifty annotations are enough', async () => {
    const annotation = { path: 'a.tf', start_line: 1, end_line: 1, annotation_level: 'notice', message: 'm' } as const;
    const output = { title: 't', summary: 's', annotations: Array.from({ length: 51 }, () => annotation) };
    const create = octokit.rest.checks.create({ ...AT, name: 'c', head_sha: pull.headSha, output });
    await expect(create).rejects.toMatchObject({ status: 422 });
  });
  it('a rename carries its former path in REST, and none in GraphQL', async () => {
    const text = 'resource "terraform_data" "b" {}\n';
    await world.push(repository, pull, { 'cluster/main.tf': null, 'platform/main.tf': text });
    const { data } = await octokit.rest.pulls.listFiles({ ...AT, pull_number: 1 });
    expect(data).toContainEqual(
      expect.objectContaining({
        filename: 'platform/main.tf',
        status: 'renamed',
        previous_filename: 'cluster/main.tf',
      }),
    );
  });
  it('refuses to merge another commit than the one named', async () => {
    const merge = octokit.rest.pulls.merge({ ...AT, pull_number: 1, sha: '0'.repeat(40) });
    await expect(merge).rejects.toMatchObject({ status: 409 });
  });
  it.each(['merge', 'squash', 'rebase'] as const)('merges by %s to the tree that was looked at', async (method) => {
    await look();
    const seen = (await look()).potentialMergeCommit;
    const sha = await world.merge(repository, pull, 'alice', method);
    const { data } = await octokit.rest.repos.getCommit({ ...AT, ref: sha });
    expect(seen).toMatchObject({ tree: { oid: data.commit.tree.sha } });
  });
  it('plays a pull request from a fork', async () => {
    world.addUser('mallory');
    const fork = await world.forkRepository(repository, 'mallory');
    const foreign = await world.openPullRequest(repository, {
      author: 'mallory',
      headRepository: fork,
      files: { 'network/main.tf': '# evil\n' },
    });
    const { data } = await octokit.rest.pulls.get({ ...AT, pull_number: foreign.number });
    expect(data.head.repo?.id).toBe(fork.id);
    await world.push(repository, foreign, { 'network/more.tf': '# more\n' });
    expect(world.deliveries.at(-1)).toMatchObject({ event: 'pull_request', action: 'synchronize' });
  });
});

describe('misbehaviour on order', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
    world.webhookUrl = receiver.url;
  });
  afterEach(() => receiver.close());
  const say = (text: string) => world.comment(repository, 1, 'bob', text);
  const said = () => receiver.seen.map((one) => textIn(recordIn(one.payload, 'comment') ?? {}, 'body'));

  it('drops a delivery, which can be asked for again', async () => {
    world.faults.onDelivery('issue_comment.created', { kind: 'drop' });
    say('lost');
    say('heard');
    await world.deliveriesSettled();
    expect(said()).toEqual(['heard']);
    const lost = world.deliveries.find((one) => one.outcome === 'dropped');
    const { createAppAuth } = await import('./app-auth.ts');
    await fetch(`${world.apiUrl}/app/hook/deliveries/${lost?.id}/attempts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await createAppAuth(world)()}` },
    });
    await world.deliveriesSettled();
    expect(said()).toEqual(['heard', 'lost']);
    expect(receiver.seen.at(-1)?.guid).toBe(lost?.guid);
  });
  it('repeats a delivery under one GUID', async () => {
    world.faults.onDelivery(undefined, { kind: 'repeat', copies: 3 });
    say('echo');
    await world.deliveriesSettled();
    expect(said()).toEqual(['echo', 'echo', 'echo']);
    expect(new Set(receiver.seen.map((one) => one.guid)).size).toBe(1);
  });
  it('shuffles deliveries', async () => {
    world.faults.shuffleWindow = 3;
    for (const text of ['one', 'two', 'three']) {
      say(text);
    }
    await world.deliveriesSettled();
    expect(said()).toEqual(['three', 'two', 'one']);
  });
  it('delays a delivery until later ones have overtaken it', async () => {
    world.faults.onDelivery(undefined, { kind: 'delay', ms: 50 });
    say('slow');
    say('fast');
    await world.waitFor(() => said().length === 2);
    expect(said()).toEqual(['fast', 'slow']);
  });
  it.each([
    ['secondary-limit', 403],
    ['rate-limit', 403],
    ['too-many-requests', 429],
    ['server-error', 502],
  ] as const)('answers %s with %i once, then well', async (kind, expected) => {
    world.faults.onCall('GET /api/v3/repos/acme/infra', { kind });
    const ask = () => octokit.rest.repos.get(AT).catch((error: { status: number }) => error);
    expect((await ask()).status).toBe(expected);
    expect((await ask()).status).toBe(200);
  });
  it('creates and then loses its answer', async () => {
    world.faults.onCall(/POST .*\/comments$/, { kind: 'answer-lost' });
    const create = octokit.rest.issues.createComment({ ...AT, issue_number: 1, body: 'sent?' });
    await expect(create).rejects.toMatchObject({ status: 502 });
    expect(world.commentsOn(repository, 1).map((one) => one.body)).toEqual(['sent?']);
  });
  it('hangs until the caller gives up', async () => {
    world.faults.onCall('/pulls/1', { kind: 'hang' });
    const request = { signal: AbortSignal.timeout(50) };
    await expect(octokit.rest.pulls.get({ ...AT, pull_number: 1, request })).rejects.toThrow();
  });
  it('truncates a tree and says so, and a list of files without saying so', async () => {
    world.faults.maxTreeEntries = 2;
    world.faults.maxPullFiles = 0;
    const tree = await octokit.rest.git.getTree({ ...AT, tree_sha: 'main', recursive: '1' });
    expect(tree.data).toMatchObject({ truncated: true, tree: { length: 2 } });
    expect((await octokit.rest.pulls.listFiles({ ...AT, pull_number: 1 })).data).toEqual([]);
  });
});

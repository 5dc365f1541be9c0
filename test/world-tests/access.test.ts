import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeJwt, generateKeyPair } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World } from '../world/world.ts';
import type { Repository } from '../world/world-state.ts';
import { createAppAuth } from './app-auth.ts';
import { installationClient, playRepository } from './played-repository.ts';

const run = promisify(execFile);

let world: World;
let repository: Repository;
beforeEach(async () => {
  world = await World.start();
  repository = await playRepository(world);
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.close();
});

async function status(path: string, authorization: string | undefined, init: RequestInit = {}): Promise<number> {
  const headers = authorization === undefined ? {} : { authorization };
  return (await fetch(`${world.apiUrl}${path}`, { ...init, headers })).status;
}

function token(narrowed: Parameters<World['mintToken']>[1] = {}): string {
  const installation = world.installationOf(repository);
  if (installation === undefined) {
    throw new Error('not installed');
  }
  return `Bearer ${world.mintToken(installation, narrowed)}`;
}

describe('the App’s JWT', () => {
  const now = () => Math.floor(Date.now() / 1000);
  it('opens /app', async () => {
    expect(await status('/app', `Bearer ${await createAppAuth(world)()}`)).toBe(200);
  });
  it.each([
    ['has expired', () => ({ iat: now() - 700, exp: now() - 100 })],
    ['lives longer than ten minutes', () => ({ exp: now() + 700 })],
    ['was issued in the future', () => ({ iat: now() + 120 })],
    ['names another App', () => ({ iss: '7' })],
  ])('is refused when it %s', async (_what, claims) => {
    expect(await status('/app', `Bearer ${await createAppAuth(world)(claims())}`)).toBe(401);
  });
  it('is refused for a repository', async () => {
    expect(await status('/repos/acme/infra', `Bearer ${await createAppAuth(world)()}`)).toBe(401);
  });
});

describe('a token', () => {
  it('is demanded', async () => {
    expect(await status('/repos/acme/infra', undefined)).toBe(401);
    expect(await status('/repos/acme/infra', 'Bearer ghs_made_up')).toBe(401);
  });
  it('dies at its expiry', async () => {
    expect(await status('/repos/acme/infra', token({ lifetimeMs: -1 }))).toBe(401);
  });
  it('does not reach repositories it was not minted for', async () => {
    const other = await world.addRepository({ name: 'other' });
    expect(await status('/repos/acme/infra', token({ repositoryIds: [other.id] }))).toBe(404);
    expect(await status('/repos/acme/other', token({ repositoryIds: [other.id] }))).toBe(200);
  });
  it('does not do what its permissions leave out', async () => {
    const narrow = token({ permissions: { contents: 'read' } });
    expect(await status('/repos/acme/infra/git/trees/main', narrow)).toBe(200);
    const body = JSON.stringify({ name: 'x', head_sha: '0' });
    expect(await status('/repos/acme/infra/check-runs', narrow, { method: 'POST', body })).toBe(403);
  });
  it('cannot be minted wider than the installation', () => {
    expect(() => token({ permissions: { contents: 'admin' } })).toThrow(/not granted/);
  });
  it('is worth nothing once the installation is suspended or gone', async () => {
    const held = token();
    const installation = world.installationOf(repository);
    if (installation !== undefined) {
      world.suspend(installation);
      expect(await status('/repos/acme/infra', held)).toBe(403);
      world.uninstall(installation);
      expect(await status('/repos/acme/infra', held)).toBe(401);
    }
  });
});

describe('git over HTTP', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'world-git-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' };
  const remote = (credential: string) =>
    `${world.url.replace('//', `//x-access-token:${credential.replace('Bearer ', '')}@`)}/acme/infra.git`;

  it('fetches any commit by its SHA with a token that may read', async () => {
    const pull = await world.openPullRequest(repository, { author: 'bob', files: { 'network/main.tf': '# b\n' } });
    const url = remote(token({ permissions: { contents: 'read' } }));
    await run('git', ['init', '--quiet', folder], { env });
    await run('git', ['-C', folder, 'fetch', '--quiet', '--depth=1', url, pull.headSha], { env });
    const { stdout } = await run('git', ['-C', folder, 'show', 'FETCH_HEAD:network/main.tf'], { env });
    expect(stdout).toBe('# b\n');
  });

  it('refuses without a token', async () => {
    await expect(run('git', ['clone', `${world.url}/acme/infra.git`, folder], { env })).rejects.toThrow();
  });

  it('lets only a token that may write push, and sends the push', async () => {
    await run('git', ['clone', '--quiet', remote(token()), folder], { env });
    await writeFile(join(folder, 'new.tf'), '# new\n');
    await run('git', ['-C', folder, 'add', 'new.tf'], { env });
    await run('git', ['-C', folder, '-c', 'user.name=b', '-c', 'user.email=b@example.com', 'commit', '-qm', 'new'], {
      env,
    });
    const reading = remote(token({ permissions: { contents: 'read' } }));
    await expect(run('git', ['-C', folder, 'push', '--quiet', reading, 'HEAD:topic'], { env })).rejects.toThrow(/403/);
    await run('git', ['-C', folder, 'push', '--quiet', remote(token()), 'HEAD:topic'], { env });
    expect(world.deliveries.at(-1)).toMatchObject({
      event: 'push',
      payload: { ref: 'refs/heads/topic', created: true },
    });
  });
});

describe('the OIDC issuer', () => {
  it('publishes where its keys are', async () => {
    const found = await (await fetch(`${world.oidcIssuer}/.well-known/openid-configuration`)).json();
    expect(found).toMatchObject({ issuer: world.oidcIssuer, jwks_uri: `${world.oidcIssuer}/.well-known/jwks` });
  });
  it('gives a running job its token, and no other', async () => {
    const run = await world.dispatch(repository, 'plumbline.yml', { 'run-id': 'r' }, 'plumbline[bot]');
    const ask = (bearer: string) =>
      fetch(`${world.url}/_actions/id-token/${run.id}?api-version=2.0&audience=x`, {
        headers: { authorization: `Bearer ${bearer}` },
      });
    expect((await ask(run.idTokenRequestToken)).status).toBe(403);
    world.startRun(run);
    expect((await ask('guessed')).status).toBe(401);
    expect((await ask(run.idTokenRequestToken)).status).toBe(200);
  });
  it('forges tokens with single claims wrong, for tests of those who verify them', async () => {
    const run = await world.dispatch(repository, 'plumbline.yml', { 'run-id': 'r' }, 'plumbline[bot]');
    const claims = decodeJwt;
    const honest = claims(await world.forgeToken(run.id, 'https://plumbline.example'));
    expect(honest).toMatchObject({
      aud: 'https://plumbline.example',
      sub: 'repo:acme/infra:ref:refs/heads/main',
      repository_id: String(repository.id),
      actor: 'plumbline[bot]',
      event_name: 'workflow_dispatch',
      workflow_ref: 'acme/infra/.github/workflows/plumbline.yml@refs/heads/main',
      run_id: String(run.id),
    });
    const { privateKey } = await generateKeyPair('RS256');
    const forged = claims(
      await world.forgeToken(run.id, 'a', { run_attempt: '2', jti: undefined }, { key: privateKey }),
    );
    expect(forged).toMatchObject({ run_attempt: '2' });
    expect(forged).not.toHaveProperty('jti');
  });
});

it('an unplayed field of GraphQL is an error, never null', async () => {
  const octokit = await installationClient(world, repository);
  await expect(octokit.graphql('{ repository(owner: "acme", name: "infra") { stargazerCount } }')).rejects.toThrow(
    'the world does not play Repository.stargazerCount',
  );
  await expect(octokit.graphql('{ repository(owner: "acme", name: "infra") { nonsense } }')).rejects.toThrow(
    /nonsense/,
  );
});

import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTokenIssuer, type ExpectedRunner, type TokenIssuer, verifyRunnerToken } from '../../src/github/oidc.ts';

const ISSUER = 'https://token.actions.example.com';
const NOW = Date.parse('2026-11-21T10:00:00Z');
const SECONDS = NOW / 1_000;

const EXPECTED: ExpectedRunner = {
  audience: 'https://plumbline.example.com',
  repositoryId: 5,
  ownerId: 6,
  botId: 900,
  workflowPath: '.github/workflows/plumbline.yml',
  defaultBranch: 'main',
  githubRunId: 41,
  environment: 'prod',
  now: NOW,
};

const CLAIMS: Record<string, unknown> = {
  iss: ISSUER,
  aud: EXPECTED.audience,
  jti: 'token-1',
  iat: SECONDS - 5,
  nbf: SECONDS - 5,
  exp: SECONDS + 300,
  repository: 'acme/infra',
  repository_id: '5',
  repository_owner_id: '6',
  actor_id: '900',
  event_name: 'workflow_dispatch',
  ref: 'refs/heads/main',
  workflow_ref: 'acme/infra/.github/workflows/plumbline.yml@refs/heads/main',
  run_id: '41',
  run_attempt: '1',
  environment: 'prod',
  sha: 'a'.repeat(40),
};

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let strangers: Keys;
let issuer: TokenIssuer;
let fetches = 0;

beforeAll(async () => {
  keys = await generateKeyPair('RS256', { extractable: true });
  strangers = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  issuer = createTokenIssuer(ISSUER, async (url) => {
    fetches += 1;
    return url === `${ISSUER}/.well-known/jwks`
      ? Response.json({ keys: [jwk] })
      : new Response('not here', { status: 404 });
  });
});

function sign(claims: Record<string, unknown>, key = keys.privateKey, header = { alg: 'RS256', kid: 'one' }) {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

describe('verifyRunnerToken', () => {
  it('accepts the token of the run that was dispatched', async () => {
    expect(await verifyRunnerToken(issuer, await sign(CLAIMS), EXPECTED)).toEqual({
      ok: true,
      claims: {
        jti: 'token-1',
        expiresAt: NOW + 300_000,
        githubRunId: 41,
        repositoryId: 5,
        repository: 'acme/infra',
        sha: 'a'.repeat(40),
      },
    });
  });

  it('accepts any run of ours as long as none is bound, and no environment when none was asked for', async () => {
    const { environment: _, ...claims } = CLAIMS;
    const expected = { ...EXPECTED, githubRunId: null, environment: null };
    expect(await verifyRunnerToken(issuer, await sign({ ...claims, run_id: '99' }), expected)).toMatchObject({
      ok: true,
      claims: { githubRunId: 99 },
    });
  });

  it.each([
    ['iss', 'https://evil.example.com', 'wrong-issuer'],
    ['aud', 'https://other.example.com', 'wrong-audience'],
    ['exp', SECONDS - 60, 'token-expired'],
    ['exp', undefined, 'token-malformed'],
    ['nbf', SECONDS + 120, 'token-malformed'],
    ['iat', SECONDS - 700, 'token-too-old'],
    ['iat', SECONDS + 120, 'token-too-old'],
    ['jti', undefined, 'token-malformed'],
    ['jti', '', 'token-malformed'],
    ['repository_id', '7', 'wrong-repository'],
    ['repository_id', undefined, 'wrong-repository'],
    ['repository_owner_id', '7', 'wrong-owner'],
    ['actor_id', '8', 'wrong-actor'],
    ['event_name', 'push', 'wrong-event'],
    ['run_attempt', '2', 'second-attempt'],
    ['ref', 'refs/heads/feature', 'wrong-ref'],
    ['ref', 'refs/tags/main', 'wrong-ref'],
    ['workflow_ref', 'acme/infra/.github/workflows/other.yml@refs/heads/main', 'wrong-workflow'],
    ['workflow_ref', 'acme/infra/.github/workflows/plumbline.yml@refs/heads/feature', 'wrong-workflow'],
    ['workflow_ref', 'evil/infra/.github/workflows/plumbline.yml@refs/heads/main', 'wrong-workflow'],
    ['run_id', '42', 'wrong-run'],
    ['run_id', undefined, 'token-malformed'],
    ['environment', 'staging', 'wrong-environment'],
    ['environment', undefined, 'wrong-environment'],
  ])('refuses a token whose %s is %s', async (claim, value, code) => {
    const claims: Record<string, unknown> = { ...CLAIMS };
    delete claims[claim];
    const token = await sign(value === undefined ? claims : { ...claims, [claim]: value });
    expect(await verifyRunnerToken(issuer, token, EXPECTED)).toMatchObject({ ok: false, code });
  });

  it('refuses an environment that nobody asked for', async () => {
    const answer = await verifyRunnerToken(issuer, await sign(CLAIMS), { ...EXPECTED, environment: null });
    expect(answer).toMatchObject({ ok: false, code: 'wrong-environment' });
  });

  it('refuses a token that somebody else signed under a known key id', async () => {
    const token = await sign(CLAIMS, strangers.privateKey);
    expect(await verifyRunnerToken(issuer, token, EXPECTED)).toMatchObject({ ok: false, code: 'token-forged' });
  });

  it('refuses a token that is signed with no key at all', async () => {
    const token = new UnsecuredJWT(CLAIMS).encode();
    expect(await verifyRunnerToken(issuer, token, EXPECTED)).toMatchObject({ ok: false });
  });

  it('refuses a token signed with the public key as a shared secret', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)));
    const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
    expect(await verifyRunnerToken(issuer, token, EXPECTED)).toMatchObject({ ok: false, code: 'token-forged' });
  });

  it('refuses a token that was changed after it was signed', async () => {
    const [head, , signature] = (await sign(CLAIMS)).split('.');
    const body = Buffer.from(JSON.stringify({ ...CLAIMS, repository_id: '7' })).toString('base64url');
    const answer = await verifyRunnerToken(issuer, `${head}.${body}.${signature}`, { ...EXPECTED, repositoryId: 7 });
    expect(answer).toMatchObject({ ok: false, code: 'token-forged' });
  });

  it.each(['', 'x', 'a.b.c', 'Bearer a.b.c', '..', `${'a'.repeat(10_000)}.b.c`])(
    'refuses what is no token',
    async (token) => {
      expect(await verifyRunnerToken(issuer, token, EXPECTED)).toMatchObject({ ok: false, code: 'token-malformed' });
    },
  );

  it('says so when the issuer cannot be reached', async () => {
    const away = createTokenIssuer(ISSUER, async () => {
      throw new TypeError('fetch failed');
    });
    expect(await verifyRunnerToken(away, await sign(CLAIMS), EXPECTED)).toMatchObject({ code: 'issuer-unreachable' });
    const broken = createTokenIssuer(ISSUER, async () => new Response('no', { status: 500 }));
    expect(await verifyRunnerToken(broken, await sign(CLAIMS), EXPECTED)).toMatchObject({ code: 'issuer-unreachable' });
  });

  it('fetches the keys once for many tokens', async () => {
    await verifyRunnerToken(issuer, await sign(CLAIMS), EXPECTED);
    const before = fetches;
    await Promise.all(Array.from({ length: 20 }, async () => verifyRunnerToken(issuer, await sign(CLAIMS), EXPECTED)));
    expect(fetches).toBe(before);
  });
});

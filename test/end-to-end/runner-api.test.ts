import { randomUUID } from 'node:crypto';
import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../action/src/target-outcome.ts';
import { EMPTY_PLAN, problemModel } from '../../src/plans/read-plan.ts';
import { PROTOCOL } from '../../src/protocol/messages.ts';
import { type HandRunner, Hands } from './hand-runner.ts';
import { openStage } from './open-stage.ts';
import { AUTHOR, ORGANISATION, type Stage, waitForRows } from './stage.ts';

const MIB = 1024 * 1024;
let stage: Stage;
let hands: Hands;
/** The run that everybody tries to claim and that nobody may, until it is claimed rightly. */
let wanted: HandRunner;
/** A run of another pull request, claimed. */
let other: HandRunner;

beforeAll(async () => {
  stage = await openStage({ world: { runner: { kind: 'manual' } } });
  hands = new Hands(stage);
  await open('network');
  wanted = await hands.next();
  stage.world.startRun(wanted.actions);
  await open('database');
  other = await hands.next();
}, 90_000);
afterAll(() => stage?.close());

function open(...roots: readonly string[]) {
  const files = Object.fromEntries(roots.map((root) => [`${root}/main.tf`, stage.rootModule(root, randomUUID())]));
  return stage.world.openPullRequest(stage.repository, { author: AUTHOR, files });
}

async function refusalsOf(run: string): Promise<readonly unknown[]> {
  const rows = await stage.service.database.db
    .selectFrom('audit')
    .select('detail')
    .where('action', '=', 'claim-refused')
    .orderBy('id')
    .execute();
  return rows.filter(({ detail }) => detail.run === run).map(({ detail }) => detail.code);
}

async function stateOf(run: HandRunner) {
  const { db } = stage.service.database;
  return db
    .selectFrom('run')
    .select(['state', 'claimed_at', 'github_run_id'])
    .where('id', '=', run.id)
    .executeTakeFirstOrThrow();
}

describe('a claim', () => {
  const HOUR = 3_600;
  const now = Math.floor(Date.now() / 1_000);

  it.each([
    ['aud', 'https://elsewhere.example.com', 403, 'wrong-audience'],
    ['iss', 'https://issuer.example.com', 403, 'wrong-issuer'],
    ['exp', now - HOUR, 401, 'token-expired'],
    ['iat', now - HOUR, 403, 'token-too-old'],
    ['iat', now + HOUR, 403, 'token-too-old'],
    ['jti', undefined, 401, 'token-malformed'],
    ['repository_id', '1', 403, 'wrong-repository'],
    ['repository_id', undefined, 403, 'wrong-repository'],
    ['repository_owner_id', '1', 403, 'wrong-owner'],
    ['actor_id', '1', 403, 'wrong-actor'],
    ['event_name', 'push', 403, 'wrong-event'],
    ['ref', 'refs/heads/change-1', 403, 'wrong-ref'],
    ['workflow_ref', 'acme/infra/.github/workflows/other.yml@refs/heads/main', 403, 'wrong-workflow'],
    ['run_attempt', '2', 403, 'second-attempt'],
    ['run_id', '77', 409, 'run-taken'],
    ['environment', 'production', 403, 'wrong-environment'],
  ] as const)('with the wrong %s is refused, and an account is kept', async (name, value, status, code) => {
    const before = (await refusalsOf(wanted.id)).length;
    const answer = await wanted.claimWith(await wanted.idToken({ [name]: value }));
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(await refusalsOf(wanted.id)).toHaveLength(before + 1);
    expect(await stateOf(wanted)).toMatchObject({ claimed_at: null });
  });

  it('signed with a key that is not the issuer’s is refused', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const answer = await wanted.claimWith(await wanted.idToken({}, { key: privateKey }));
    expect([answer.status, answer.code]).toEqual([401, 'token-forged']);
    expect((await refusalsOf(wanted.id)).at(-1)).toBe('token-forged');
  });

  it('with something that is no token is refused', async () => {
    expect(await wanted.claimWith('a.b.c')).toMatchObject({ status: 401, code: 'token-malformed' });
  });

  it('for a run of another repository is refused', async () => {
    const { world } = stage;
    const second = await world.addRepository({
      name: 'second',
      owner: ORGANISATION,
      files: { '.github/workflows/plumbline.yml': stage.workflowText },
    });
    const dispatched = await world.dispatch(second, 'plumbline.yml', { 'run-id': wanted.id }, world.app.bot.login);
    world.startRun(dispatched);
    const token = await world.forgeToken(dispatched.id, stage.service.url);
    expect(await wanted.claimWith(token)).toMatchObject({ status: 403, code: 'wrong-repository' });
    expect((await refusalsOf(wanted.id)).at(-1)).toBe('wrong-repository');
  });

  it('of a run that a person dispatched is refused, whatever run it names', async () => {
    const { world, repository } = stage;
    for (const [id, status, code] of [
      [wanted.id, 403, 'wrong-actor'],
      [randomUUID(), 404, 'unknown-run'],
    ] as const) {
      const dispatched = await world.dispatch(repository, 'plumbline.yml', { 'run-id': id }, AUTHOR);
      world.startRun(dispatched);
      const token = await world.forgeToken(dispatched.id, stage.service.url);
      expect(await wanted.claimWith(token, id)).toMatchObject({ status, code });
      expect((await refusalsOf(id)).at(-1)).toBe(code);
      world.finishRun(dispatched, 'failure');
    }
  });

  it('that is right gives a token for this run, and its OIDC token counts once', async () => {
    const token = await wanted.idToken();
    const answer = await wanted.claimWith(token);
    expect(answer).toMatchObject({ status: 200, body: { next: 'discover', token: expect.any(String) } });
    expect(await wanted.claimWith(token)).toMatchObject({ status: 403, code: 'token-replayed' });
    expect((await refusalsOf(wanted.id)).at(-1)).toBe('token-replayed');
    expect(await stateOf(wanted)).toMatchObject({ state: 'claimed', github_run_id: wanted.actions.id });
    // The answer may have been lost on its way: the same job may ask again, with a fresh token.
    expect(await wanted.claim()).toMatchObject({ next: 'discover' });
  });

  it('by a second GitHub run of ours is told that the run is taken', async () => {
    const { world, repository } = stage;
    const second = await world.dispatch(repository, 'plumbline.yml', { 'run-id': wanted.id }, world.app.bot.login);
    world.startRun(second);
    const token = await world.forgeToken(second.id, stage.service.url);
    expect(await wanted.claimWith(token)).toMatchObject({ status: 409, code: 'run-taken' });
    expect(await stateOf(wanted)).toMatchObject({ github_run_id: wanted.actions.id });
    world.finishRun(second, 'success');
  });
});

describe('the token of a run', () => {
  it('reaches no route of another run', async () => {
    await other.claim();
    for (const [method, path, body] of [
      ['GET', 'manifest', undefined],
      ['POST', 'heartbeat', {}],
      ['POST', 'discovery', {}],
      ['POST', 'begun', { indexes: [0] }],
      ['POST', 'report', {}],
      ['PUT', `plans/${randomUUID()}`, new Uint8Array(1)],
      ['GET', `plans/${randomUUID()}`, undefined],
      ['GET', `plans/${randomUUID()}/shown`, undefined],
    ] as const) {
      expect(await wanted.route(method, path, body, other.token)).toMatchObject({ status: 403, code: 'other-run' });
    }
  });

  it('of a plan run fetches no plans and begins no apply', async () => {
    const manifest = await wanted.manifest();
    const [target] = manifest.targets;
    const plan = `plans/${target?.seal?.planId}`;
    expect(await wanted.route('PUT', plan, new Uint8Array(100))).toMatchObject({ status: 204 });
    expect(await wanted.route('GET', plan)).toMatchObject({ status: 404, code: 'unknown-plan' });
    expect(await wanted.route('GET', `${plan}/shown`)).toMatchObject({ status: 404, code: 'unknown-plan' });
    expect(await wanted.route('POST', 'begun', { indexes: [0] })).toMatchObject({ status: 409, code: 'may-not-begin' });
  });

  it('stores no plan of another run', async () => {
    const manifest = await other.manifest();
    const plan = `plans/${manifest.targets[0]?.seal?.planId}`;
    expect(await wanted.route('PUT', plan, new Uint8Array(100))).toMatchObject({
      status: 409,
      code: 'plan-not-expected',
    });
  });
});

describe('what a run finds before its manifest', () => {
  it('may be sent again when the answer was lost, however far things are by then', async () => {
    const manifest = await wanted.manifest();
    const body = {
      protocol: PROTOCOL,
      run: wanted.id,
      treeSha: await wanted.treeOf(manifest),
      index: { paths: {}, symlinks: [] },
    };
    const again = await wanted.route('POST', 'discovery', body);
    expect(again).toMatchObject({ status: 200, body: { next: 'manifest', manifest: { targets: manifest.targets } } });
  });
});

describe('a report', () => {
  it('that names a dirspace which is not the run’s own is refused, and changes nothing', async () => {
    const manifest = await wanted.manifest();
    const outcomes = [outcomeOf(99, 1, { state: 'no-changes', phase: 'done', model: EMPTY_PLAN })];
    expect(await wanted.report(manifest, outcomes)).toMatchObject({ status: 422, code: 'foreign-dirspace' });
    expect(await stateOf(wanted)).toMatchObject({ state: 'running' });
  });

  it.each([
    ['is about another run', { run: randomUUID() }],
    ['has a dirspace twice', { outcomes: [0, 0].map((index) => outcomeOf(index, 1, { state: 'no-changes' })) }],
    ['has a field too many', { more: 1 }],
    ['has an unknown outcome', { outcomes: [{ index: 0, state: 'wonderful' }] }],
  ])('that %s is refused', async (_, change) => {
    const body = { protocol: PROTOCOL, run: wanted.id, treeSha: null, problem: null, outcomes: [], ...change };
    expect(await wanted.route('POST', 'report', body)).toMatchObject({ status: 422, code: 'bad-report' });
  });

  const change = {
    address: 'terraform_data.this',
    mode: 'managed',
    type: 'terraform_data',
    name: 'this',
    provider: 'x',
    action: 'delete',
    attributes: [],
    unchanged: 0,
  } as const;
  it.each([
    ['that something was planned, and shows nothing', { state: 'planned', model: null }],
    ['that something was planned, and not from what', { state: 'planned', model: EMPTY_PLAN }],
    ['that a plan which cannot be read has no changes', { state: 'no-changes', model: problemModel('odd') }],
    ['that nothing changes, and lists a change', { state: 'no-changes', model: { ...EMPTY_PLAN, changes: [change] } }],
  ] as const)('that says %s is refused', async (_, ending) => {
    const manifest = await wanted.manifest();
    const outcomes = [outcomeOf(0, 1, { phase: 'done', ...ending })];
    expect(await wanted.report(manifest, outcomes)).toMatchObject({ status: 422, code: 'bad-report' });
    expect(await stateOf(wanted)).toMatchObject({ state: 'running' });
  });

  it('counts once', async () => {
    const manifest = await wanted.manifest();
    await wanted.sendPlans(manifest);
    expect(await wanted.report(manifest, [])).toMatchObject({ status: 409, code: 'run-ended' });
    await waitForRows(stage, async () => (await stateOf(wanted)).state === 'succeeded', 'the report');
    expect(await wanted.report(manifest, [])).toMatchObject({ status: 409, code: 'run-ended' });
    expect(await wanted.route('PUT', `plans/${manifest.targets[0]?.seal?.planId}`, new Uint8Array(9))).toMatchObject({
      status: 409,
    });
    expect(await wanted.route('POST', 'heartbeat', {})).toMatchObject({ status: 200, body: { cancel: true } });
  });
});

describe('a run', () => {
  it('that is run again on GitHub gets nothing', async () => {
    const { world } = stage;
    world.rerun(wanted.actions);
    await world.waitFor(() => wanted.actions.runAttempt === 2 && wanted.actions.status === 'queued');
    world.startRun(wanted.actions);
    expect(await wanted.claimWith(await wanted.idToken())).toMatchObject({ status: 403, code: 'second-attempt' });
  });

  it('hears with its next heartbeat that it was cancelled', async () => {
    const pull = stage.repository.pulls.get(2);
    expect(await other.route('POST', 'heartbeat', {})).toMatchObject({ body: { cancel: false } });
    stage.world.comment(stage.repository, pull?.number ?? 0, AUTHOR, 'plumbline cancel');
    const { db } = stage.service.database;
    await waitForRows(
      stage,
      async () =>
        (await db.selectFrom('run').select('cancel').where('id', '=', other.id).executeTakeFirst())?.cancel === true,
      'the cancelling',
    );
    expect(await other.route('POST', 'heartbeat', {})).toMatchObject({ body: { cancel: true } });
  });

  it('whose plan file is over the limit is refused it, and says so on the pull request', async () => {
    const pull = await open('app', 'network');
    const run = await hands.next();
    const manifest = await run.manifest();
    const large = manifest.targets.find(({ dir }) => dir === 'app');
    const upload = await run.route('PUT', `plans/${large?.seal?.planId}`, new Uint8Array(33 * MIB));
    expect(upload).toMatchObject({ status: 413, code: 'plan-too-large' });
    const kept = await stage.service.database.db
      .selectFrom('plan_chunk')
      .select('seq')
      .where('plan_id', '=', large?.seal?.planId ?? '')
      .execute();
    expect(kept).toEqual([]);
    const summary = 'The plan file has 33 MiB; at most 32 MiB can be stored.';
    await run.sendPlans(manifest, ({ dir }) =>
      dir === 'app'
        ? {
            state: 'plan-failed',
            phase: 'store',
            code: 'plan-too-large',
            diagnostics: [{ severity: 'error', summary }],
          }
        : undefined,
    );
    await stage.world.waitFor(
      () => stage.commentsOf(pull).find((body) => body.includes('33 MiB')),
      'the comment',
      60_000,
    );
  }, 60_000);
});

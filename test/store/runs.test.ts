import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlanFacts } from '../../src/domain/run.ts';
import type { NewRun } from '../../src/domain/snapshot.ts';
import type { Database } from '../../src/store/database.ts';
import { finishEvents, leaseSubject } from '../../src/store/inbox-lease.ts';
import { pauseInstallation, pauseRepository } from '../../src/store/installations.ts';
import { readOurFacts } from '../../src/store/our-facts.ts';
import type { OutcomeDetails } from '../../src/store/outcome-details.ts';
import { expirePlans } from '../../src/store/plan-erasure.ts';
import {
  fetchablePlan,
  markPublished,
  readPlanChunks,
  readPlanKey,
  readPlans,
  savePlanKey,
  storePlan,
} from '../../src/store/plans.ts';
import { readPullRows } from '../../src/store/pull-rows.ts';
import { bindClaim, markBegun } from '../../src/store/run-claim.ts';
import { type NewReport, saveDiscovery, saveReport } from '../../src/store/run-report.ts';
import { heartbeat, markDispatched, readRun, runByToken, silentRuns } from '../../src/store/runs.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { BASE, decide, decision, freshId, freshRepository, LEASE, newRun, pullEvent, SHA } from './store-world.ts';

const DIGEST = 'd'.repeat(64);
const FACTS: PlanFacts = {
  headSha: SHA,
  baseSha: BASE,
  treeSha: SHA,
  backendFingerprint: 'local',
  tool: 'terraform',
  toolVersion: '1.11.4',
  toolSha256: DIGEST,
  lockFileSha256: '',
  flags: [],
  configDigest: '',
  planSha256: DIGEST,
  planBytes: 3,
  digest: DIGEST,
  lineage: 'l',
  serial: 1,
};
const DETAILS: OutcomeDetails = {
  model: null,
  apply: null,
  diagnostics: [],
  failedAt: null,
  counts: { create: 1, update: 0, delete: 0, replace: 0, import: 0, move: 0, forget: 0 },
  addresses: ['terraform_data.a'],
  riskPoints: 2,
  facts: FACTS,
  engine: { name: 'terraform', version: '1.11.4' },
  durationMs: 5,
};

async function* bytesOf(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    yield typeof part === 'string' ? new TextEncoder().encode(part) : part;
  }
}

describeDatabases('runs and plans', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  async function started(made: NewRun) {
    const repository = await freshRepository(database.db);
    await decide(database.db, repository, made.pull, decision([{ do: 'start-run', run: made }]));
    const claim = {
      run: made.id,
      repositoryId: repository.repositoryId,
      githubRunId: freshId(),
      tokenHash: `hash ${made.id}`,
    };
    return { repository, claim };
  }
  async function claimed(made: NewRun) {
    const start = await started(made);
    expect(await bindClaim(database.db, start.claim)).toMatchObject({ claim: 'bound' });
    return start;
  }
  const planIdOf = (run: NewRun, index = 0) => run.targets[index]?.planId ?? '';
  const place = (run: NewRun, maxBytes = 1_000_000) => ({ planId: planIdOf(run), runId: run.id, maxBytes });
  async function read(planId: string): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const part of readPlanChunks(database.db, planId)) {
      parts.push(part);
    }
    return Buffer.concat(parts).toString();
  }
  const reportOf = (run: NewRun, change: Partial<NewReport> = {}): NewReport => ({
    runId: run.id,
    treeSha: SHA,
    problem: null,
    outcomes: [{ index: 0, state: 'planned', digest: DIGEST, serial: null, details: DETAILS }],
    ...change,
  });
  /** Take and finish what a runner's word put into the inbox; answers the kinds. */
  async function decided(): Promise<readonly string[]> {
    const kinds: string[] = [];
    for (let lease = await leaseSubject(database.db, LEASE); lease; lease = await leaseSubject(database.db, LEASE)) {
      const held = lease;
      kinds.push(...held.events.map(({ event }) => event.kind));
      await database.db.transaction().execute((tx) => finishEvents(tx, held));
    }
    return kinds;
  }

  it('binds a run to the first Actions run that claims it', async () => {
    const run = newRun('plan', 1, ['prod']);
    const { claim } = await started(run);
    await markDispatched(database.db, run.id, null);
    const answers = await Promise.all([
      bindClaim(database.db, claim),
      bindClaim(database.db, { ...claim, githubRunId: freshId(), tokenHash: 'other' }),
    ]);
    expect(answers.map((answer) => answer.claim).sort()).toEqual(['bound', 'taken']);
    expect(await readRun(database.db, run.id)).toMatchObject({ manifest: 'released', run: { state: 'running' } });
  });

  it('refuses the Actions run that GitHub did not name, and a run of another repository', async () => {
    const run = newRun('plan', 1, ['prod']);
    const { claim } = await started(run);
    await markDispatched(database.db, run.id, claim.githubRunId);
    expect(await bindClaim(database.db, { ...claim, githubRunId: 1 })).toEqual({ claim: 'taken' });
    expect(await bindClaim(database.db, { ...claim, repositoryId: 1 })).toEqual({ claim: 'unknown' });
    expect(await bindClaim(database.db, claim)).toMatchObject({ claim: 'bound' });
  });

  it('refuses a claim while the installation is paused, and decisions are told of every kill switch', async () => {
    const run = newRun('plan', 1, ['prod']);
    const { repository, claim } = await started(run);
    await pauseInstallation(database.db, repository.installationId, true);
    await pauseRepository(database.db, repository.repositoryId, true);
    expect(await bindClaim(database.db, claim)).toEqual({ claim: 'refused' });
    const { ours } = await readOurFacts(database.db, pullEvent(repository));
    expect(ours).toMatchObject({ installation: { paused: true }, repositoryPaused: true });
    await pauseInstallation(database.db, repository.installationId, false);
    expect(await bindClaim(database.db, claim)).toEqual({ claim: 'refused' });
    await pauseRepository(database.db, repository.repositoryId, false);
    expect(await bindClaim(database.db, claim)).toMatchObject({ claim: 'bound' });
  });

  it('answers the same Actions run again when its answer was lost, and only with its newest token', async () => {
    const run = newRun('plan', 1, ['prod']);
    const { claim } = await claimed(run);
    expect(await bindClaim(database.db, { ...claim, tokenHash: 'second' })).toMatchObject({ claim: 'bound' });
    expect(await runByToken(database.db, claim.tokenHash)).toBeUndefined();
    expect((await runByToken(database.db, 'second'))?.run.id).toBe(run.id);
  });

  it('withholds the manifest of an apply until its claim is decided', async () => {
    const run = newRun('apply', 1, ['prod']);
    const { repository } = await claimed(run);
    expect(await readRun(database.db, run.id)).toMatchObject({ manifest: 'withheld', run: { state: 'claimed' } });
    expect(await decided()).toEqual(['apply-claimed']);
    expect(await markBegun(database.db, run.id), 'nothing begins without a manifest').toBe('refused');
    await decide(database.db, repository, 1, decision([{ do: 'release-manifest', run: run.id }]));
    expect(await readRun(database.db, run.id)).toMatchObject({ manifest: 'released', run: { state: 'running' } });
  });

  it('gives the run that looked what there is to plan, in place of what was guessed before', async () => {
    const run = newRun('plan', 1, ['modules/vpc', 'prod'], { discovers: { automatic: true, query: null } });
    const { repository } = await claimed(run);
    const index = { paths: { prod: { modules: ['../modules/vpc'] } }, symlinks: [] };
    const found = { runId: run.id, treeSha: SHA, index };
    expect(await saveDiscovery(database.db, found)).toBe('saved');
    expect(await saveDiscovery(database.db, found)).toBe('again');
    expect(await decided()).toEqual(['discovered']);
    const targets = newRun('plan', 1, ['prod', 'dev'], { id: run.id });
    await decide(database.db, repository, 1, decision([{ do: 'release-manifest', run: run.id, targets }]));
    const record = await readRun(database.db, run.id);
    expect(record).toMatchObject({ manifest: 'released', run: { state: 'running', targets: targets.targets } });
    const plans = await database.db
      .selectFrom('plan')
      .select(['id', 'state', 'dir'])
      .where('run_id', '=', run.id)
      .orderBy('dir')
      .execute();
    expect(plans).toEqual([
      { id: targets.targets[1]?.planId, state: 'expected', dir: 'dev' },
      { id: targets.targets[0]?.planId, state: 'expected', dir: 'prod' },
    ]);
    const { ours } = await readOurFacts(database.db, pullEvent(repository));
    expect(ours.moduleIndex).toEqual({
      runId: run.id,
      headSha: run.headSha,
      baseSha: run.baseSha,
      treeSha: SHA,
      index,
    });
    expect(await saveDiscovery(database.db, found)).toBe('refused');
  });

  it('never lets one pull request hear what the job of another one found', async () => {
    const run = newRun('plan', 1, ['prod'], { discovers: { automatic: true, query: null } });
    const { repository } = await claimed(run);
    await saveDiscovery(database.db, { runId: run.id, treeSha: SHA, index: { paths: {}, symlinks: [] } });
    expect(await decided()).toEqual(['discovered']);
    const elsewhere = { kind: 'reconsider', repository, pull: 2, because: 'base-moved' } as const;
    expect((await readOurFacts(database.db, elsewhere)).ours.moduleIndex).toBeNull();
  });

  it('keeps a report once, refuses foreign dirspaces, and makes it the newest word when it is decided', async () => {
    const run = newRun('plan', 1, ['prod']);
    const { repository } = await claimed(run);
    await storePlan(database.db, place(run), bytesOf('abc'));
    const foreign = reportOf(run, {
      outcomes: [{ index: 7, state: 'planned', digest: null, serial: null, details: DETAILS }],
    });
    expect(await saveReport(database.db, foreign)).toBe('foreign');
    expect(await saveReport(database.db, reportOf(run))).toBe('saved');
    expect(await saveReport(database.db, reportOf(run))).toBe('again');
    expect(await decided()).toEqual(['run-reported']);
    await decide(
      database.db,
      repository,
      1,
      decision([
        { do: 'record-report', run: run.id, superseded: false },
        { do: 'end-run', run: run.id, state: 'succeeded', reason: 'run-done' },
      ]),
    );
    await markPublished(database.db, [planIdOf(run)]);
    const { ours } = await readOurFacts(database.db, { kind: 'run-reported', repository, pull: 1, run: run.id });
    expect(ours.report?.outcomes).toEqual([
      { index: 0, state: 'planned', digest: DIGEST, serial: null, planStored: true },
    ]);
    expect(ours.results).toMatchObject([
      { dir: 'prod', state: 'planned', digest: DIGEST, addresses: ['terraform_data.a'] },
    ]);
    expect(ours.plans).toMatchObject([{ state: 'stored', facts: FACTS }]);
    expect(ours.plans[0]?.publishedAt).toBeTypeOf('number');
    expect(await readPullRows(database.db, repository.repositoryId, 1)).toMatchObject({
      results: [{ dir: 'prod', engine: { name: 'terraform' } }],
      runs: [{ run: { id: run.id } }],
    });
    expect(await heartbeat(database.db, run.id), 'a run that ended shall stop').toBeUndefined();
  });

  it('keeps the late report of a replaced run as history, and refuses that of one that ended otherwise', async () => {
    const late = newRun('plan', 1, ['prod']);
    const { repository } = await claimed(late);
    await decide(
      database.db,
      repository,
      1,
      decision([{ do: 'end-run', run: late.id, state: 'superseded', reason: 'run-superseded' }]),
    );
    expect(await saveReport(database.db, reportOf(late))).toBe('kept');
    await decided();
    await decide(database.db, repository, 1, decision([{ do: 'record-report', run: late.id, superseded: true }]));
    expect((await readOurFacts(database.db, pullEvent(repository))).ours.results).toEqual([]);

    const failed = newRun('plan', 1, ['prod']);
    await decide(database.db, repository, 1, decision([{ do: 'start-run', run: failed }]));
    await decide(
      database.db,
      repository,
      1,
      decision([{ do: 'end-run', run: failed.id, state: 'vanished', reason: 'run-lost' }]),
    );
    expect(await saveReport(database.db, reportOf(failed))).toBe('ended');
  });

  it('keeps plan bytes in rows, whole or not at all', async () => {
    const run = newRun('plan', 1, ['prod']);
    await claimed(run);
    const big = new Uint8Array(600_000).fill(120);
    expect(await storePlan(database.db, place(run), bytesOf('start', big, 'end'))).toMatchObject({
      stored: true,
      bytes: 600_008,
    });
    expect(await read(planIdOf(run))).toBe(`start${'x'.repeat(600_000)}end`);
    expect(await storePlan(database.db, place(run, 10), bytesOf('far too long'))).toEqual({
      stored: false,
      why: 'too-large',
    });
    async function* broken() {
      yield new Uint8Array(300_000);
      throw new Error('connection lost');
    }
    await expect(storePlan(database.db, place(run), broken())).rejects.toThrow('connection lost');
    expect((await read(planIdOf(run))).length, 'what was there stays').toBe(600_008);
    expect(await storePlan(database.db, place(run), bytesOf('again'))).toMatchObject({ stored: true });
    const rows = await database.db
      .selectFrom('plan_chunk')
      .select('seq')
      .where('plan_id', '=', planIdOf(run))
      .execute();
    expect(rows).toHaveLength(1);
    expect(await storePlan(database.db, { ...place(run), runId: 'another' }, bytesOf('x'))).toEqual({
      stored: false,
      why: 'not-expected',
    });
  });

  it('gives a plan to its apply until that begins, and then destroys key and bytes and keeps a tombstone', async () => {
    const plan = newRun('plan', 1, ['prod']);
    const { repository } = await claimed(plan);
    const planId = planIdOf(plan);
    expect(await savePlanKey(database.db, planId, 'wrapped')).toBe('wrapped');
    expect(await savePlanKey(database.db, planId, 'other'), 'the first key stays').toBe('wrapped');
    await storePlan(database.db, place(plan), bytesOf('secret'));
    await saveReport(database.db, reportOf(plan));
    await decided();
    const apply = newRun('apply', 1, ['prod'], { targets: [{ index: 0, dir: 'prod', workspace: 'default', planId }] });
    await decide(
      database.db,
      repository,
      1,
      decision([
        { do: 'record-report', run: plan.id, superseded: false },
        { do: 'end-run', run: plan.id, state: 'succeeded', reason: 'run-done' },
        { do: 'start-run', run: apply },
      ]),
    );
    expect(await fetchablePlan(database.db, plan.id, planId), 'a plan run never fetches plans').toBeUndefined();
    await bindClaim(database.db, {
      run: apply.id,
      repositoryId: repository.repositoryId,
      githubRunId: freshId(),
      tokenHash: apply.id,
    });
    await decided();
    expect(await fetchablePlan(database.db, apply.id, planId), 'not before the claim is decided').toBeUndefined();
    await decide(database.db, repository, 1, decision([{ do: 'release-manifest', run: apply.id }]));
    expect(await fetchablePlan(database.db, apply.id, planId)).toMatchObject({ bytes: 6 });
    expect(await read(planId)).toBe('secret');
    expect(await markBegun(database.db, apply.id)).toBe('begun');
    expect(await markBegun(database.db, apply.id), 'said twice is the same').toBe('begun');
    expect(await fetchablePlan(database.db, apply.id, planId)).toBeUndefined();
    expect(await readPlanKey(database.db, planId)).toBeUndefined();
    expect(await savePlanKey(database.db, planId, 'new'), 'no key comes back').toBeUndefined();
    expect(await read(planId)).toBe('');
    expect(await database.db.selectFrom('plan_chunk').select('seq').where('plan_id', '=', planId).execute()).toEqual(
      [],
    );
    expect(await readPlans(database.db, [planId])).toMatchObject([
      { state: 'erased', erasedBecause: 'plan-used', facts: null },
    ]);
    const tombstone = await database.db
      .selectFrom('plan')
      .select(['digest', 'erased_at', 'stored_at'])
      .where('id', '=', planId)
      .executeTakeFirstOrThrow();
    expect(tombstone.digest).toBe(DIGEST);
    expect(tombstone.erased_at).toBeGreaterThanOrEqual(tombstone.stored_at ?? Number.NaN);
  });

  it('erases plans whose time is over, and never lets one live longer than 14 days', async () => {
    const run = newRun('plan', 1, ['prod']);
    await claimed(run);
    await storePlan(database.db, place(run), bytesOf('abc'));
    const [plan] = await readPlans(database.db, [planIdOf(run)]);
    expect((plan?.expiresAt ?? 0) - (plan?.createdAt ?? 0)).toBeLessThanOrEqual(14 * 86_400_000 + 1_000);
    expect(await expirePlans(database.db)).toEqual([]);
    await sql`update plan set expires_at = created_at where id = ${planIdOf(run)}`.execute(database.db);
    expect(await expirePlans(database.db)).toMatchObject([{ planId: planIdOf(run), pull: 1 }]);
    expect(await readPlans(database.db, [planIdOf(run)])).toMatchObject([
      { state: 'erased', erasedBecause: 'plan-expired' },
    ]);
  });

  it('finds the runs that nobody claimed and those that fell silent', async () => {
    const unclaimed = newRun('plan', 1, ['prod']);
    await started(unclaimed);
    const quiet = newRun('plan', 1, ['prod']);
    await claimed(quiet);
    const found = async (limits: { claimMs: number; heartbeatMs: number }) =>
      (await silentRuns(database.db, limits)).map(({ id }) => id);
    expect(await found({ claimMs: 0, heartbeatMs: 60_000 })).toContain(unclaimed.id);
    expect(await found({ claimMs: 60_000, heartbeatMs: 0 })).toContain(quiet.id);
    expect(await found({ claimMs: 60_000, heartbeatMs: 60_000 })).toEqual([]);
    expect(await heartbeat(database.db, quiet.id)).toEqual({ cancel: false });
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Intent } from '../../src/domain/decision.ts';
import type { RepositoryRef } from '../../src/domain/event.ts';
import type { PlanFacts } from '../../src/domain/run.ts';
import type { NewRun, ReportedOutcome } from '../../src/domain/snapshot.ts';
import type { Database } from '../../src/store/database.ts';
import { finishEvents, leaseSubject } from '../../src/store/inbox-lease.ts';
import { readOurFacts } from '../../src/store/our-facts.ts';
import type { OutcomeDetails } from '../../src/store/outcome-details.ts';
import { bindClaim, markBegun } from '../../src/store/run-claim.ts';
import { type NewReport, saveReport } from '../../src/store/run-report.ts';
import { readRun } from '../../src/store/runs.ts';
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
  counts: null,
  addresses: [],
  riskPoints: null,
  facts: null,
  engine: null,
  durationMs: 5,
};

describeDatabases('what a job says of itself', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  const carryOut = (repository: RepositoryRef, intents: readonly Intent[]) =>
    decide(database.db, repository, 1, decision(intents));
  async function drain(): Promise<void> {
    for (let lease = await leaseSubject(database.db, LEASE); lease; lease = await leaseSubject(database.db, LEASE)) {
      const held = lease;
      await database.db.transaction().execute((tx) => finishEvents(tx, held));
    }
  }
  async function claimed(run: NewRun): Promise<RepositoryRef> {
    const repository = await freshRepository(database.db);
    await carryOut(repository, [{ do: 'start-run', run }]);
    const { repositoryId } = repository;
    const claim = { run: run.id, repositoryId, githubRunId: freshId(), tokenHash: run.id };
    expect(await bindClaim(database.db, claim)).toMatchObject({ claim: 'bound' });
    await drain();
    return repository;
  }
  async function begun(run: NewRun): Promise<RepositoryRef> {
    const repository = await claimed(run);
    await carryOut(repository, [{ do: 'release-manifest', run: run.id }]);
    expect(await markBegun(database.db, run.id)).toBe('begun');
    return repository;
  }
  async function report(run: NewRun, ...states: readonly ReportedOutcome['state'][]) {
    const outcomes = states.map((state, index) => ({ index, state, digest: null, serial: null, details: DETAILS }));
    const answer = await saveReport(database.db, { runId: run.id, treeSha: SHA, problem: null, outcomes });
    await drain();
    return answer;
  }
  const resultsOf = async (repository: RepositoryRef) => {
    const { ours } = await readOurFacts(database.db, pullEvent(repository));
    return Object.fromEntries(ours.results.map(({ dir, state, kind: of }) => [dir, `${of} ${state}`]));
  };

  it.each([
    ['plan', false, ['planned', 'no-changes', 'plan-failed', 'not-attempted']],
    ['apply', false, ['applied', 'apply-failed', 'unknown', 'not-attempted']],
    ['apply', true, ['applied', 'apply-failed', 'unknown', 'not-attempted', 'no-changes', 'plan-failed']],
  ] as const)(
    'lets a run that does %s (autoapprove: %s) end only as such a run can',
    async (does, autoapprove, may) => {
      const all = [
        'planned',
        'no-changes',
        'plan-failed',
        'applied',
        'apply-failed',
        'not-attempted',
        'unknown',
      ] as const;
      for (const state of all) {
        const run = newRun(does, 1, ['prod'], { autoapprove });
        await claimed(run);
        expect(await report(run, state), state).toBe((may as readonly string[]).includes(state) ? 'saved' : 'foreign');
      }
    },
  );

  it('keeps what the run was told, not what its job says it was told', async () => {
    const run = newRun('plan', 1, ['prod'], { flags: ['-refresh=false'], configDigest: 'told' });
    const repository = await claimed(run);
    const facts = {
      ...FACTS,
      headSha: 'e'.repeat(40),
      baseSha: 'f'.repeat(40),
      flags: ['-destroy'],
      configDigest: 'another',
    };
    const outcome = { index: 0, state: 'planned', digest: DIGEST, serial: null } as const;
    const lying: NewReport = {
      runId: run.id,
      treeSha: SHA,
      problem: null,
      outcomes: [{ ...outcome, details: { ...DETAILS, facts } }],
    };
    expect(await saveReport(database.db, lying)).toBe('saved');
    await drain();
    await carryOut(repository, [{ do: 'record-report', run: run.id, superseded: false }]);
    const { ours } = await readOurFacts(database.db, pullEvent(repository));
    expect(ours.plans[0]?.facts).toEqual({
      ...FACTS,
      headSha: SHA,
      baseSha: BASE,
      flags: ['-refresh=false'],
      configDigest: 'told',
    });
  });

  it('keeps the known outcomes of an apply that ends unknown, and blocks only what nobody knows', async () => {
    const run = newRun('apply', 1, ['prod', 'stage']);
    const repository = await begun(run);
    expect(await report(run, 'applied', 'unknown')).toBe('saved');
    await carryOut(repository, [
      { do: 'record-report', run: run.id, superseded: false },
      { do: 'end-run', run: run.id, state: 'unknown', reason: 'run-unknown' },
    ]);
    expect(await resultsOf(repository)).toEqual({ prod: 'apply applied', stage: 'apply unknown' });
  });

  it('takes back "unknown" when the runner reports after all, where nothing newer was said', async () => {
    const run = newRun('apply', 1, ['prod', 'stage', 'test']);
    const repository = await begun(run);
    await carryOut(repository, [{ do: 'end-run', run: run.id, state: 'unknown', reason: 'run-unknown' }]);
    expect(Object.values(await resultsOf(repository))).toEqual(['apply unknown', 'apply unknown', 'apply unknown']);

    const again = newRun('plan', 1, ['stage']);
    await carryOut(repository, [{ do: 'start-run', run: again }]);
    const { repositoryId } = repository;
    await bindClaim(database.db, { run: again.id, repositoryId, githubRunId: freshId(), tokenHash: again.id });
    expect(await report(again, 'no-changes')).toBe('saved');
    await carryOut(repository, [{ do: 'record-report', run: again.id, superseded: false }]);

    expect(await report(run, 'applied', 'applied'), 'about two of the three').toBe('kept');
    await carryOut(repository, [{ do: 'record-report', run: run.id, superseded: false }]);
    await carryOut(repository, [{ do: 'record-report', run: run.id, superseded: false }]);
    expect(await resultsOf(repository)).toEqual({
      prod: 'apply applied',
      stage: 'plan no-changes',
      test: 'apply unknown',
    });
  });

  it.each(['cancelled', 'vanished'] as const)(
    'does not end an apply as %s that began while that was decided: it is decided again',
    async (state) => {
      const run = newRun('apply', 1, ['prod']);
      const repository = await begun(run);
      expect(await carryOut(repository, [{ do: 'end-run', run: run.id, state, reason: 'run-lost' }])).toEqual({
        conflict: { that: 'run-state', run: run.id, states: ['claimed'] },
      });
      expect(await readRun(database.db, run.id)).toMatchObject({ run: { state: 'running', endedAt: null } });
    },
  );
});

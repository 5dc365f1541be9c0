import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RepositoryRef } from '../../src/domain/event.ts';
import type { ReportedOutcome } from '../../src/domain/snapshot.ts';
import type { Database } from '../../src/store/database.ts';
import { finishEvents, leaseSubject } from '../../src/store/inbox-lease.ts';
import { readLastApplies } from '../../src/store/last-applies.ts';
import { readOurFacts } from '../../src/store/our-facts.ts';
import { bindClaim, markBegun } from '../../src/store/run-claim.ts';
import { saveReport } from '../../src/store/run-report.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { decide, decision, freshId, freshRepository, LEASE, newRun, pullEvent, SHA } from './store-world.ts';

const DETAILS = {
  model: null,
  apply: null,
  diagnostics: [],
  failedAt: null,
  counts: null,
  addresses: [],
  riskPoints: null,
  facts: null,
  engine: null,
  durationMs: null,
};

describeDatabases('the last applies of a repository', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  /** Take what a runner's word put into the inbox, and do nothing about it. */
  async function heard(): Promise<void> {
    for (let lease = await leaseSubject(database.db, LEASE); lease; lease = await leaseSubject(database.db, LEASE)) {
      const held = lease;
      await database.db.transaction().execute((tx) => finishEvents(tx, held));
    }
  }

  /** A whole run of a pull request: each directory ends as it is told. */
  async function done(
    repository: RepositoryRef,
    what: 'plan' | 'apply',
    ends: Readonly<Record<string, ReportedOutcome['state']>>,
    pull = 1,
  ): Promise<void> {
    const { db } = database;
    const run = newRun(what, pull, Object.keys(ends));
    await decide(db, repository, pull, decision([{ do: 'start-run', run }]));
    const { repositoryId } = repository;
    await bindClaim(db, { run: run.id, repositoryId, githubRunId: freshId(), tokenHash: run.id });
    await heard();
    if (what === 'apply') {
      await decide(db, repository, pull, decision([{ do: 'release-manifest', run: run.id }]));
      expect(await markBegun(db, run.id)).toBe('begun');
    }
    const outcomes = Object.values(ends).map((state, index) => ({
      index,
      state,
      digest: null,
      serial: null,
      details: DETAILS,
    }));
    expect(await saveReport(db, { runId: run.id, treeSha: SHA, problem: null, outcomes })).toBe('saved');
    await heard();
    await decide(
      db,
      repository,
      pull,
      decision([
        { do: 'record-report', run: run.id, superseded: false },
        { do: 'end-run', run: run.id, state: 'succeeded', reason: 'run-done' },
      ]),
    );
  }
  const dirsOf = async (repository: RepositoryRef) =>
    (await readLastApplies(database.db, repository.repositoryId)).map(({ dir }) => dir);

  it('are those that changed something or may have, not plans and not what was never attempted', async () => {
    const repository = await freshRepository(database.db);
    await done(repository, 'plan', { planned: 'no-changes', unchanged: 'no-changes' });
    expect(await dirsOf(repository)).toEqual([]);
    await done(repository, 'apply', {
      done: 'applied',
      half: 'apply-failed',
      lost: 'unknown',
      waiting: 'not-attempted',
    });
    expect(await dirsOf(repository)).toEqual(['done', 'half', 'lost']);
  });

  it('have the time of the newest one, of whatever pull request, and decisions are told', async () => {
    const repository = await freshRepository(database.db);
    await done(repository, 'apply', { prod: 'applied' }, 1);
    const [first] = await readLastApplies(database.db, repository.repositoryId);
    await done(repository, 'apply', { prod: 'apply-failed' }, 2);
    await done(repository, 'plan', { prod: 'no-changes' }, 3);
    const { now, ours } = await readOurFacts(database.db, pullEvent(repository, 4));
    expect(ours.lastApplies).toEqual([{ dir: 'prod', workspace: 'default', at: expect.any(Number) }]);
    const at = ours.lastApplies?.[0]?.at ?? 0;
    expect(at).toBeGreaterThan(first?.at ?? Number.POSITIVE_INFINITY);
    expect(at).toBeLessThanOrEqual(now);
  });

  it('of another repository are not told', async () => {
    const [repository, other] = [await freshRepository(database.db), await freshRepository(database.db)];
    await done(other, 'apply', { prod: 'applied' });
    expect(await dirsOf(repository)).toEqual([]);
  });
});

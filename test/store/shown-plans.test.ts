import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RepositoryRef } from '../../src/domain/event.ts';
import type { PlanFacts } from '../../src/domain/run.ts';
import type { ReportedOutcome } from '../../src/domain/snapshot.ts';
import type { Database } from '../../src/store/database.ts';
import { finishEvents, leaseSubject } from '../../src/store/inbox-lease.ts';
import { readOurFacts } from '../../src/store/our-facts.ts';
import { markPublished, storePlan } from '../../src/store/plans.ts';
import { bindClaim } from '../../src/store/run-claim.ts';
import { saveReport } from '../../src/store/run-report.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { planFacts } from '../decision/build.ts';
import { decide, decision, freshId, freshRepository, LEASE, newRun, pullEvent, SHA } from './store-world.ts';

const detailsOf = (facts: PlanFacts | null) => ({
  model: null,
  apply: null,
  diagnostics: [],
  failedAt: null,
  counts: null,
  addresses: [],
  riskPoints: 0,
  facts,
  engine: null,
  durationMs: null,
});

describeDatabases('what a pull request showed', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  async function heard(): Promise<void> {
    for (let lease = await leaseSubject(database.db, LEASE); lease; lease = await leaseSubject(database.db, LEASE)) {
      const held = lease;
      await database.db.transaction().execute((tx) => finishEvents(tx, held));
    }
  }

  /** A whole plan run whose plan replaces the one before. `content`: what the plan would do; null: it fails. */
  async function plan(
    repository: RepositoryRef,
    content: string | null,
    { isShown = true, state = 'planned' }: { isShown?: boolean; state?: ReportedOutcome['state'] } = {},
  ): Promise<void> {
    const { db } = database;
    const before = await db
      .selectFrom('plan')
      .select('id')
      .where('repository_id', '=', repository.repositoryId)
      .execute();
    const run = newRun('plan', 1, ['prod']);
    const planId = run.targets[0]?.planId ?? '';
    await decide(
      db,
      repository,
      1,
      decision([
        { do: 'erase-plans', plans: before.map(({ id }) => id), reason: 'plan-superseded' },
        { do: 'start-run', run },
      ]),
    );
    const { repositoryId } = repository;
    await bindClaim(db, { run: run.id, repositoryId, githubRunId: freshId(), tokenHash: run.id });
    const digest = content?.padEnd(64, '0') ?? null;
    const made = content !== null && state === 'planned';
    if (made) {
      const bytes = async function* () {
        yield new TextEncoder().encode('sealed');
      };
      await storePlan(db, { planId, runId: run.id, maxBytes: 100 }, bytes());
    }
    const details = detailsOf(digest === null ? null : planFacts({ digest }));
    const outcome = {
      index: 0,
      state: content === null ? ('plan-failed' as const) : state,
      digest,
      serial: null,
      details,
    };
    await saveReport(db, { runId: run.id, treeSha: SHA, problem: null, outcomes: [outcome] });
    await heard();
    await decide(
      db,
      repository,
      1,
      decision([
        { do: 'record-report', run: run.id, superseded: false },
        { do: 'end-run', run: run.id, state: 'succeeded', reason: 'run-done' },
      ]),
    );
    if (isShown) {
      await markPublished(db, [planId]);
    }
  }

  const shown = async (repository: RepositoryRef) => {
    const { ours } = await readOurFacts(database.db, pullEvent(repository));
    const times = ours.shownPlans.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    return ours.shownPlans.map(({ digest }) => digest?.replace(/0+$/u, '') ?? null);
  };

  it('is told also of plans that were replaced and erased, where it changed', async () => {
    const repository = await freshRepository(database.db);
    await plan(repository, 'a');
    await plan(repository, 'a');
    await plan(repository, 'b');
    await plan(repository, 'a');
    expect(await shown(repository)).toEqual(['a', 'b', 'a']);
  });

  it('is nothing to approve where the plan failed or changed nothing', async () => {
    const repository = await freshRepository(database.db);
    await plan(repository, 'a');
    await plan(repository, null);
    await plan(repository, 'a');
    await plan(repository, 'c', { state: 'no-changes' });
    expect(await shown(repository)).toEqual(['a', null, 'a', null]);
  });

  it('is not a plan that was replaced before anybody could read it', async () => {
    const repository = await freshRepository(database.db);
    await plan(repository, 'a');
    await plan(repository, 'b', { isShown: false });
    await plan(repository, 'a');
    expect(await shown(repository)).toEqual(['a']);
  });
});

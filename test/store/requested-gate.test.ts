import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AskedGate } from '../../src/domain/runner-step.ts';
import type { Database } from '../../src/store/database.ts';
import { finishEvents, leaseSubject } from '../../src/store/inbox-lease.ts';
import { readOurFacts } from '../../src/store/our-facts.ts';
import { bindClaim } from '../../src/store/run-claim.ts';
import { saveReport } from '../../src/store/run-report.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { decide, decision, freshId, freshRepository, LEASE, newRun, pullEvent } from './store-world.ts';

const GATE: AskedGate = { token: 'money\u0000', allOf: [], anyOf: [{ kind: 'anyone' }], anyOfCount: 1, policy: 'opa' };
const STEP = { name: 'opa', success: false, ignored: true, visible: true, text: 'no', durationMs: 1 };

describeDatabases('gates that plans ask for', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  it('are those of the newest plan, and none of a plan that was replaced or of an apply', async () => {
    const repository = await freshRepository(database.db);
    const { repositoryId } = repository;
    async function report(runKind: 'plan' | 'apply', gates: readonly AskedGate[], superseded = false): Promise<string> {
      const run = newRun(runKind, 1, ['prod']);
      await decide(database.db, repository, 1, decision([{ do: 'start-run', run }]));
      const claim = { run: run.id, repositoryId, githubRunId: freshId(), tokenHash: run.id };
      expect(await bindClaim(database.db, claim)).toMatchObject({ claim: 'bound' });
      const details = {
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
        steps: [STEP],
      };
      const state = runKind === 'plan' ? ('planned' as const) : ('not-attempted' as const);
      const outcomes = [{ index: 0, state, digest: null, serial: null, gates, details }];
      await saveReport(database.db, { runId: run.id, treeSha: null, problem: null, outcomes });
      for (let lease = await leaseSubject(database.db, LEASE); lease; lease = await leaseSubject(database.db, LEASE)) {
        const held = lease;
        await database.db.transaction().execute((tx) => finishEvents(tx, held));
      }
      await decide(
        database.db,
        repository,
        1,
        decision([
          { do: 'record-report', run: run.id, superseded },
          { do: 'end-run', run: run.id, state: 'succeeded', reason: 'run-done' },
        ]),
      );
      return run.targets[0]?.planId ?? '';
    }
    const facts = async () => (await readOurFacts(database.db, pullEvent(repository))).ours.gates;

    const { policy, token: _, ...rule } = GATE;
    const first = await report('plan', [GATE]);
    const stored = { dir: 'prod', planId: first, policy, gate: { ...rule, token: 'money\uFFFD' } };
    expect(await facts()).toMatchObject([stored]);
    await report('plan', [], true);
    await report('apply', [{ ...GATE, token: 'late' }]);
    expect(await facts()).toMatchObject([stored]);
    await report('plan', []);
    expect(await facts()).toEqual([]);
  });
});

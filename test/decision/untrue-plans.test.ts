import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { MINUTE } from '../../src/domain/instant.ts';
import type { ReportedOutcome } from '../../src/domain/snapshot.ts';
import { claim, id, intents, NOW, planned, REPOSITORY, reasons, run } from './build.ts';

const EVENT = { kind: 'run-reported', repository: REPOSITORY, pull: 7, run: id(2) } as const;

/** An apply of `prod` that its runner refused, or that came to another end. */
function reported(outcome: Partial<ReportedOutcome>, given: Parameters<typeof planned>[0] = {}) {
  const applying = run({ id: id(2), kind: 'apply', state: 'running', createdAt: NOW - MINUTE });
  const report = {
    runId: id(2),
    treeSha: null,
    problem: null,
    outcomes: [{ index: 0, state: 'not-attempted', digest: null, planStored: false, serial: null, ...outcome }],
  } as const;
  const locks = [claim(7, 'prod', { appliedAt: NOW - MINUTE })];
  return planned({ ...given, ours: { ...planned(given).ours, runs: [applying], report, locks } });
}

describe('an apply whose runner finds that the plan file is not what was shown', () => {
  it.each([
    ['plan-not-as-shown', 'plan-not-as-shown'],
    ['plan-digest-changed', 'plan-not-as-shown'],
    ['plan-hash-changed', 'plan-not-as-shown'],
    ['plan-sealed', 'plan-not-as-shown'],
    ['plan-unreadable', 'plan-not-as-shown'],
    ['plan-code-changed', 'plan-code-changed'],
    ['plan-backend-changed', 'plan-backend-changed'],
    ['gate-not-asked', 'gate-not-asked'],
  ] as const)(
    '%s: the plan is erased, it is on record, and people are told to plan again',
    (refusedBecause, reason) => {
      const decision = decide(reported({ refusedBecause }), EVENT);
      expect(intents(decision, 'erase-plans')).toEqual([{ do: 'erase-plans', plans: ['plan-prod'], reason }]);
      expect(intents(decision, 'audit')).toMatchObject([
        { action: 'apply-refused-by-runner', actor: 'alice', detail: { pull: 7, dir: 'prod', code: refusedBecause } },
      ]);
      const [reply] = intents(decision, 'reply');
      expect(reply?.body).toContain(`(\`${reason}\`)`);
      expect(reply?.body).toContain('Next: `plumbline plan`');
      expect(reasons(decision)).toContain(reason);
      expect(intents(decision, 'start-run')).toEqual([]);
    },
  );

  it.each(['tool-version-changed', 'gate-step-failed', 'state-moved', 'made-up'])(
    '%s can be put right: it is on record, and the plan stays',
    (refusedBecause) => {
      const decision = decide(reported({ refusedBecause }), EVENT);
      expect(intents(decision, 'erase-plans')).toEqual([]);
      expect(intents(decision, 'reply')).toEqual([]);
      expect(intents(decision, 'audit')).toMatchObject([{ detail: { code: refusedBecause } }]);
    },
  );

  it('is a matter of its own for each dirspace', () => {
    const decision = decide(reported({ refusedBecause: 'plan-not-as-shown', index: 9 }), EVENT);
    expect(intents(decision, 'erase-plans')).toEqual([]);
  });

  it('is on record even when the word comes late', () => {
    const late = reported({ refusedBecause: 'plan-not-as-shown' });
    const runs = late.ours.runs.map((one) => ({ ...one, state: 'cancelled' as const }));
    const decision = decide({ ...late, ours: { ...late.ours, runs } }, EVENT);
    expect(intents(decision, 'erase-plans')).toHaveLength(1);
    expect(intents(decision, 'audit')).toHaveLength(1);
  });
});

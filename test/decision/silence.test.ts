import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { DISPATCH_LIFE_MS, LONG_SILENCE_MS, SILENCE_MS, silenceVerdict } from '../../src/decision/run-lifecycle.ts';
import { SECOND } from '../../src/domain/instant.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { Run } from '../../src/domain/run.ts';
import { id, intents, NOW, REPOSITORY, run, snapshotOf } from './build.ts';

const status = (of: string, conclusion: string | null = null) => known({ id: 5, status: of, conclusion });
const silentFor = (ms: number, more: Partial<Run> = {}) =>
  run({ kind: 'apply', claimedAt: NOW - ms, heartbeatAt: NOW - ms, githubRunId: 5, ...more });

describe('a runner that says nothing', () => {
  it.each([
    ['for a moment, while its job runs', SILENCE_MS - SECOND, status('in_progress'), 'wait'],
    ['too long, and its job is nowhere', SILENCE_MS, known(null), 'end'],
    ['too long, and its job waits, which it cannot', SILENCE_MS, status('queued'), 'end'],
    ['too long, but its job runs: perhaps we were away', SILENCE_MS, status('in_progress'), 'wait'],
    ['too long, but GitHub cannot be asked', SILENCE_MS, unknown('502'), 'wait'],
    ['far too long, although its job runs', LONG_SILENCE_MS, status('in_progress'), 'end'],
    ['far too long, and GitHub cannot be asked', LONG_SILENCE_MS, unknown('502'), 'end'],
    ['for a moment, but its job is over', SECOND, status('completed', 'failure'), 'end'],
  ] as const)('%s', (_, ms, fact, kind) => {
    expect(silenceVerdict(silentFor(ms), NOW, fact).kind).toBe(kind);
  });

  it('is looked at again in time, never later than its end', () => {
    for (const ms of [SILENCE_MS, SILENCE_MS + SECOND, LONG_SILENCE_MS - SECOND]) {
      const verdict = silenceVerdict(silentFor(ms), NOW, status('in_progress'));
      expect(verdict).toMatchObject({ kind: 'wait' });
      expect(verdict.kind === 'wait' ? verdict.at : 0).toBeGreaterThan(NOW);
      expect(verdict.kind === 'wait' ? verdict.at : 0).toBeLessThanOrEqual(NOW - ms + LONG_SILENCE_MS);
    }
  });

  it.each([
    ['an apply that has begun', { kind: 'apply', begun: true }, false],
    ['an apply that has not', { kind: 'apply', begun: false }, true],
    ['a plan', { kind: 'plan' }, true],
  ] as const)('ends, and %s is stopped on GitHub: %s', (_, more, stop) => {
    expect(silenceVerdict(silentFor(LONG_SILENCE_MS, more), NOW, status('in_progress'))).toMatchObject({
      kind: 'end',
      stop,
    });
  });

  it('never started when GitHub knows nothing of it after ten minutes', () => {
    const made = run({ createdAt: NOW - DISPATCH_LIFE_MS, dispatchedAt: null });
    expect(silenceVerdict(made, NOW, known(null))).toMatchObject({ kind: 'end', reason: 'run-never-started' });
    expect(silenceVerdict(made, NOW, unknown('502')).kind, 'not known is not no').toBe('wait');
  });
});

describe('an apply whose job ended without a report', () => {
  it.each([
    ['after it began', true, 'unknown', 'run-unknown'],
    ['before it began', false, 'vanished', 'run-lost'],
  ] as const)('%s', (_, begun, state, reason) => {
    const lost = silentFor(SECOND, { begun });
    const snapshot = snapshotOf({ ours: { runs: [lost] }, github: { actionsRun: status('completed', 'failure') } });
    const decision = decide(snapshot, { kind: 'run-silent', repository: REPOSITORY, pull: 7, run: id(1) });
    expect(intents(decision, 'end-run')).toEqual([{ do: 'end-run', run: id(1), state, reason }]);
  });
});

import { describe, expect, it } from 'vitest';
import { type ContextAnswer, checkStates } from '../../src/github/check-states.ts';

type Run = Extract<ContextAnswer, { __typename: 'CheckRun' }>;

const run = (change: Partial<Omit<Run, 'checkSuite'>> & { app?: number | null; event?: string } = {}): Run => {
  const { app = 15, event, ...rest } = change;
  return {
    __typename: 'CheckRun',
    name: 'test',
    status: 'COMPLETED',
    conclusion: 'SUCCESS',
    startedAt: '2026-11-21T10:00:00Z',
    isRequired: false,
    checkSuite: {
      app: app === null ? null : { databaseId: app },
      workflowRun: event === undefined ? null : { event, workflow: { name: 'CI' } },
    },
    ...rest,
  };
};

describe('checkStates', () => {
  it.each([
    ['QUEUED', null, 'pending'],
    ['IN_PROGRESS', null, 'pending'],
    ['WAITING', null, 'pending'],
    ['COMPLETED', 'SUCCESS', 'success'],
    ['COMPLETED', 'NEUTRAL', 'neutral'],
    ['COMPLETED', 'SKIPPED', 'skipped'],
    ['COMPLETED', 'FAILURE', 'failure'],
    ['COMPLETED', 'CANCELLED', 'failure'],
    ['COMPLETED', 'TIMED_OUT', 'failure'],
    ['COMPLETED', 'ACTION_REQUIRED', 'failure'],
    ['COMPLETED', 'STARTUP_FAILURE', 'failure'],
    ['COMPLETED', 'STALE', 'failure'],
    ['COMPLETED', 'SOMETHING_NEW', 'failure'],
    ['COMPLETED', null, 'failure'],
  ])('takes a check that is %s with %s for %s', (status, conclusion, state) => {
    expect(checkStates([run({ status, conclusion })], 1)).toMatchObject([{ state }]);
  });

  it.each([
    ['SUCCESS', 'success'],
    ['PENDING', 'pending'],
    ['EXPECTED', 'pending'],
    ['FAILURE', 'failure'],
    ['ERROR', 'failure'],
  ])('takes a status that is %s for %s', (said, state) => {
    const status = { __typename: 'StatusContext', context: 'ci', state: said, isRequired: true } as const;
    expect(checkStates([status], 1)).toEqual([{ name: 'ci', state, required: true, appId: null, ours: false }]);
  });

  it('counts the newest of several runs of one check, in whatever order they are listed', () => {
    const old = run({ conclusion: 'FAILURE', startedAt: '2026-11-21T09:00:00Z' });
    expect(checkStates([old, run()], 1)).toMatchObject([{ state: 'success' }]);
    expect(checkStates([run(), old], 1)).toMatchObject([{ state: 'success' }]);
  });

  it('does not let one App, or one trigger, speak for another under the same name', () => {
    const forged = run({ app: 66, startedAt: '2026-11-21T11:00:00Z' });
    expect(checkStates([run({ conclusion: 'FAILURE' }), forged], 1)).toHaveLength(2);
    const pushed = run({ event: 'push', conclusion: 'FAILURE' });
    expect(checkStates([pushed, run({ event: 'pull_request' })], 1)).toHaveLength(2);
  });

  it('knows our own by the App, not by the name', () => {
    const named = run({ name: 'plumbline/plan' });
    expect(checkStates([named], 1)).toMatchObject([{ ours: false }]);
    expect(checkStates([named], 15)).toMatchObject([{ ours: true, appId: 15 }]);
    expect(checkStates([run({ app: null })], 1)).toMatchObject([{ ours: false }]);
  });
});

import { expect, it } from 'vitest';
import { plansIn } from '../../src/worker/publish-comment.ts';

it('counts a plan as published only when its report is in the comment, not as soon as its file is there', () => {
  const plans = [
    { id: 'shown', state: 'stored' },
    { id: 'uploaded', state: 'stored' },
    { id: 'erased', state: 'erased' },
    { id: 'applied', state: 'stored' },
  ] as const;
  const results = [
    { kind: 'plan', plan_id: 'shown' },
    { kind: 'plan', plan_id: 'erased' },
    { kind: 'plan', plan_id: null },
    { kind: 'apply', plan_id: 'applied' },
  ] as const;
  expect(plansIn({ plans, results })).toEqual(['shown']);
});

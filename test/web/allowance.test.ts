import { expect, it } from 'vitest';
import { createAllowance } from '../../src/web/allowance.ts';

it('allows so many within a span, and again when the next one has begun', () => {
  let now = 0;
  const may = createAllowance(2, 1_000, () => now);
  expect([may(), may(), may(), may()]).toEqual([true, true, false, false]);
  now = 999;
  expect(may()).toBe(false);
  now = 1_000;
  expect([may(), may(), may()]).toEqual([true, true, false]);
});

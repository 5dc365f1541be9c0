import { describe, expect, it } from 'vitest';
import { comparePlans } from '../../src/plans/compare-plans.ts';
import { originsOf } from '../../src/plans/origin.ts';
import { planOf, resource } from './plan-fixtures.ts';

const value = (text: string) => ({ kind: 'value' as const, value: text });
const size = (text: string) =>
  resource({
    address: 'a.x',
    action: 'update',
    attributes: [{ path: ['size'], before: value('s'), after: value(text) }],
  });

describe('since the plan that was reviewed', () => {
  it.each([
    ['nothing is new', [size('m')], [size('m')], []],
    ['a resource is new', [size('m')], [size('m'), resource({ address: 'a.y' })], ['a.y is now created']],
    [
      'a resource is gone',
      [size('m'), resource({ address: 'a.y', action: 'delete' })],
      [size('m')],
      ['a.y is no longer destroyed'],
    ],
    [
      'an action is worse',
      [size('m')],
      [resource({ address: 'a.x', action: 'replace' })],
      ['a.x was to be changed, is now replaced'],
    ],
    ['a value is another', [size('m')], [size('l')], ['a.x differs in size']],
    [
      'a secret is another',
      [
        resource({
          address: 'a.x',
          attributes: [{ path: ['pw'], after: { kind: 'hidden', digest: '1', why: 'sensitive' } }],
        }),
      ],
      [
        resource({
          address: 'a.x',
          attributes: [{ path: ['pw'], after: { kind: 'hidden', digest: '2', why: 'sensitive' } }],
        }),
      ],
      ['a.x differs in pw'],
    ],
  ] as const)('says that %s', (_name, before, after, expected) => {
    const difference = comparePlans(planOf(before), planOf(after));
    expect(difference.changes.map((change) => `${change.address} ${change.text}`)).toEqual(expected);
    expect(difference.same).toBe(expected.length === 0);
  });
});

it('tells what was due before from what this pull request brings', () => {
  const now = planOf([
    size('m'),
    resource({ address: 'a.old', action: 'delete' }),
    resource({ address: 'a.worse', action: 'replace' }),
  ]);
  const before = planOf([
    resource({ address: 'a.old', action: 'delete' }),
    resource({ address: 'a.worse', action: 'update' }),
  ]);
  expect([...originsOf(now, before)]).toEqual([
    ['a.x', 'this-change'],
    ['a.old', 'before'],
    ['a.worse', 'both'],
  ]);
});

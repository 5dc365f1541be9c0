import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capPlan } from '../../src/plans/cap-plan.ts';
import { comparePlans } from '../../src/plans/compare-plans.ts';
import { canonicalText, shapeText } from '../../src/plans/plan-digest.ts';
import { readPlan } from '../../src/plans/read-plan.ts';
import { digest, fixtureJson, fixturePlan, planOf, resource } from './plan-fixtures.ts';

const CANARY = 'canary-7f3a';

/** Values in which some strings are canaries and the marks say so. */
const marked = fc.letrec<{ pair: { value: unknown; marks: unknown } }>((tie) => ({
  pair: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)).map((value) => ({ value, marks: false })),
    fc.nat(99).map((number) => ({ value: `${CANARY}-${number}`, marks: true })),
    fc.array(tie('pair'), { maxLength: 4 }).map((pairs) => ({
      value: pairs.map((pair) => pair.value),
      marks: pairs.map((pair) => pair.marks),
    })),
    fc.dictionary(fc.string({ maxLength: 8 }), tie('pair'), { maxKeys: 5 }).map((entries) => ({
      value: Object.fromEntries(Object.entries(entries).map(([key, pair]) => [key, pair.value])),
      marks: Object.fromEntries(Object.entries(entries).map(([key, pair]) => [key, pair.marks])),
    })),
  ),
})).pair;

const side = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), marked, { maxKeys: 6 });
const change = fc.record({
  address: fc.string({ minLength: 1, maxLength: 20 }).map((name) => `aws_thing.${name}`),
  action: fc.constantFrom(['create'], ['update'], ['delete'], ['create', 'delete'], ['delete', 'create'], ['no-op']),
  before: side,
  after: side,
});
const plans = fc.uniqueArray(change, { maxLength: 6, selector: (entry) => entry.address });

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function show(changes: readonly Change[]): Record<string, unknown> {
  const strip = (entries: Change['before'], what: 'value' | 'marks') =>
    Object.fromEntries(Object.entries(entries).map(([key, pair]) => [key, pair[what]]));
  return {
    format_version: '1.2',
    terraform_version: '1.11.4',
    timestamp: '2026-01-01T00:00:00Z',
    resource_changes: changes.map((entry) => ({
      address: entry.address,
      mode: 'managed',
      type: 'aws_thing',
      name: 'x',
      provider_name: 'registry.terraform.io/hashicorp/aws',
      change: {
        actions: entry.action,
        before: strip(entry.before, 'value'),
        after: strip(entry.after, 'value'),
        before_sensitive: strip(entry.before, 'marks'),
        after_sensitive: strip(entry.after, 'marks'),
        after_unknown: {},
      },
    })),
  };
}

/** The same JSON with the keys of all objects in the opposite order. */
function backwards(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(backwards);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, inside]) => [key, backwards(inside)]),
      )
    : value;
}

describe('for every plan', () => {
  it('no value that is marked sensitive is in the model', () => {
    fc.assert(
      fc.property(plans, (changes) => {
        expect(JSON.stringify(readPlan(show(changes), { digest }))).not.toContain(CANARY);
      }),
    );
  });

  it('the canonical text does not depend on order, time or engine version', () => {
    fc.assert(
      fc.property(plans, (changes) => {
        const one = readPlan(show(changes), { digest });
        const other = readPlan(
          backwards({
            ...show(changes.toReversed()),
            timestamp: '2030-01-01T00:00:00Z',
            terraform_version: '1.12.0',
          }),
          { digest },
        );
        expect(canonicalText(other)).toBe(canonicalText(one));
      }),
    );
  });

  it('anything that JSON can say is read without throwing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        readPlan(a, { digest });
        const model = readPlan(
          {
            format_version: '1.0',
            resource_changes: [{ address: 'a.b', change: a }, b],
            output_changes: b,
            checks: a,
            resource_drift: [b],
          },
          { digest },
        );
        expect(JSON.parse(JSON.stringify(model))).toEqual(model);
      }),
    );
  });

  it('a capped model fits, keeps its counts, and is the model itself when it fitted', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 2_000, max: 20_000 }), (changes, maxBytes) => {
        const whole = readPlan(show(changes), { digest });
        const capped = capPlan(whole, { maxBytes });
        expect(Buffer.byteLength(JSON.stringify(capped))).toBeLessThanOrEqual(maxBytes);
        expect(capped.counts).toEqual(whole.counts);
        if (capped.left === undefined) {
          expect(canonicalText(capped)).toBe(canonicalText(whole));
        }
      }),
    );
  });

  it('a plan compared with itself is the same, and with another is not unless their texts are', () => {
    fc.assert(
      fc.property(plans, plans, (a, b) => {
        const one = readPlan(show(a), { digest });
        const other = readPlan(show(b), { digest });
        expect(comparePlans(one, one).same).toBe(true);
        expect(comparePlans(one, other).same).toBe(canonicalText(one) === canonicalText(other));
      }),
    );
  });
});

describe('the canonical text', () => {
  it('differs for another value, another action, another secret', () => {
    const texts = (['create', 'change', 'destroy', 'none'] as const).map((name) => canonicalText(fixturePlan(name)));
    expect(new Set(texts).size).toBe(4);
  });

  it('differs when elements of two blocks change places', () => {
    const leaf = (value: string) => ({ kind: 'value' as const, value });
    const block = (first: string, second: string) =>
      planOf([
        resource({
          address: 'a.b',
          attributes: [
            { path: ['rule', 0, 'port'], after: leaf('80') },
            { path: ['rule', 0, 'to'], after: leaf(first) },
            { path: ['rule', 1, 'port'], after: leaf('22') },
            { path: ['rule', 1, 'to'], after: leaf(second) },
          ],
        }),
      ]);
    expect(canonicalText(block('all', 'me'))).not.toBe(canonicalText(block('me', 'all')));
    expect(shapeText(block('all', 'me'))).toBe(shapeText(block('me', 'all')));
  });

  it('of what could not be understood is equal only to itself', () => {
    expect(canonicalText(readPlan([], { digest }))).not.toBe(canonicalText(readPlan({}, { digest })));
    expect(canonicalText(readPlan(fixtureJson('none'), { digest }))).toBe('plan 1');
  });
});

describe('a plan of 10,000 resources', () => {
  const many = planOf(
    Array.from({ length: 10_000 }, (_, index) =>
      resource({
        address: `module.m[${index}].aws_instance.x`,
        action: index % 100 === 0 ? 'delete' : 'create',
        attributes: Array.from({ length: 20 }, (_entry, at) => ({
          path: [`attribute_${at}`],
          after: { kind: 'value' as const, value: `value ${index} ${at}` },
        })),
      }),
    ),
  );

  it('keeps what destroys when it has to leave something out', () => {
    const capped = capPlan(many, { maxBytes: 500_000 });
    expect(Buffer.byteLength(JSON.stringify(capped))).toBeLessThanOrEqual(500_000);
    expect(capped.changes.filter((change) => change.action === 'delete')).toHaveLength(100);
    expect(capped.left?.resources).toBe(10_000 - capped.changes.length);
    expect(capped.counts.create).toBe(9_900);
  });

  it('keeps lists to what the service takes', () => {
    expect(capPlan(many, { maxBytes: 100_000_000, maxList: 5_000 }).changes).toHaveLength(5_000);
  });
});

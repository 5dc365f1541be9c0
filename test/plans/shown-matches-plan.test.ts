import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanModel } from '../../src/domain/plan-model.ts';
import { contradiction, reportedModel } from '../../src/plans/reported-model.ts';
import { shownDifferences } from '../../src/plans/shown-matches-plan.ts';
import { wireModel } from '../../src/plans/wire-model.ts';
import { fixturePlan, planOf, resource } from './plan-fixtures.ts';

const NAMES = ['create', 'change', 'none', 'destroy', 'provisioner', 'read'] as const;
const unmasked = (model: PlanModel, maxBytes = 1_000_000): unknown =>
  wireModel(model, { maxBytes, mask: (text) => text });
/** On its way: what a job sends is JSON, and so is what the service keeps. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const word = fc.string({ minLength: 4, maxLength: 12 });
const models = fc
  .array(
    fc.record({
      address: fc.string({ minLength: 1, maxLength: 60 }),
      action: fc.constantFrom('create', 'update', 'delete', 'replace', 'read' as const),
      path: fc.array(fc.oneof(fc.string({ maxLength: 20 }), fc.integer({ min: -3, max: 3 })), {
        minLength: 1,
        maxLength: 4,
      }),
      before: fc.oneof(fc.string({ maxLength: 9_000 }), fc.integer(), fc.boolean(), fc.constant(null)),
      after: fc.string({ unit: 'binary', maxLength: 200 }),
    }),
    { maxLength: 12 },
  )
  .map((entries) =>
    planOf(
      entries.map(({ address, action, path, before, after }) =>
        resource({
          address,
          action,
          attributes: [{ path, before: { kind: 'value', value: before }, after: { kind: 'value', value: after } }],
        }),
      ),
    ),
  );

describe('what was shown and what a plan file gives', () => {
  it('are the same for every plan, whatever its job masked and had to cap', () => {
    fc.assert(
      fc.property(models, fc.array(word, { maxLength: 4 }), fc.nat(4_000), (model, extra, maxBytes) => {
        const secrets = [
          ...extra,
          ...model.changes.map(({ address }) => address.slice(1, 9)).filter((text) => text.length >= 4),
        ];
        const mask = (text: string) => secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
        const shown = sent(wireModel(model, { maxBytes, mask }));
        expect(shownDifferences(shown, unmasked(model, maxBytes))).toEqual([]);
      }),
    );
  });

  it('are the same for what a real engine printed, after the service has counted it', () => {
    for (const name of NAMES) {
      const model = fixturePlan(name);
      expect(reportedModel(model)).toEqual(model);
      expect(shownDifferences(sent(reportedModel(model)), unmasked(model))).toEqual([]);
    }
  });

  it('differ wherever one value, number, word or entry is another one', () => {
    for (const name of NAMES) {
      const shown = sent(unmasked(fixturePlan(name)));
      let tried = 0;
      for (const other of variants(shown)) {
        tried += 1;
        expect(shownDifferences(other, shown)).not.toEqual([]);
        expect(shownDifferences(shown, other)).not.toEqual([]);
      }
      expect(tried).toBeGreaterThan(10);
    }
  });

  it('differ when another plan was shown, and that is told by address', () => {
    const change = (after: string) =>
      planOf([
        resource({
          address: 'aws_iam_policy.ci',
          attributes: [{ path: ['policy'], after: { kind: 'value', value: after } }],
        }),
      ]);
    expect(shownDifferences(sent(unmasked(change('read'))), unmasked(change('everything')))).toEqual([
      'changes › aws_iam_policy.ci › attributes › policy › after › value: not as shown',
    ]);
    expect(shownDifferences(sent(unmasked(planOf([]))), unmasked(change('read')))).toContain(
      'changes: 0 shown, 1 in the plan file',
    );
    expect(shownDifferences(undefined, unmasked(planOf([])))).toEqual(['the plan: not as shown']);
  });

  it.each([
    ['the same', 'a b', 'a b', true],
    ['another', 'a b', 'a c', false],
    ['all of it masked', '***', 'secret', true],
    ['a stretch masked', 'user:***@host', 'user:pass@host', true],
    ['two stretches masked', '***-x-***', 'aaaa-x-bbbb', true],
    ['stars of its own', 'a***b', 'a***b', true],
    ['stars of its own and a mask', '***, ***', '***, secret', true],
    ['a mask for nothing', 'a***b', 'ab', false],
    ['a mask for less than masks hide', 'a***b', 'axxb', false],
    ['more around the mask', '***@host', 'pass@host.evil', false],
    ['less around the mask', 'x***', 'pass', false],
    ['parts that overlap', 'ab***ba', 'aba', false],
  ])('%s: %j shown of %j is %s', (_, shown, whole, same) => {
    const model = (text: string) => planOf([resource({ address: text })]);
    expect(shownDifferences(sent(unmasked(model(shown))), unmasked(model(whole))).length === 0).toBe(same);
  });

  it('never take stars for an action or a type', () => {
    const model = planOf([resource({ address: 'aws_instance.a', action: 'replace', type: 'aws_instance' })]);
    const masked = wireModel(model, {
      maxBytes: 100_000,
      mask: (text) => text.replace(/replace|aws_instance/g, '***'),
    });
    expect(masked).toMatchObject({ changes: [{ address: '***.a', type: 'aws_instance', action: 'replace' }] });
    const hidden = sent({ ...model, changes: [{ ...model.changes[0], action: '***' }] });
    expect(shownDifferences(hidden, unmasked(model))).toEqual(['changes › aws_instance.a › action: not as shown']);
  });
});

describe('figures that people read', () => {
  const destroys = planOf([resource({ address: 'aws_db_instance.a', action: 'delete' })]);

  it('are counted from what is listed, not taken from the job', () => {
    const lying = { ...destroys, counts: { ...destroys.counts, delete: 0, create: 1 }, hasChanges: false, hidden: 0 };
    expect(reportedModel(lying)).toEqual(destroys);
  });

  it('are at least what is listed where the job had to leave something out', () => {
    const left = { resources: 3, attributes: 0 };
    const capped = { ...destroys, left, counts: { ...destroys.counts, delete: 0, create: 3 } };
    expect(reportedModel(capped).counts).toMatchObject({ delete: 1, create: 3 });
  });

  it.each([
    ['planned', null, 'a plan without its model'],
    ['planned', { ...destroys, problem: 'unreadable' }, 'a plan that could not be read'],
    ['planned', destroys, null],
    ['no-changes', destroys, 'no changes, and a model that has some'],
    ['no-changes', { ...destroys, hasChanges: false }, 'no changes, and a model that has some'],
    ['no-changes', planOf([]), null],
    ['no-changes', planOf([resource({ address: 'data.a.b', action: 'read' })], { hasChanges: false }), null],
  ] as const)('"%s" is believed of a plan only when its model does not contradict (%#)', (state, model, why) => {
    expect(contradiction(state, model)).toBe(why);
  });
});

/** Every JSON value that differs from `value` in one place. */
function* variants(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    yield [...value, 'one more'];
    for (const [index, entry] of value.entries()) {
      yield value.toSpliced(index, 1);
      for (const other of variants(entry)) {
        yield value.with(index, other);
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, more: 1 };
    for (const [key, entry] of Object.entries(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
      for (const other of variants(entry)) {
        yield { ...value, [key]: other };
      }
    }
  } else {
    yield typeof value === 'string' ? `${value}.` : typeof value === 'number' ? value + 1 : value !== true;
    yield value === null ? 'null' : null;
  }
}

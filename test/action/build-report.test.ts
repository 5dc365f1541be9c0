import { expect, it } from 'vitest';
import { buildReport } from '../../action/src/build-report.ts';
import { secretMask } from '../../action/src/secret-mask.ts';
import { outcomeOf } from '../../action/src/target-outcome.ts';
import type { PlanModel } from '../../src/domain/plan-model.ts';
import { EMPTY_PLAN } from '../../src/plans/read-plan.ts';
import { MAX_OUTCOME_TEXT, parseReport } from '../../src/protocol/report.ts';
import { RUN } from './start-runner.ts';

const SECRET = 'very-secret-value';
const mask = secretMask({}, [SECRET]);

function modelWith(count: number, text: string): PlanModel {
  const change = { mode: 'managed', type: 't', name: 'n', provider: 'p', action: 'create', unchanged: 0 } as const;
  const changes = Array.from({ length: count }, (_, n) => ({
    ...change,
    address: `t.n[${n}]`,
    attributes: [{ path: ['a'], after: { kind: 'value', value: text } as const }],
  }));
  return { ...EMPTY_PLAN, hasChanges: true, counts: { ...EMPTY_PLAN.counts, create: count }, changes };
}

function built(...outcomes: Parameters<typeof outcomeOf>[2][]) {
  const text = buildReport(
    { run: RUN, treeSha: null, problem: null, outcomes: outcomes.map((ending, n) => outcomeOf(n, 1, ending)) },
    mask,
  );
  const parsed = parseReport(JSON.parse(text));
  if (!parsed.ok) {
    throw new Error(parsed.problems.join('; '));
  }
  return { text, outcomes: parsed.value.outcomes };
}

it('masks before it cuts, so that a cut cannot leave half a secret', () => {
  for (let shift = 0; shift < SECRET.length + 2; shift += 1) {
    const { text } = built({ state: 'plan-failed', text: `${SECRET}${'x'.repeat(MAX_OUTCOME_TEXT - shift)}` });
    expect(text).not.toContain('value');
  }
});

it('masks inside models and diagnostics, too', () => {
  const { text } = built({
    state: 'planned',
    model: modelWith(1, `a ${SECRET}`),
    diagnostics: [{ severity: 'error', summary: SECRET }],
  });
  expect(text).not.toContain(SECRET);
});

it('cuts a huge value and stays a plan that can be shown', () => {
  const { outcomes } = built({ state: 'planned', planStored: true, model: modelWith(1, 'y'.repeat(5_000_000)) });
  expect(outcomes[0]).toMatchObject({ state: 'planned', model: { counts: { create: 1 } } });
});

it('leaves details out of a plan that is too large, says how many, and leaves the others whole', () => {
  const { text, outcomes } = built(
    { state: 'planned', model: modelWith(3_000, 'z'.repeat(3_000)) },
    { state: 'planned', model: modelWith(2, 'small') },
  );
  expect(Buffer.byteLength(text)).toBeLessThan(2 * 1024 * 1024);
  expect(outcomes[0]).toMatchObject({ state: 'planned', model: { counts: { create: 3_000 } } });
  expect(outcomes[0]?.model?.left?.attributes).toBeGreaterThan(0);
  expect(outcomes[1]?.model?.left).toBeUndefined();
});

it('reports a plan that cannot be shown as failed, with its counts', () => {
  const model = modelWith(1, 'x');
  const deep = { path: Array(300).fill('a'), after: { kind: 'value', value: 1 } } as const;
  const { outcomes } = built({
    state: 'planned',
    model: { ...model, changes: model.changes.map((change) => ({ ...change, attributes: [deep] })) },
  });
  expect(outcomes[0]).toMatchObject({
    state: 'plan-failed',
    code: 'plan-too-large',
    model: { changes: [], counts: { create: 1 } },
  });
});

it('still reports what an apply did when nothing else of it is fit to be sent', () => {
  const resources = [{ address: 'a'.repeat(20_000), action: 'create', outcome: 'done' }] as const;
  const { outcomes } = built({ state: 'applied', resources, serial: 4, lineage: 'l' });
  expect(outcomes[0]).toMatchObject({ state: 'applied', serial: 4, resources: [] });
});

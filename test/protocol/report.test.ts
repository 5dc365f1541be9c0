import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../src/protocol/messages.ts';
import { MAX_LIST } from '../../src/protocol/plan-model.ts';
import { parseDiscovery, parseReport } from '../../src/protocol/report.ts';

const RUN = '00000000-0000-4000-8000-000000000001';
const OUTCOME = {
  index: 0,
  state: 'no-changes',
  phase: 'done',
  code: null,
  model: null,
  facts: null,
  planStored: false,
  resources: [],
  outputs: [],
  serial: null,
  lineage: null,
  diagnostics: [],
  text: '',
  durationMs: 1,
};
const REPORT = { protocol: PROTOCOL, run: RUN, treeSha: null, problem: null, outcomes: [OUTCOME] };

function withOutcome(change: Readonly<Record<string, unknown>>) {
  return { ...REPORT, outcomes: [{ ...OUTCOME, ...change }] };
}

describe('a report', () => {
  it('is taken as it should be', () => {
    expect(parseReport(REPORT)).toEqual({ ok: true, value: REPORT });
  });

  it.each([
    ['nothing', null],
    ['a list', []],
    ['another protocol', { ...REPORT, protocol: PROTOCOL + 1 }],
    ['a run id that is none', { ...REPORT, run: '../../x' }],
    ['an unknown field', { ...REPORT, extra: 1 }],
    ['an unknown state', withOutcome({ state: 'fine' })],
    ['a negative index', withOutcome({ index: -1 })],
    ['an index that is no whole number', withOutcome({ index: 0.5 })],
    ['a code that is no code', withOutcome({ code: '<script>' })],
    ['a text above the limit', withOutcome({ text: 'x'.repeat(65 * 1024) })],
    [
      'a list above the limit',
      withOutcome({ diagnostics: Array(MAX_LIST + 1).fill({ severity: 'error', summary: '' }) }),
    ],
    ['a dirspace twice', { ...REPORT, outcomes: [OUTCOME, OUTCOME] }],
    ['a model that is none', withOutcome({ model: { version: 1 } })],
  ])('is refused with %s', (_name, body) => {
    expect(parseReport(body)).toMatchObject({ ok: false });
  });

  it('is refused by naming fields, never what stood in them', () => {
    const parsed = parseReport(withOutcome({ state: 'hunter2', text: 5 }));
    expect(parsed).toMatchObject({
      ok: false,
      problems: ['outcomes.0.state: invalid_value', 'outcomes.0.text: invalid_type'],
    });
  });

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.anything(), (body) => parseReport(body).ok === false));
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(OUTCOME)), (value, key) => {
        parseReport(withOutcome({ [key]: value }));
      }),
    );
  });
});

describe('a discovery', () => {
  const DISCOVERY = {
    protocol: PROTOCOL,
    run: RUN,
    treeSha: 'a'.repeat(40),
    index: { paths: { app: { modules: ['../m'] } }, symlinks: [['a', 'b']] },
  };

  it('is taken with names of modules and links', () => {
    expect(parseDiscovery(DISCOVERY)).toEqual({ ok: true, value: DISCOVERY });
  });

  it.each([
    ['contents of a file', { ...DISCOVERY, index: { ...DISCOVERY.index, text: '' } }],
    ['a path without end', { ...DISCOVERY, index: { paths: { ['a'.repeat(5_000)]: { modules: [] } }, symlinks: [] } }],
    ['no tree', { ...DISCOVERY, treeSha: null }],
  ])('is refused with %s', (_name, body) => {
    expect(parseDiscovery(body).ok).toBe(false);
  });
});

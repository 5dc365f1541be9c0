import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dirspaceKey } from '../../src/domain/dirspace.ts';
import { computeChange } from '../../src/matching/compute-change.ts';
import { configOf } from './config-of.ts';
import { naiveChange } from './naive-matcher.ts';

const DIR = '$'.concat('{DIR}');
const WORKSPACE = '$'.concat('{WORKSPACE}');

const segment = fc.constantFrom('a', 'b', 'ab', 'a+b', 'x@y', '(z)', 'ä ö', '.dot', 'mod');
const dir = fc.array(segment, { maxLength: 3 }).map((parts) => (parts.length === 0 ? '.' : parts.join('/')));
const name = fc.constantFrom('main.tf', 'a.tf', 'b.tfvars', 'README.md', '.x.tf', 'w1.tfvars');
const file = fc.tuple(dir, name).map(([where, what]) => (where === '.' ? what : `${where}/${what}`));
const part = fc.constantFrom(DIR, WORKSPACE, '*', '**', 'a', 'b', 'mod', '..', '.', '{a,b}', 'a*', '?', '[ab]', '(z)');
const last = fc.constantFrom('*.tf', '*', '**', '*.tf*', 'main.tf', '{main,a}.tf', `${WORKSPACE}.tfvars`, '?.tf', '.*');
const pattern = fc
  .tuple(fc.boolean(), fc.boolean(), fc.array(part, { maxLength: 3 }), last)
  .map(([negated, own, parts, end]) => `${negated ? '!' : ''}${[...(own ? [DIR] : []), ...parts, end].join('/')}`);
const query = fc.constantFrom(
  'dir:a',
  'workspace:w1',
  'base',
  'a in dir',
  'relative_dir:../b',
  'base and not dir:b',
  'dir:b or dir:.',
);
const whenModified = fc.record(
  {
    file_patterns: fc.array(fc.oneof(fc.constant(`${DIR}/*.tf`), pattern), { maxLength: 3 }),
    depends_on: fc.oneof(query, fc.record({ tag_query: query, prune_on_no_change: fc.boolean() })),
  },
  { requiredKeys: [] },
);
const key = fc.oneof(dir, fc.constantFrom('**/*.tf', 'a/**', '*/main.tf', 'a/*/*', '**/mod/**', '*.tf', '**'));
const entry = fc.record(
  {
    tags: fc.subarray(['base', 'other']),
    when_modified: whenModified,
    workspaces: fc.constantFrom({ w1: {} }, { w1: {}, default: { tags: ['base'] } }),
  },
  { requiredKeys: [] },
);
const global = fc.record(
  {
    file_patterns: fc.array(fc.oneof(fc.constantFrom(`${DIR}/*.tf`, `${DIR}/**/*.tf`, '**/*.tf'), pattern), {
      minLength: 1,
      maxLength: 2,
    }),
  },
  { requiredKeys: [] },
);
const index = fc.option(
  fc
    .dictionary(dir, fc.array(fc.constantFrom('../mod', './mod', '../../mod', '../b', './a'), { maxLength: 2 }), {
      maxKeys: 4,
    })
    .map((paths) => ({
      paths: Object.fromEntries(Object.entries(paths).map(([from, modules]) => [from, { modules }])),
      symlinks: [],
    })),
  { nil: undefined },
);

it('agrees with a matcher that tries everything, on random trees, patterns and diffs', () => {
  let compared = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(file, { minLength: 1, maxLength: 25 }),
      fc.array(fc.tuple(file, fc.option(file)), { maxLength: 5 }),
      fc.dictionary(key, entry, { maxKeys: 4 }),
      global,
      index,
      (files, moved, dirs, when, modules) => {
        const config = validConfig({ when_modified: when, dirs });
        fc.pre(config !== undefined);
        if (config === undefined) {
          return;
        }
        compared += 1;
        const changed = moved.map(([path, before]) =>
          before === null
            ? ({ path, status: 'modified' } as const)
            : ({ path, previousPath: before, status: 'renamed' } as const),
        );
        const input = { config, files, changed, ...(modules === undefined ? {} : { index: modules }) };
        const naive = naiveChange(input);
        const change = computeChange({ ...input, head: 'feature', base: 'main' });
        expect(change.errors.some(({ code }) => code === 'dependency-cycle')).toBe(naive.cycle);
        if (!naive.cycle) {
          expect(change.errors).toEqual([]);
          expect(change.dirspaces.map((one) => dirspaceKey(one).replace('\0', ' ')).sort()).toEqual(naive.dirspaces);
          expect(change.layers.map((layer) => layer.map((one) => dirspaceKey(one).replace('\0', ' ')).sort())).toEqual(
            naive.layers,
          );
        }
      },
    ),
    { numRuns: 1_500 },
  );
  expect(compared).toBeGreaterThan(1_000);
});

function validConfig(raw: object): ReturnType<typeof configOf> | undefined {
  try {
    return configOf(raw);
  } catch {
    return undefined;
  }
}

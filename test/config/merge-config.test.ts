import { describe, expect, it } from 'vitest';
import { checkConfig, formatProblem } from '../../src/config/check-config.ts';
import { effectiveConfig } from '../../src/config/merge-config.ts';
import { showConfig } from '../../src/config/show-config.ts';
import { meaning, parsed, SAMPLES } from './samples.ts';

function merge(...texts: readonly string[]) {
  return effectiveConfig(
    texts.map((text, index) => ({ name: `source ${index}`, config: parsed(text, `${index}.yml`) })),
  );
}

describe('effectiveConfig', () => {
  it.each<[string, readonly string[], unknown]>([
    ['the later single value', ['parallel_runs: 1', 'parallel_runs: 2'], { parallel_runs: 2 }],
    [
      'maps key by key',
      ['automerge: {enabled: true, delete_branch: true}', 'automerge: {delete_branch: false}'],
      { automerge: { enabled: true, delete_branch: false } },
    ],
    ['lists with the later first', ['trusted_bots: [a]', 'trusted_bots: [b]'], { trusted_bots: ['b', 'a'] }],
    [
      'a list that replaces',
      ['trusted_bots: [a]', 'trusted_bots: !replace [b]', 'trusted_bots: [c]'],
      { trusted_bots: ['c', 'b'] },
    ],
    ['an explicit null as nothing said', ['trusted_bots: [a]\nlabels: true', 'trusted_bots: ~'], { labels: true }],
    [
      'another engine as another engine',
      ['engine: {name: terraform, version: "1"}', 'engine: {name: tofu}'],
      { engine: { name: 'tofu' } },
    ],
    [
      'the same engine as one',
      ['engine: {name: tofu, version: "1"}', 'engine: {name: tofu, override_tf_cmd: x}'],
      { engine: { name: 'tofu', version: '1', override_tf_cmd: 'x' } },
    ],
    [
      'another storage as another one',
      ['storage: {plans: {method: s3, bucket: b, region: r}}', 'storage: {plans: {method: plumbline}}'],
      { storage: { plans: { method: 'plumbline' } } },
    ],
    [
      'old and new forms together',
      ['drift: {schedule: daily}', 'drift: {schedules: {default: {schedule: weekly, tag_query: x}}}'],
      { drift: { schedules: { default: { schedule: 'weekly', tag_query: 'x' } } } },
    ],
    [
      'a dependency in both its forms',
      ['when_modified: {depends_on: a}', 'when_modified: {depends_on: {tag_query: b}}'],
      { when_modified: { depends_on: { tag_query: 'b' } } },
    ],
    [
      'what a stack is, from who says it last',
      ['stacks: {names: {a: {tag_query: x}, b: {tag_query: y}}}', 'stacks: {names: {a: {stacks: [b]}}}'],
      { stacks: { names: { a: { stacks: ['b'] }, b: { tag_query: 'y' } } } },
    ],
  ])('takes %s', (_name, texts, expected) => {
    const merged = merge(...texts);
    expect(merged.problems).toEqual([]);
    expect(merged.raw).toEqual(expected);
  });

  it('knows where every value comes from', () => {
    const { provenance } = merge('labels: true\ntrusted_bots: [a]\ndirs: {x y: {tags: [t]}}', 'trusted_bots: [b]');
    expect(Object.fromEntries(provenance)).toEqual({
      labels: 'source 0',
      trusted_bots: 'source 1',
      'trusted_bots[0]': 'source 1',
      'trusted_bots[1]': 'source 0',
      'dirs["x y"].tags': 'source 0',
      'dirs["x y"].tags[0]': 'source 0',
    });
  });

  it('refuses kinds that cannot be merged, in the file that differs', () => {
    const { problems } = merge('workflows: [{tag_query: a, runs_on: x}]', 'destination_branches: [a]');
    expect(problems).toEqual([]);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'a stack that does not exist',
      ['stacks: {names: {a: {stacks: [bse]}, base: {tag_query: x}}}'],
      ['0.yml stack-reference'],
    ],
    [
      'a stack that another source defines',
      ['stacks: {names: {a: {stacks: [b]}}}', 'stacks: {names: {b: {tag_query: x}}}'],
      [],
    ],
    ['the stack that is always there', ['stacks: {names: {a: {tag_query: x, rules: {apply_after: [default]}}}}'], []],
    ['a circle of containment', ['stacks: {names: {a: {stacks: [b]}, b: {stacks: [a]}}}'], ['0.yml stack-cycle']],
    [
      'a circle of order over two sources',
      [
        'stacks: {names: {a: {tag_query: x, rules: {modified_by: [b]}}, b: {tag_query: y}}}',
        'stacks: {names: {b: {rules: {apply_after: [a]}}}}',
      ],
      ['0.yml stack-cycle'],
    ],
    ['a stack that holds nothing', ['stacks: {names: {a: {rules: {}}}}'], ['0.yml missing-key']],
    ['a stack inside itself', ['stacks: {names: {a: {stacks: [a]}}}'], ['0.yml stack-cycle']],
  ])('judges %s', (_name, texts, expected) => {
    expect(merge(...texts).problems.map(({ file, code }) => `${file} ${code}`)).toEqual(expected);
  });

  it('follows a thousand stacks in a row', () => {
    const names = Array.from({ length: 1000 }, (_, n) => `s${n}: {tag_query: x, rules: {plan_after: [s${n + 1}]}}`);
    expect(merge(`stacks: {names: {${names.join(', ')}, s1000: {tag_query: y}}}`).problems).toEqual([]);
  });
});

describe('checkConfig', () => {
  it('judges a file alone, references included', () => {
    const { ok, problems } = checkConfig('stacks:\n  names:\n    a:\n      stacks: [b]\n', 'x.yml');
    expect(ok).toBe(false);
    expect(problems.map(formatProblem)).toEqual(['x.yml:4:15: stacks.names.a.stacks: There is no stack "b".']);
  });

  it('writes a problem in one line, with what was probably meant', () => {
    const { problems } = checkConfig('lable: true', 'x.yml');
    expect(problems.map(formatProblem)).toEqual(['x.yml:1:1: lable: Unknown key `lable`. Did you mean `labels`?']);
  });
});

describe('showConfig', () => {
  it.each(SAMPLES.map((text, index) => [index, text] as const))(
    'prints sample %i as a file that means the same',
    (_index, text) => {
      const effective = effectiveConfig([{ name: 'file', config: parsed(text) }]);
      expect(meaning(showConfig(effective))).toEqual(effective.config);
    },
  );

  it('prints nothing but defaults when nobody said anything', () => {
    const shown = showConfig(effectiveConfig([]));
    expect(meaning(shown)).toEqual(effectiveConfig([]).config);
    expect(shown.split('\n').filter((line) => line.includes('#') && !line.endsWith('# default'))).toEqual([]);
  });

  it('names the source of each value and of each element', () => {
    const shown = showConfig(
      merge('labels: true\nworkflows: [{tag_query: a}]', 'workflows: [{tag_query: b}]\ndestination_branches: [main]'),
    );
    expect(shown).toContain('labels: true # source 0\n');
    expect(shown).toContain('workflows:\n  - # source 1\n    tag_query: b\n  - # source 0\n    tag_query: a\n');
    expect(shown).toContain('destination_branches:\n  - main # source 1\n');
    expect(shown).toContain('checks: summary # default\n');
  });

  it('does not let a source or a value end its comment', () => {
    const config = parsed('dirs: {"a #b": {tags: ["x # y"]}}\ntrusted_bots: []');
    const shown = showConfig(effectiveConfig([{ name: 'evil\nlabels: true', config }]));
    expect(meaning(shown).labels).toBe(false);
    expect(meaning(shown).dirs[0]?.key).toBe('a #b');
  });
});

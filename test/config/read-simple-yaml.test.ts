import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSimpleYaml } from '../../src/config/read-simple-yaml.ts';
import { readYaml } from '../../src/config/read-yaml.ts';
import { SAMPLES } from './samples.ts';

/** JSON, which tells apart all that matters here: order of keys included. */
function whole(text: string): string | undefined {
  const read = readYaml(text);
  return read.ok && read.problems.length === 0 ? JSON.stringify(read.value) : undefined;
}

function simple(text: string): string | undefined {
  const value = readSimpleYaml(text);
  return value === undefined ? undefined : JSON.stringify(value);
}

describe('readSimpleYaml', () => {
  it.each<[string, string]>([
    ['maps in maps', 'a:\n  b:\n    c: 1\n  d: x\ne: ~\n'],
    ['lists under a key, deeper and not', 'a:\n  - 1\n  - x\nb:\n- y\n- z\nc: 1'],
    ['maps in lists', 'a:\n  - b: 1\n    c: [x]\n  - d: 2\n  -\n    e: 3\n'],
    ['lists in maps in lists', 'a:\n- b:\n  - 1\n  - 2\n  c: 3\n- b: 4\n'],
    ['flow collections', 'a: [x, "y z", \'q\', [1], {b: c, "d": [e]}, user:x, -lock=false]\nb: {}\nc: []'],
    ['comments', '# a\na: 1 # b\nb: "x # y" # c\nc: # d\n  # e\n  d: [x] # f\n'],
    ['words', 'a: true\nb: null\nc: yes\nd: x y-z/*.tf\ne: "1"\nf: \'\'\ng: 12:30 UTC\nh: a:b'],
  ])('reads %s', (_name, text) => {
    expect(simple(text)).toBe(whole(text));
    expect(simple(text)).toBeDefined();
  });

  it.each([
    ...[
      'a: &x 1',
      'a: *x',
      'a: !replace [b]',
      'a: |\n  x',
      'a: >\n  x',
      'a: [b,\n c]',
      'a: b\n  c',
      '"a\\n": 1',
      'a: "x\\ty"',
    ],
    ...[
      'a: 1\na: 2',
      '- - a',
      '? a',
      'a: 1.5',
      'a: 0x1f',
      'a: 007',
      'a: .inf',
      'a:\tb',
      '---\na: 1',
      '%YAML 1.2\n---\na: 1',
      'a\n',
    ],
    ...[
      'a: b: c',
      '__proto__: 1',
      '<<: {a: 1}',
      'a: [b, ]',
      'a: {b}',
      'a: {b:}',
      'a: [b: c]',
      ' a: 1\nb: 2',
      'a: ä',
      'a: "x"y',
      "a: 'x''y'",
    ],
  ])('leaves %j to the library', (text) => {
    expect(simple(text)).toBeUndefined();
  });

  const words = fc.constantFrom(
    ...[
      'a',
      'b',
      'a/b',
      '1',
      '007',
      '1.5',
      'true',
      '~',
      'null',
      'x y',
      '"q"',
      "'q'",
      '"a: b"',
      '-x',
      '.',
      '$' + '{DIR}/*.tf',
      'user:x',
      '*',
      '&a',
    ],
    ...[
      '[a, b]',
      '[]',
      '{}',
      '{a: 1}',
      '{a: [b, {c: d}]}',
      '[a,b]',
      '{a:b}',
      '[a: b]',
      '[-]',
      '["a":b]',
      '[a ]',
      '[ a]',
      '[,]',
      'a #b',
      'a#b',
      'a:',
      ':a',
      '- a',
    ],
  );
  const line = fc
    .tuple(
      fc.nat(4),
      fc.constantFrom('', '- ', '-', '- - ', '? '),
      fc.option(words, { nil: '' }),
      fc.constantFrom(': ', ':', '', ' : ', ':  '),
      fc.option(words, { nil: '' }),
      fc.constantFrom('', ' ', ' # c', '#c', ' #'),
    )
    .map(([indent, dash, key, colon, value, end]) => `${' '.repeat(indent)}${dash}${key}${colon}${value}${end}`);

  it('says the same as the library wherever it says something', { timeout: 60_000 }, () => {
    let said = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 7 }), (lines) => {
        const text = lines.join('\n');
        const value = simple(text);
        if (value !== undefined) {
          said += 1;
          expect([text, value]).toEqual([text, whole(text)]);
        }
      }),
      { numRuns: 20_000 },
    );
    expect(said).toBeGreaterThan(200);
  });

  it('says the same about files that are changed a little', { timeout: 60_000 }, () => {
    const file = SAMPLES.join('\n')
      .replace(/version: "1"\n/, '')
      .split('\n')
      .slice(0, 90)
      .join('\n');
    const put = fc.oneof(
      fc.constantFrom('', ' ', '\n', ': ', '- ', '#', ' #', '"', "'", '[', ']', '{', '}', ',', '*', '&', '  '),
      fc.string({ maxLength: 2 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5_000), fc.nat(4), put), { minLength: 1, maxLength: 3 }), (changes) => {
        let text = file;
        for (const [at, take, what] of changes) {
          const position = at % text.length;
          text = text.slice(0, position) + what + text.slice(position + take);
        }
        const value = simple(text);
        if (value !== undefined) {
          expect(value).toBe(whole(text));
        }
      }),
      { numRuns: 300 },
    );
  });
});

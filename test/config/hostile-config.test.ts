import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../src/config/check-config.ts';
import { nearestWord } from '../../src/config/nearest-word.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { readYaml } from '../../src/config/read-yaml.ts';
import { MAX_VALUES } from '../../src/config/yaml-text.ts';
import { HOSTILE_FILES, LARGE_FILES } from './hostile-files.ts';
import { SAMPLES } from './samples.ts';

/** How often a character is looked at: when it is passed, when what stands behind it is looked for, and on the way back. */
const MOST_LOOKS = 8;
/** Problems of one file: those of YAML, of the schema and of the meaning are each listed up to a limit. */
const MOST_PROBLEMS = 1_200;

describe('a hostile file', () => {
  it.each([...HOSTILE_FILES, ...LARGE_FILES])('of $name is answered', ({ text, code }) => {
    const { ok, problems } = checkConfig(text, 'f');
    expect(ok ? null : problems.map((problem) => problem.code)).toEqual(
      code === null ? null : expect.arrayContaining([code]),
    );
    expect(problems.length).toBeLessThan(MOST_PROBLEMS);
  });

  // The time is in the benchmarks; what it is made of is counted here, and is the same on every machine.
  it.each([...HOSTILE_FILES, ...LARGE_FILES])('of $name is looked at a few times at most', ({ text }) => {
    const { characters, values } = readYaml(text).cost;
    expect(characters).toBeLessThanOrEqual(MOST_LOOKS * text.length);
    expect(values).toBeLessThan(2 * MAX_VALUES);
  });

  const fragment = fc.oneof(
    fc.constantFrom(
      'a',
      ' ',
      '  ',
      '\n',
      '\n ',
      '\t',
      ': ',
      ':',
      '- ',
      '-',
      '? ',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      '#',
      ' #',
    ),
    fc.constantFrom(
      '|\n',
      '>\n ',
      '&a ',
      '*a ',
      '*a,',
      '<<: ',
      '!a ',
      '!!str ',
      '---\n',
      '...\n',
      '%A\n',
      '\\',
      '\\\n',
      'ä',
      '\r\n',
    ),
    fc.constantFrom(
      'a: ',
      'a: b\n',
      '\na: "',
      '\na: [',
      '\n  b: |\n',
      '\n    ',
      "''",
      '[b',
      '{a: b, ',
      '\n- a: ',
      '\ufeff',
      '.5',
    ),
  );

  it('of whatever, repeated, is looked at a few times at most', { timeout: 60_000 }, () => {
    const part = fc.array(fragment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    const repeated = fc.tuple(part, fc.nat(8_000)).map(([text, times]) => text.repeat(times).slice(0, 40_000));
    fc.assert(
      fc.property(fc.array(fc.oneof(part, repeated), { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.join('');
        const { characters, values } = readYaml(text).cost;
        expect(characters).toBeLessThanOrEqual(MOST_LOOKS * text.length);
        expect(values).toBeLessThan(2 * MAX_VALUES);
      }),
      { numRuns: 400 },
    );
  });

  it('may be as large as GitHub hands out', () => {
    expect(parseConfig(`# ${'x'.repeat(511_998)}`, { file: 'f' }).ok).toBe(true);
    expect(parseConfig(`# ${'x'.repeat(511_999)}`, { file: 'f' }).ok).toBe(false);
  });

  it('does not reach prototypes', () => {
    const text =
      'dirs: {constructor: {prototype: {x: 1}}, __proto__: {polluted: 1}}\ndefinitions: {__proto__: {polluted: 1}}';
    expect(parseConfig(text, { file: 'f' }).ok).toBe(false);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('has messages of bounded length', () => {
    const word = 'x'.repeat(100_000);
    for (const text of [`checks: ${word}`, `>${'>'.repeat(100_000)}`, `access_control: {unlock: ["role:${word}"]}`]) {
      const result = parseConfig(text, { file: 'f' });
      const messages = result.ok ? [] : result.problems.map(({ message }) => message.length);
      expect(Math.max(0, ...messages)).toBeLessThan(1_000);
    }
  });
});

describe('any file', () => {
  const fragments = fc.oneof(
    fc.constantFrom(
      ...[
        'version: "1"\n',
        'dirs:',
        ' {',
        '}',
        '[',
        ']',
        ': ',
        '- ',
        '\n',
        '\n  ',
        '\t',
        '"',
        "'",
        '|\n',
        '>-\n',
        '&a ',
        '*a',
        '<<: ',
      ],
      ...[
        '!replace ',
        '!!str ',
        '? ',
        '#',
        '---\n',
        '...\n',
        '%YAML 1.1\n',
        '\u0000',
        '\ufeff',
        '\u2028',
        '~',
        '0x1F',
        '.inf',
      ],
      ...[
        'workflows: [{tag_query: ',
        'stacks: {names: ',
        'when_modified: ',
        '__proto__: ',
        'constructor',
        '$' + '{DIR}',
      ],
    ),
    fc.string({ maxLength: 8 }),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );

  it('never makes it throw', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 40 }), (parts) => {
        const result = parseConfig(parts.join(''), { file: 'f' });
        expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('that was fine and is changed a little never makes it throw, and its problems have places inside it', {
    timeout: 60_000,
  }, () => {
    const change = fc.record({ at: fc.nat(4_000), take: fc.nat(20), put: fragments });
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLES), fc.array(change, { minLength: 1, maxLength: 4 }), (sample, changes) => {
        let text = sample;
        for (const { at, take, put } of changes) {
          const position = at % text.length;
          text = text.slice(0, position) + put + text.slice(position + take);
        }
        const lines = text.split('\n').length;
        for (const { line, column, message } of checkConfig(text, 'f').problems) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(lines);
          expect(column).toBeGreaterThan(0);
          expect(message).not.toBe('');
        }
      }),
      { numRuns: 400 },
    );
  });

  it('of any values never makes it throw', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        fc.object({
          key: fc.constantFrom(
            'dirs',
            'workflows',
            'plan',
            'type',
            'drift',
            'hooks',
            'all',
            'pre',
            'names',
            'stacks',
            'x',
          ),
          maxDepth: 5,
        }),
        (value) => {
          parseConfig(JSON.stringify(value), { file: 'f' });
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('nearestWord', () => {
  it('is quick for whatever was written', () => {
    expect(nearestWord('x'.repeat(100_000), ['y'])).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../src/config/check-config.ts';
import { nearestWord } from '../../src/config/nearest-word.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { SAMPLES } from './samples.ts';

function bomb(): string {
  const names = 'abcdefghijklmno';
  const lines = [...names].slice(1).map((name, index) => {
    const alias = `*${names[index] ?? ''}`;
    return `  ${name}: &${name} [${Array(10).fill(alias).join(', ')}]`;
  });
  return `definitions:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n${lines.join('\n')}\n`;
}

function mergeBomb(): string {
  const keys = Array.from({ length: 2_000 }, (_, n) => `k${n}: 1`).join(', ');
  const merges = Array.from({ length: 2_000 }, (_, n) => `  m${n}: {<<: *x}`).join('\n');
  return `definitions:\n  x: &x {${keys}}\n${merges}\n`;
}

/** Milliseconds, the best of some tries: what is measured is the work, not what else runs on this machine. */
function bestOf(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 20 && best >= 50; attempt += 1) {
    const start = performance.now();
    parseConfig(text, { file: 'f' });
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

describe('a hostile file', () => {
  it.each<[string, string, string]>([
    ['aliases that multiply', bomb(), 'too-many-values'],
    ['lists in lists', '['.repeat(500_000), 'too-deep'],
    ['maps in maps', '{a: '.repeat(120_000), 'too-deep'],
    ['entries in entries', '- '.repeat(250_000), 'too-deep'],
    ['keys in keys', '? '.repeat(250_000), 'too-deep'],
    ['indentation', Array.from({ length: 1_000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'), 'too-deep'],
    ['ten megabytes', 'a'.repeat(10_000_000), 'too-large'],
    ['more bytes than characters', 'ä'.repeat(256_001), 'too-large'],
  ])('of %s is refused in no time', (_name, text, code) => {
    const result = parseConfig(text, { file: 'f' });
    expect(result.ok ? 'accepted' : result.problems[0]?.code).toBe(code);
    expect(bestOf(text)).toBeLessThan(50);
  });

  it.each<[string, string]>([['merges that multiply', mergeBomb()]])('of %s is refused', (_name, text) => {
    const result = parseConfig(text, { file: 'f' });
    expect(result.ok ? 'accepted' : result.problems[0]?.code).toBe('too-many-values');
  });

  it.each<[string, string]>([
    ['nothing but closing brackets', ']'.repeat(500_000)],
    ['nothing but directives', '%A\n'.repeat(160_000)],
    ['nothing but commas', `[${','.repeat(499_000)}]`],
    ['nothing but documents', '---\na: 1\n'.repeat(50_000)],
  ])('of %s is given up soon', (_name, text) => {
    const result = parseConfig(text, { file: 'f' });
    expect(result.ok ? 'accepted' : result.problems[0]?.code).toBe('yaml');
    expect(bestOf(text)).toBeLessThan(50);
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

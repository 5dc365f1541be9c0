import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRegex, compileRegex, MAX_REGEX_LENGTH } from '../../src/matching/branch-pattern.ts';
import { checkGlob, compileGlob, escapeGlob, MAX_GLOB_LENGTH } from '../../src/matching/glob.ts';
import { globSize } from '../../src/matching/glob-size.ts';

function matches(pattern: string, path: string, ignoreCase = false): boolean {
  const compiled = compileGlob(pattern, { ignoreCase });
  if (!compiled.ok) {
    throw new Error(compiled.problem);
  }
  return compiled.glob.matches(path);
}

describe('a glob', () => {
  it.each([
    ['a/*.tf', 'a/x.tf', true],
    ['a/*.tf', 'a/b/x.tf', false],
    ['a/**', 'a/b/x.tf', true],
    ['a/**', 'a', false],
    ['**/x.tf', 'x.tf', true],
    ['a/**/x.tf', 'a/x.tf', true],
    ['?.tf', 'x.tf', true],
    ['[a-c].tf', 'b.tf', true],
    ['[^a-c].tf', 'b.tf', false],
    ['{a,b}/*.tf', 'b/x.tf', true],
    ['*.tf', '.hidden.tf', true],
    ['**/*.tf', '.github/x.tf', true],
    ['./a/*.tf', 'a/x.tf', true],
    ['#a', '#a', true],
    ['!a', '!a', true],
    ['prod/\\@vars/*.tf', 'prod/@vars/x.tf', true],
    ['A/*.TF', 'a/x.tf', false],
  ])('%j on %j: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  it('may be without regard to case', () => {
    expect(matches('Release/*', 'release/1', true)).toBe(true);
  });

  it('matches any name at all when that is escaped, and nothing else', () => {
    const path = fc.array(
      fc.string({ minLength: 1 }).filter((name) => !/^\.{0,2}$|\/|\0/.test(name)),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(path, (names) => {
        const text = names.join('/');
        fc.pre(escapeGlob(text).length <= MAX_GLOB_LENGTH);
        expect(matches(escapeGlob(text), text)).toBe(true);
        expect(matches(escapeGlob(text), `${text}x`)).toBe(false);
      }),
    );
  });

  it.each([
    ['', 'empty'],
    ['a\0b', 'NUL'],
    ['*a'.repeat(MAX_GLOB_LENGTH), 'longer'],
    ['{a,b}'.repeat(20), 'braces'],
    ['{1..100000000}', 'braces'],
    ['{'.repeat(300) + 'a,b'.repeat(200), 'braces'],
    ['+(a)'.repeat(17), 'groups'],
  ])('is refused with the reason: %#', (pattern, problem) => {
    expect(checkGlob(pattern)).toContain(problem);
  });
});

describe('hostile patterns', () => {
  const paths = ['a'.repeat(4_096), `${'a/'.repeat(2_000)}a`, `${'a'.repeat(60)}c`];
  // Beyond the figure of 50 ms by what other work on the machine may cost; none needs more than a few.
  const PATIENCE_MS = 250;

  it.each([
    '*a*a*a*a*a*a*a*b',
    `${'*a'.repeat(500)}b`,
    `${'**/a/'.repeat(200)}b`,
    `${'*?'.repeat(500)}b`,
    '+(+(+(+(a))))b',
    '+(a|aa)+(a|aa)+(a|aa)+(a|aa)+(a|aa)b',
    '!(a)'.repeat(16),
    '!(!(!(!(!(a)))))b',
    `${'*(a|*)'.repeat(16)}b`,
    '[a-z]'.repeat(200),
    '['.repeat(1_000),
    '('.repeat(1_000),
    '\\'.repeat(1_001),
    `{${Array.from({ length: 100 }, (_, at) => `**/a${at}`).join(',')}}/*b`,
  ])('are done or refused quickly: %#', (pattern) => {
    const before = performance.now();
    const compiled = compileGlob(pattern);
    for (const path of compiled.ok ? paths : []) {
      compiled.ok && compiled.glob.matches(path);
    }
    expect(performance.now() - before).toBeLessThan(PATIENCE_MS);
  });

  it('are never expanded to more than a bounded number of patterns', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      ',',
      'a',
      '*',
      '**',
      '/',
      '..',
      '1',
      '9',
      '{1..9}',
      '(',
      ')',
      '+(',
      '|',
      '[',
      ']',
      '\\',
      '!',
      '$',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 120 }).map((pieces) => pieces.join('')),
        (pattern) => {
          const compiled = compileGlob(pattern);
          if (compiled.ok) {
            expect(globSize(pattern).alternatives).toBeLessThanOrEqual(256);
            compiled.glob.matches('a/aa/a1.tf');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    '(a+)+$',
    '(a|a)*b',
    '(x+x+)+y',
    '(a*)*'.repeat(90),
    '.*'.repeat(250),
    `${'a?'.repeat(150)}${'a'.repeat(150)}`,
    'a{250}',
    '('.repeat(250) + ')'.repeat(250),
  ])('as regular expressions are linear: %#', (pattern) => {
    const before = performance.now();
    const compiled = compileRegex(pattern);
    if (compiled.ok) {
      compiled.pattern.matches(`${'a'.repeat(250)}!`);
    }
    expect(performance.now() - before).toBeLessThan(PATIENCE_MS);
  });

  it.each([
    ['(((a{10}){10}){10}){10}', 'counted'],
    ['a'.repeat(MAX_REGEX_LENGTH + 1), 'longer'],
    ['(', 'missing closing'],
    ['(?=a)', 'error'],
    ['a\\1', 'error'],
  ])('as regular expressions are refused with the reason: %s', (pattern, problem) => {
    expect(checkRegex(pattern)).toContain(problem);
  });

  it('as regular expressions never throw', () => {
    const piece = fc.constantFrom(
      'a',
      '(',
      ')',
      '[',
      ']',
      '*',
      '+',
      '?',
      '{2}',
      '{,3}',
      '|',
      '\\',
      '^',
      '$',
      '.',
      '(?i)',
      '\\p{L}',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
        (pattern) => {
          const compiled = compileRegex(pattern);
          expect(compiled.ok && compiled.pattern.matches('aaa')).toBeTypeOf('boolean');
        },
      ),
    );
  });
});

it('a regular expression is found anywhere, unless it is anchored', () => {
  const compiled = compileRegex('hotfix-\\d+');
  expect(compiled.ok && compiled.pattern.matches('me/hotfix-12-x')).toBe(true);
  const anchored = compileRegex('^release/.*$');
  expect(anchored.ok && anchored.pattern.matches('my/release/1')).toBe(false);
});

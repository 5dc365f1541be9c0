import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reasonsDoc } from '../../src/decision/reasons-doc.ts';
import { REASONS } from '../../src/domain/reason.ts';
import { assertedTexts, madeTexts } from './literals.ts';

const root = new URL('../../', import.meta.url);
const CATALOGUE = 'src/domain/reason.ts';
const GUARD = 'test/decision/reasons.test.ts';

/** The texts of all these modules together. */
function textsOf(pattern: string, read: (source: string) => ReadonlySet<string>, without: string): ReadonlySet<string> {
  const paths = globSync(pattern, { cwd: root }).filter((path) => path !== without);
  return new Set(paths.flatMap((path) => [...read(readFileSync(new URL(path, root), 'utf8'))]));
}

describe('every reason', () => {
  const codes = Object.keys(REASONS);

  it('has a sentence', () => {
    for (const text of Object.values(REASONS)) {
      expect(text).toMatch(/^\S.*[.`)]$/u);
    }
  });

  it('is made by some rule', () => {
    const made = textsOf('src/**/*.ts', madeTexts, CATALOGUE);
    expect(codes.filter((code) => !made.has(code))).toEqual([]);
  });

  it('is asserted by some test', () => {
    const asserted = textsOf('test/**/*.test.ts', assertedTexts, GUARD);
    expect(codes.filter((code) => !asserted.has(code))).toEqual([]);
  });

  it('has its line in the document', () => {
    expect(readFileSync(new URL('docs/reasons.md', root), 'utf8')).toBe(reasonsDoc());
  });
});

describe('what counts', () => {
  it.each([
    ['the argument of a matcher', "expect(a).toBe('x')", true],
    ['a property in the argument of a matcher', "expect(a).toMatchObject([{ reason: 'x' }])", true],
    ['an element of a row', "it.each<[string]>([['a', 'x']] as const)('%s', f)", true],
    ['an element of a row of a table with a name', "const rows = [['a', 'x']] as const;\nit.each(rows)('%s', f)", true],
    ['a comment', "// expect(a).toBe('x')\nf()", false],
    ['what a test is given', "expect(decide({ why: 'x' })).toBe('y')", false],
    ['a property of a row', "it.each([['a', { why: 'x' }, 'y']])('%s', f)", false],
    ['what a row is made with', "it.each([['a', f('x'), 'y']])('%s', f)", false],
    ['a type', "it.each<['x']>([['a']])('%s', f)", false],
    ['a constant that nobody asserts', "const a = 'x';", false],
  ])('as asserted: %s', (_name, source, counts) => {
    expect(assertedTexts(source).has('x')).toBe(counts);
  });

  it.each([
    ['a value', "f({ reason: 'x' })", true],
    ['what is returned', "function f() { return a ? 'x' : 'y'; }", true],
    ['a value with a type', "const a = { reason: 'x' as const } satisfies B;", true],
    ['a value of a map', "new Map([['a', 'x']])", true],
    ['a type', "type A = { reason: 'x' };", false],
    ['a comparison', "if (reason === 'x') { f(); }", false],
    ['a case', "switch (a) { case 'x': f(); }", false],
    ['a member of a set', "new Set<A>(['x'])", false],
    ['a comment', "/** 'x' */\nf();", false],
    ['a key', "f({ 'x': 1 })", false],
  ])('as made: %s', (_name, source, counts) => {
    expect(madeTexts(source).has('x')).toBe(counts);
  });
});

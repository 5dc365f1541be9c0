import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { regexSize } from '../../src/matching/regex-size.ts';

describe('regexSize', () => {
  it.each<[string, number]>([
    ['abc', 3],
    ['a{7}', 7],
    ['(ab){10}c', 31],
    ['((a{9}){9}){9}', 819],
    ['[a-z]{2,30}-[0-9]{1,6}', 37],
    ['[{9}]', 1],
    ['\\pL\\p{Greek}', 39],
  ])('of %s is %i', (pattern, size) => {
    expect(regexSize(pattern)).toBe(size);
  });

  it('is never less than what the expression is compiled to, by more than a factor', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        'b',
        '(',
        ')',
        '[',
        ']',
        '[a-z]',
        '[^]a]',
        '[[:alpha:]]',
        '*',
        '+',
        '?',
        '{2}',
        '{3,7}',
        '{10}',
        '{100}',
        '|',
      ],
      ...['\\', '\\[', '\\{', '^', '$', '.', '(?i)', '(?:', '\\pL', '\\p{Greek}', '\\x{41}', '\\Q', '\\E', '{', '}'],
    );
    let compiled = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const pattern = pieces.join('');
        const program = compile(pattern);
        if (program !== undefined) {
          compiled += 1;
          expect(program.programSize()).toBeLessThanOrEqual(4 * regexSize(pattern) + 4);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(compiled).toBeGreaterThan(1_000);
  });
});

function compile(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_QUERY_LENGTH, matchTagQuery, parseTagQuery } from '../../src/matching/tag-query.ts';

const TAGS = ['dir:aws/prod', 'workspace:default', 'iam', 'and', 'a b', 'x(y)'];

function matches(text: string, dir = 'foo/bar/baz/zoom', tags: readonly string[] = TAGS): boolean {
  const parsed = parseTagQuery(text);
  if (!parsed.ok) {
    throw new Error(`${parsed.error.column}: ${parsed.error.message}`);
  }
  return matchTagQuery(parsed.query, { tags, dir, workspace: 'default' });
}

describe('a tag query', () => {
  it.each([
    ['', true],
    ['   \t', true],
    ['iam', true],
    ['IAM', false],
    ['ia*', false],
    ['dir:aws/prod', true],
    ['iam workspace:default', true],
    ['iam workspace:other', false],
    ['iam AND workspace:default', true],
    ['nope or iam', true],
    ['nope and iam or iam', true],
    ['iam or nope and nope', true],
    ['(iam or nope) and nope', false],
    ['iam or nope nope', true],
    ['not nope', true],
    ['Not iam', false],
    ['not nope iam', true],
    ['not (nope or iam)', false],
    ['not "and"', false],
    ['"and"', true],
    ["'a b'", true],
    ['"x(y)"', true],
    ['"a\\ b"', true],
    ['iam"and"', true],
    ['((iam))', true],
    ['bar/baz in dir', true],
    ['bar/baz IN dir', true],
    ['az in dir', false],
    ['"/bar/" in dir', false],
    ['ba*r in dir', false],
    ['zoom in dir', true],
    ['foo/bar/baz/zoom in dir', true],
    ['foo/bar/baz/zoom/x in dir', false],
    ['"" in dir', false],
    ['dir~bar', true],
    ['dir~ar', false],
    ['not (bar in dir)', false],
    ['dir', false],
    ['relative_dir:../x', false],
    ['iam\nor\nnope', true],
  ])('%j is %s', (query, expected) => {
    expect(matches(query)).toBe(expected);
  });

  it('matches tags exactly as they are given, as a set or as a list', () => {
    const parsed = parseTagQuery('dir:x');
    expect(parsed.ok && matchTagQuery(parsed.query, { tags: new Set(['dir:x']), dir: 'y', workspace: 'w' })).toBe(true);
    expect(parsed.ok && matchTagQuery(parsed.query, { tags: [], dir: 'x', workspace: 'w' })).toBe(false);
  });

  it.each([
    ['../network', 'live/prod/network', true],
    ['../network', 'live/network', false],
    ['.', 'live/prod/app', true],
    ['../../../../x', 'x', false],
  ])('relative_dir:%s from live/prod/app and %s: %s', (path, dir, expected) => {
    const parsed = parseTagQuery(`relative_dir:${path}`);
    const subject = { tags: [], dir, workspace: 'default', relativeTo: 'live/prod/app' };
    expect(parsed.ok && matchTagQuery(parsed.query, subject)).toBe(expected);
  });

  it('keeps its text as it was written', () => {
    const parsed = parseTagQuery(' a  OR (b) ');
    expect(parsed.ok && parsed.query.text).toBe(' a  OR (b) ');
  });
});

describe('a broken tag query is refused at the offending character', () => {
  it.each([
    ['()', 'empty-parentheses', 1],
    ['a and ()', 'empty-parentheses', 7],
    ['(a', 'missing-closing', 1],
    ['a (b or c', 'missing-closing', 3],
    ['(', 'missing-closing', 1],
    ['a)', 'missing-opening', 2],
    [')', 'missing-opening', 1],
    ['not )', 'missing-opening', 5],
    ['"abc', 'unterminated-string', 1],
    ["a 'b\\'", 'unterminated-string', 3],
    ['x in tags', 'in-needs-dir', 6],
    ['x in', 'in-needs-dir', 3],
    ['x in (dir)', 'in-needs-dir', 6],
    ['in dir', 'unexpected-symbol', 1],
    ['a and', 'missing-operand', 3],
    ['or a', 'unexpected-symbol', 1],
    ['a or or b', 'unexpected-symbol', 6],
    ['a and or b', 'unexpected-symbol', 7],
    ['not', 'missing-operand', 1],
    ['not not a', 'missing-operand', 5],
    ['not x in dir', 'unexpected-symbol', 7],
    ['(a and)', 'missing-operand', 7],
    ['(a) in dir', 'unexpected-symbol', 5],
    ['('.repeat(200), 'too-deep', 101],
    ['a'.repeat(MAX_QUERY_LENGTH + 1), 'too-long', MAX_QUERY_LENGTH + 1],
  ])('%j: %s at %i', (query, code, column) => {
    const parsed = parseTagQuery(query);
    expect(parsed.ok ? 'fine' : [parsed.error.code, parsed.error.column]).toEqual([code, column]);
  });

  it('never throws, and points into the text', () => {
    const word = fc.constantFrom(
      'a',
      'and',
      'or',
      'not',
      'in',
      'dir',
      '(',
      ')',
      ' ',
      '"',
      "'",
      '\\',
      'relative_dir:',
      '\n',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 60 }).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(text, (query) => {
        const parsed = parseTagQuery(query);
        if (parsed.ok) {
          matchTagQuery(parsed.query, { tags: ['a'], dir: 'a/b', workspace: 'w', relativeTo: 'a' });
        } else {
          expect(parsed.error.column).toBeGreaterThanOrEqual(1);
          expect(parsed.error.column).toBeLessThanOrEqual(query.length + 1);
        }
      }),
    );
  });
});

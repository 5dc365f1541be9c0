import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readYaml } from '../../src/config/read-yaml.ts';
import { SAMPLES } from './samples.ts';
import { libraryReading } from './yaml-library.ts';

function reading(text: string): string | undefined {
  const read = readYaml(text);
  return read.ok && read.problems.length === 0
    ? JSON.stringify(read.value, (_, inner: unknown) =>
        typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner,
      )
    : undefined;
}

/** `line:column message` of each problem. */
function problems(text: string): readonly string[] {
  return readYaml(text).problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`);
}

/** Where the two are known to differ, and why that is right. */
const DIFFERENCES: readonly RegExp[] = [
  // A bracket may close further left than its collection is indented: everybody writes that.
  /\n *[\]}]/,
  // The library puts up with the colon of a key in the next line.
  /^[ -]*:(?:\s|$)/m,
  // A block of blank lines whose indentation is given is no empty text.
  /[|>][-+]?[1-9]/,
  // Behind a comment at the very left, the library lets a text go on that is not indented.
  /^#/m,
  // The library takes a quote that is doubled or escaped, at the end of the file, for one that closes.
  /(?:''|\\")\s*$/,
];

describe('readYaml', () => {
  it.each<[string, string]>([
    ['maps in maps', 'a:\n  b:\n    c: 1\n  d: x\ne: ~\n'],
    ['lists under a key, deeper and not', 'a:\n  - 1\n  - x\nb:\n- y\n- z\nc: 1'],
    ['maps in lists', 'a:\n  - b: 1\n    c: [x]\n  - d: 2\n  -\n    e: 3\n'],
    ['lists in maps in lists', 'a:\n- b:\n  - 1\n  - 2\n  c: 3\n- b: 4\n'],
    ['lists in lists', 'a:\n- - 1\n  - 2\n-\n  - 3\n- []'],
    ['flow collections', 'a: [x, "y z", \'q\', [1], {b: c, "d": [e]}, user:x, -lock=false]\nb: {}\nc: []'],
    ['flow collections over lines', 'a: {\n  b: [\n    c,\n    d # e\n  ],\n}\nf: [g\n ,h]'],
    ['pairs in a list', 'a: [type: init, {type: plan}, "b": 1]'],
    ['keys without a value', 'a:\nb: {c, d: , "e"}\nf:\n  -\n  - 1'],
    ['comments', '# a\na: 1 # b\nb: "x # y" # c\nc: # d\n  # e\n  d: [x] # f\n# g'],
    [
      'words and numbers',
      'a: true\nb: null\nc: yes\nd: x y-z/*.tf\ne: "1"\nf: \'\'\ng: 12:30 UTC\nh: a:b\ni: 007\nj: 0x1F\nk: 1.5e3\nl: .5\nm: -.inf\nn: +12\no: 0o17\np: 1_000\nq: .',
    ],
    ['keys of every kind', '1.10: a\n007: b\ntrue: c\n~: d\n"e f": g\n\'h\': i\n-j: k\n$l: m\n"": n'],
    ['texts over lines', "a: b\n  c\n\n  d\ne: \"f\n  g \n\n  h\\\n  i\\n\"\nj: 'k\n  l''m'"],
    [
      'blocks',
      'a: |\n  b\n    c\n\n  d\ne: >\n  f\n  g\n\n  h\n    i\n  j\nk: |-\n  l\n\nm: >+\n  n\n\no: |2\n    p\nq: |\n\nr: 1',
    ],
    ['escapes', 'a: "\\t\\x41\\u00e9\\U0001F600\\\\\\"\\/\\0"'],
    ['anchors', 'a: &x {b: 1}\nc: *x\nd: &y\n  e: *x\nf: &z text\ng: [*z, &z 2, *z]\n&k h: *k\ni: &l\n- 1'],
    ['merge keys', 'a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}\ne:\n  <<: [*x, {f: 4, b: 5}]\n  c: 6\n"<<": 1'],
    ['letters of all kinds', 'ä: "ß"\n日本: [語, é]\n😀: x\u00a0y\u2028z'],
    ['a marker at the beginning and one at the end', '---\na: 1\n...\n'],
    ['a directive', '%YAML 1.2\n---\na: 1'],
    ['a mark of the byte order', '\ufeffa: 1\nb: 2'],
    ['line ends of Windows', 'a: 1\r\nb:\r\n  - "x\r\n    y"\r\n  - |\r\n    z\r\n'],
    ['tabs between things', 'a:\t1\nb: [\t2,\t3\t]\t# c\nd:\t# e\n  f: g\th'],
    ['a file that is indented', '  a: 1\n  b:\n    c: 2'],
    ['nothing', ''],
    ['comments alone', '# a\n\n# b'],
  ])('reads %s', (_name, text) => {
    expect(reading(text)).toBe(libraryReading(text));
    expect(reading(text)).toBeDefined();
  });

  it.each<[string, string, string]>([
    [
      'a bracket that is never closed',
      'a: [b\nc: 1',
      '2:1 This line is not indented, although a `[` is still open. It begins in line 1.',
    ],
    ['one at the end of the file', 'a: {b: [c', '1:8 The `[` that stands here is never closed.'],
    [
      'a quote that is never closed',
      'a: "b\nc: 1',
      '2:1 This line is not indented, although a text in quotes is still open. It begins in line 1.',
    ],
    ['a tab that indents', 'a:\n\tb: 1', '2:1 A tab cannot indent; use spaces.'],
    [
      'a second key in a line',
      'a: b: c',
      '1:5 A second key in the same line. Put the text in quotes, or the map into lines of its own.',
    ],
    [
      'a line that is too deep',
      'a: 1\n  b: 2',
      '2:4 A key cannot stand in a line that goes on with the text above it. That text begins in line 1.',
    ],
    [
      'a key that is too deep',
      'a:\n  b: 1\n   c: 2',
      '3:5 A key cannot stand in a line that goes on with the text above it. That text begins in line 2.',
    ],
    [
      'a line that is not deep enough',
      'a:\n    b: {}\n  c: {}',
      '3:3 This line is indented more than what it follows.',
    ],
    ['a line without a colon', 'a: 1\nb\nc: 1', '2:1 A key must have a colon and a space behind it.'],
    ['a key without a space', 'a:1', '1:1 A key must have a colon and a space behind it.'],
    ['a list among keys', 'a: 1\n- b', '2:1 An entry of a list cannot stand among the keys of a map.'],
    ['a list behind a key', 'a: - b', '1:4 A list begins in a line of its own.'],
    ['something behind a value', 'a: "b" c', '1:8 This follows in the same line as a value that ends before it.'],
    ['a glob without quotes', 'a: [*.tf, b]', '1:5 There is no anchor `&.tf` before this alias.'],
    ['a percent sign', 'a: %b', '1:4 No text begins with `%`; put it in quotes.'],
    ['two commas', 'a: [b,, c]', '1:7 Nothing stands before this comma.'],
    ['no comma', 'a: {b: 1 c: 2}', '1:11 A comma or `}` must stand before this. It begins in line 1.'],
    [
      'an escape of regular expressions',
      'a: "\\d+"',
      '1:5 This stands for nothing in double quotes. Write `\\\\` for a backslash, or use single quotes.',
    ],
    ['a map as a key', '{a: 1}: b', '1:1 A key must be a text.'],
    ['a list as a key', 'a:\n  [b]: c', '2:3 A key must be a text.'],
    ['a question mark', '? a\n: b', '1:1 A `?` cannot stand here.'],
    ['a key twice', 'a: 1\nb: 2\na: 3', '3:1 `a` stands here twice. The first one is in line 1.'],
    ['a tag that is not known', 'a: !b c', '1:7 The tag `!b` is not known here; only lists may carry one, `!replace`.'],
    ['a tag that does not fit', 'a: !!int b', '1:10 This is no value of the kind `!!int`.'],
    ['a second document', 'a: 1\n---\nb: 2', '2:1 Only one document may stand in the file; remove the second `---`.'],
    [
      'an anchor of another document',
      '&a b: 1\n---\nc: *a',
      '2:1 Only one document may stand in the file; remove the second `---`.',
    ],
    ['a directive that is not known', '%TAG ! x\n---\na: 1', '1:1 This directive is not known; only `%YAML 1.2` is.'],
    [
      'a control character',
      'a: "b\u0007"',
      '1:6 This is no text: a control character, or a line end that is a carriage return alone.',
    ],
    ['a name for `__proto__`', '__proto__: 1', '1:1 `__proto__` cannot be a key.'],
  ])('points at %s', (_name, text, problem) => {
    expect(problems(text)).toContain(problem);
  });

  it('finds a mistake under each key of the file in one go, and reads what has none', () => {
    const text =
      'dirs:\n  a: [b\nlabels: true\nworkflows:\n  - tag_query: "a\n    plan: []\nchecks: x: y\ntags\nmodules: off\n';
    const read = readYaml(text);
    expect(read.ok && read.value).toEqual({ labels: true, modules: 'off' });
    expect(read.problems.map(({ place }) => place.line)).toEqual([3, 6, 7, 8]);
  });

  it('says where keys and values stand, through aliases, merges and quotes', () => {
    const read = readYaml('a: &x\n  b: "c d"\ne: *x\nf:\n  <<: *x\n  g:\n');
    if (!read.ok) {
      throw new Error('not read');
    }
    expect(read.locate(['a', 'b'], 'key')).toEqual({ line: 2, column: 3 });
    expect(read.locate(['a', 'b'])).toEqual({ line: 2, column: 6 });
    expect(read.locate(['a', 'b'], 'value', 2)).toEqual({ line: 2, column: 9 });
    expect(read.locate(['e', 'b'])).toEqual({ line: 2, column: 6 });
    expect(read.locate(['f', 'b'])).toEqual({ line: 2, column: 6 });
    expect(read.locate(['f', 'g'])).toEqual({ line: 6, column: 3 });
    expect(read.locate(['f', 'nothing', 'here'])).toEqual({ line: 4, column: 1 });
  });
});

describe('any text', () => {
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
    ],
    ...[
      'user:x',
      '*',
      '*a',
      '&a',
      '&a b',
      '&a [1]',
      '[a, b]',
      '[]',
      '{}',
      '{a: 1}',
      '{a: [b, {c: d}]}',
      '[a,b]',
      '{a:b}',
    ],
    ...[
      '[a: b]',
      '[-]',
      '["a":b]',
      '[a ]',
      '[ a]',
      '[,]',
      '[',
      '{',
      ']',
      '}',
      'a #b',
      'a#b',
      'a:',
      ':a',
      '- a',
      'é',
      '<<',
    ],
    ...['|', '>', '|-', '>+', '"a', 'b"', "'c", "d'", "'it''s'", '"\\n"', '"\\', 'a,', '---', '...', '@x'],
  );
  const line = fc
    .tuple(
      fc.nat(5),
      fc.constantFrom('', '', '- ', '-', '- - '),
      fc.option(words, { nil: '' }),
      fc.constantFrom(': ', ': ', ':', '', ' : ', ':  ', ', '),
      fc.option(words, { nil: '' }),
      fc.constantFrom('', '', ' ', ' # c', '#c', ' #', '\r'),
    )
    .map(([indent, dash, key, colon, value, end]) => ({
      text: `${' '.repeat(indent)}${dash}${key}${colon}${value}${end === '\r' ? '' : end}`,
      end: end === '\r' ? '\r\n' : '\n',
    }));
  const fragments = fc.constantFrom(
    ...[
      'a',
      'b',
      ' ',
      '\n',
      '\n  ',
      ': ',
      '- ',
      '-',
      ':',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      '#',
      ' #',
      '|',
      '>',
      '&a ',
      '*a',
    ],
    ...['\\', '1', '~', '<<: ', '\n- ', '\n    ', '|\n  ', '>\n ', '%', '@', '---\n', '...'],
  );
  const texts = fc.oneof(
    fc.array(line, { maxLength: 8 }).map((lines) => `x: 1\n${lines.map(({ text, end }) => text + end).join('')}`),
    fc.array(line, { maxLength: 8 }).map((lines) => lines.map(({ text, end }) => text + end).join('')),
    fc.array(fragments, { maxLength: 14 }).map((parts) => `x:${parts.join('')}`),
  );

  it('means what it means to the yaml library, or is a mistake to both', { timeout: 120_000 }, () => {
    let read = 0;
    fc.assert(
      fc.property(texts, (text) => {
        const ours = reading(text);
        const theirs = libraryReading(text);
        // A file that is no map is no configuration, however it is written.
        const isMap = ours !== undefined || theirs?.startsWith('{') === true;
        if (isMap && !DIFFERENCES.some((known) => known.test(text))) {
          expect([text, ours]).toEqual([text, theirs]);
        }
        read += ours === undefined ? 0 : 1;
      }),
      { numRuns: 6_000 },
    );
    expect(read).toBeGreaterThan(600);
  });

  it('that was a configuration and is changed a little means the same to both, or is a mistake to both', {
    timeout: 120_000,
  }, () => {
    const file = SAMPLES.join('\n')
      .replaceAll(/version: "1"\n/g, '')
      .split('\n')
      .slice(0, 70)
      .join('\n');
    const put = fc.constantFrom(
      '',
      ' ',
      '\n',
      ': ',
      '- ',
      '#',
      ' #',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      '*',
      '&',
      '  ',
      'x',
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4_000), fc.nat(4), put), { minLength: 1, maxLength: 3 }), (changes) => {
        let text = file;
        for (const [at, take, what] of changes) {
          const position = at % text.length;
          text = text.slice(0, position) + what + text.slice(position + take);
        }
        const ours = reading(text);
        const theirs = libraryReading(text);
        if (!(ours !== undefined && theirs === undefined && DIFFERENCES.some((known) => known.test(text)))) {
          expect([text, ours]).toEqual([text, theirs]);
        }
        read += ours === undefined ? 0 : 1;
      }),
      { numRuns: 300 },
    );
    expect(read).toBeGreaterThan(30);
  });
});

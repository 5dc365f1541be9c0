/** A file that was made to cost much, and the code of the problem that it is refused with; null where it is only read. */
export interface HostileFile {
  readonly name: string;
  readonly text: string;
  readonly code: string | null;
}

const DIR = '$' + '{DIR}';

/** Files that multiply, nest, or are hardly YAML, up to the largest that are read. */
export const HOSTILE_FILES: readonly HostileFile[] = [
  { name: 'aliases that multiply', text: aliasBomb(), code: 'too-many-values' },
  {
    name: 'aliases of one long list',
    text: `a: &a [${'1,'.repeat(500)}1]\nb: [${'*a,'.repeat(600)}]`,
    code: 'too-many-values',
  },
  { name: 'nothing but aliases', text: `a: &a 1\nb: [${'*a,'.repeat(160_000)}]`, code: 'too-many-values' },
  { name: 'aliases of nothing', text: `a: [${'*a,'.repeat(90_000)}]`, code: 'yaml' },
  { name: 'nothing but anchors', text: `a: [${'&a 1,'.repeat(90_000)}]`, code: 'too-many-values' },
  { name: 'merge keys that multiply', text: mergeBomb(), code: 'too-many-values' },
  { name: 'merge keys in merge keys', text: mergeChain(1_500), code: 'too-many-values' },
  { name: 'lists in lists', text: '['.repeat(500_000), code: 'too-deep' },
  { name: 'maps in maps', text: '{a: '.repeat(120_000), code: 'too-deep' },
  { name: 'entries in entries', text: '- '.repeat(250_000), code: 'too-deep' },
  { name: 'keys in keys', text: '? '.repeat(250_000), code: 'yaml' },
  { name: 'a thousand levels of indentation', text: lines(1_000, (n) => `${' '.repeat(n)}a:`), code: 'too-deep' },
  {
    name: 'lists that go deep again and again',
    text: `a: [${`${'['.repeat(45)}${']'.repeat(45)},`.repeat(5_500)}]`,
    code: 'too-many-values',
  },
  { name: 'ten megabytes', text: 'a'.repeat(10_000_000), code: 'too-large' },
  { name: 'more bytes than characters', text: 'ä'.repeat(256_001), code: 'too-large' },
  { name: 'nothing but commas', text: `[${','.repeat(499_000)}]`, code: 'yaml' },
  { name: 'nothing but colons', text: ': '.repeat(250_000), code: 'key' },
  { name: 'nothing but quotes', text: '"'.repeat(500_000), code: 'yaml' },
  { name: 'nothing but apostrophes', text: "'".repeat(499_999), code: 'yaml' },
  { name: 'nothing but backslashes', text: `a: "${'\\'.repeat(500_000)}`, code: 'too-many-values' },
  { name: 'nothing but hyphens', text: '-\n'.repeat(250_000), code: 'too-many-values' },
  { name: 'nothing but question marks', text: '?\n'.repeat(250_000), code: 'yaml' },
  { name: 'nothing but closing brackets', text: ']'.repeat(500_000), code: 'yaml' },
  { name: 'nothing but documents', text: '---\na: 1\n'.repeat(50_000), code: 'unknown-key' },
  { name: 'nothing but directives', text: '%A\n'.repeat(160_000), code: 'yaml' },
  { name: 'nothing but tags', text: `a: [${'!a 1,'.repeat(90_000)}]`, code: 'too-many-values' },
  { name: 'nothing but spaces', text: `a:${' '.repeat(500_000)}`, code: 'unknown-key' },
  { name: 'nothing but comments', text: '#\n'.repeat(250_000), code: null },
  { name: 'nothing but line ends', text: `a: "${'\n'.repeat(500_000)}`, code: 'yaml' },
  { name: 'brackets that nobody closes', text: lines(60_000, () => 'a: [b'), code: 'yaml' },
  { name: 'quotes that nobody closes', text: lines(60_000, () => 'a: "b'), code: 'yaml' },
  { name: 'blocks that end in blanks', text: `a: |\n${`  b${' '.repeat(50)}\n`.repeat(9_000)}`, code: 'unknown-key' },
  {
    name: 'lines that are deeper than the ones before',
    text: `a:\n${'   b: 1\n  c: 1\n'.repeat(30_000)}`,
    code: 'yaml',
  },
  { name: 'one very long key', text: `${'a'.repeat(400_000)}: 1`, code: 'unknown-key' },
  { name: 'control characters', text: '\u0001'.repeat(500_000), code: 'yaml' },
  {
    name: 'an expression that explodes elsewhere',
    text: 'tags: {branch: {x: "(a+)+$"}}',
    code: null,
  },
  {
    name: 'expressions that count in what they count',
    text: `tags: {branch: {${list(900, (n) => `a${n}: '(${'x'.repeat(480)}){250}${n}'`)}}}`,
    code: 'regex',
  },
  {
    name: 'hundreds of long expressions',
    text: `tags: {branch: {${list(900, (n) => `a${n}: '${'a?'.repeat(170)}${n}'`)}}}`,
    code: 'too-large',
  },
  {
    name: 'hundreds of Unicode classes',
    text: `tags: {branch: {${list(900, (n) => `a${n}: '${'\\pL'.repeat(120)}${n}'`)}}}`,
    code: 'too-large',
  },
  {
    name: 'braces that multiply',
    text: `when_modified: {file_patterns: ["${'{a,b}'.repeat(200)}"]}`,
    code: 'glob',
  },
  {
    name: 'thousands of globs with braces',
    text: `when_modified: {file_patterns: [${list(3_000, (n) => `"${DIR}/${'{a,b}'.repeat(7)}${'x'.repeat(90)}${n}"`)}]}`,
    code: 'too-large',
  },
  {
    name: 'thousands of time zones',
    text: `drift: {schedules: {${list(4_000, (n) => `a${n}: {schedule: daily, tag_query: '', window: {start: '1:00 Europe/B${n}', end: '2:00 UTC'}}`)}}}`,
    code: 'time',
  },
];

/** As large as files get, and wrong from end to end: refused in the time in which such a file is read when it is right. */
export const LARGE_FILES: readonly HostileFile[] = [
  { name: 'unknown keys', text: lines(38_000, (n) => `a${n}: 1`), code: 'unknown-key' },
  { name: 'one key again and again', text: 'a: 1\n'.repeat(90_000), code: 'duplicate-key' },
  {
    name: 'unknown keys of directories',
    text: `dirs:\n${lines(30_000, (n) => `  a${n}: {q: 1}`)}`,
    code: 'unknown-key',
  },
  {
    name: 'unknown keys without a value',
    text: `dirs:\n${lines(30_000, (n) => `  a${n}: {q: }`)}`,
    code: 'unknown-key',
  },
  { name: 'lists instead of directories', text: `dirs:\n${lines(30_000, (n) => `  a${n}: [1]`)}`, code: 'wrong-type' },
  {
    name: 'directories that are the same',
    text: `dirs: {${list(20_000, (n) => `./a/../a${n % 2}/./${n}/..: {}`)}}`,
    code: 'conflicting-keys',
  },
  {
    name: 'steps that do not exist',
    text: `workflows: [{tag_query: '', plan: [${'{type: inti},'.repeat(30_000)}]}]`,
    code: 'wrong-value',
  },
  {
    name: 'requirements of the wrong kind',
    text: `apply_requirements: {checks: [${'{approved: 1},'.repeat(30_000)}]}`,
    code: 'missing-key',
  },
  {
    name: 'names of keys that do not exist',
    text: `default_branch_overrides: [${'workflow,'.repeat(50_000)}]`,
    code: 'name',
  },
  {
    name: 'roles that do not exist',
    text: `access_control: {unlock: [${'"role:adminn",'.repeat(30_000)}]}`,
    code: 'match',
  },
  {
    name: 'stacks that do not exist',
    text: `stacks: {names: {${list(11_000, (n) => `s${n}: {stacks: [z${n}]}`)}}}`,
    code: 'stack-reference',
  },
  {
    name: 'directories about which nothing is said',
    text: `dirs:\n${lines(30_000, (n) => `  a${n}: {}`)}`,
    code: null,
  },
];

function lines(count: number, line: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => line(n)).join('\n');
}

function list(count: number, item: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => item(n)).join(', ');
}

function aliasBomb(): string {
  const names = 'abcdefghijklmno';
  const bombs = [...names].slice(1).map((name, index) => {
    const alias = `*${names[index] ?? ''}`;
    return `  ${name}: &${name} [${Array(10).fill(alias).join(', ')}]`;
  });
  return `definitions:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n${bombs.join('\n')}\n`;
}

function mergeBomb(): string {
  const keys = list(2_000, (n) => `k${n}: 1`);
  const merges = lines(2_000, (n) => `  m${n}: {<<: *x}`);
  return `definitions:\n  x: &x {${keys}}\n${merges}\n`;
}

/** Each map merges the one before it and has one key more. */
function mergeChain(length: number): string {
  return `definitions:\n  a0: &a0 {k0: 1}\n${lines(length, (n) => `  a${n + 1}: &a${n + 1} {<<: *a${n}, k${n + 1}: 1}`)}\n`;
}

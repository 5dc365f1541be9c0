import { execFileSync } from 'node:child_process';
import { parse } from 'yaml';
import { checkConfig } from '../../src/config/check-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { type BenchTable, best, type Progress, round } from './bench-table.ts';

const FILE = '.plumbline/config.yml';
const DIRECTORIES = 5_000;

/** From text to typed and checked: the promised size, growth with the number of directories, hostile files. */
export async function benchConfiguration(progress: Progress): Promise<readonly BenchTable[]> {
  progress('configuration: promised size');
  const size = promisedSize();
  progress('configuration: growth');
  const grown = growth();
  progress('configuration: hostile files');
  return await Promise.resolve([size, grown, hostile()]);
}

/** About 500 kB with 5,000 directories: what a large repository would write, by hand or by a script. */
function largeConfig(directories: number): string {
  const dirs = Array.from({ length: directories }, (_, at) =>
    [
      `  live/account-${at % 50}/service-${at}:`,
      `    tags: [team-${at % 20}, tier-${at % 3}, owner:platform-${at % 9}]`,
      ...(at % 5 === 0 ? [`    when_modified: {file_patterns: ["\${DIR}/*.tf"]}`] : []),
      ...(at % 7 === 0 ? ['    workspaces: {default: {tags: [x]}}'] : []),
    ].join('\n'),
  );
  return `version: "1"\ndirs:\n${dirs.join('\n')}\n`;
}

function promisedSize(): BenchTable {
  const text = largeConfig(DIRECTORIES);
  const cold = coldMs();
  const warm = best(5, () => checked(text));
  const library = best(3, () => parse(text));
  const kilobytes = Math.round(Buffer.byteLength(text) / 1_000);
  return {
    name: `Configuration: ${kilobytes} kB with ${DIRECTORIES} directories, from text to typed and checked`,
    promise: { text: 'at most 1 s, in a fresh process too', kept: cold <= 1_000 && warm <= 1_000 },
    rows: [
      { reader: 'parse and check, warm', ms: round(warm), ratio: (warm / library).toFixed(2) },
      { reader: 'parse and check, first call of a process', ms: round(cold), ratio: (cold / library).toFixed(2) },
      { reader: 'baseline: the YAML library alone, warm, nothing checked', ms: round(library), ratio: '1.00' },
    ],
  };
}

/** A process of its own, which has loaded the code and done nothing with it. */
function coldMs(): number {
  const script = `
    import { checkConfig } from ${JSON.stringify(import.meta.resolve('../../src/config/check-config.ts'))};
    import { readFileSync } from 'node:fs';
    const bytes = readFileSync(0);
    const before = performance.now();
    if (!checkConfig(bytes.toString('utf8'), 'config.yml').ok) throw new Error('not accepted');
    console.log(performance.now() - before);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    input: largeConfig(DIRECTORIES),
    encoding: 'utf8',
  });
  return Number(output);
}

function growth(): BenchTable {
  const rows = [625, 1_250, 2_500, 5_000].map((directories) => {
    const text = largeConfig(directories);
    const ms = best(5, () => checked(text));
    return {
      directories,
      kB: Math.round(Buffer.byteLength(text) / 1_000),
      ms: round(ms),
      'µs per directory': round((1_000 * ms) / directories),
    };
  });
  const each = rows.map((row) => row['µs per directory']);
  return {
    name: 'Configuration: time by number of directories',
    promise: {
      text: 'time per directory flat (at most 2 ×)',
      kept: (each.at(-1) ?? 0) <= 2 * (each[0] ?? 0),
    },
    rows,
  };
}

function hostile(): BenchTable {
  const files: readonly (readonly [string, string])[] = [
    ['aliases that multiply', aliasBomb()],
    ['merge keys that multiply', mergeBomb()],
    ['half a million lists in lists', '['.repeat(500_000)],
    ['maps in maps', '{a: '.repeat(120_000)],
    ['entries in entries', '- '.repeat(250_000)],
    ['a thousand levels of indentation', Array.from({ length: 1_000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['ten megabytes', 'a'.repeat(10_000_000)],
    ['nothing but commas', `[${','.repeat(499_000)}]`],
    ['nothing but closing brackets', ']'.repeat(500_000)],
    ['nothing but documents', '---\na: 1\n'.repeat(50_000)],
    ['nothing but directives', '%A\n'.repeat(160_000)],
    ['an expression that explodes elsewhere', 'version: "1"\ntags:\n  branch:\n    x: "(a+)+$"\n'],
    ['a glob that explodes elsewhere', `version: "1"\nwhen_modified:\n  file_patterns: ["${'{a,b}'.repeat(200)}"]\n`],
  ];
  const rows = files
    .map(([input, text]) => {
      const ms = best(5, () => parseConfig(text, { file: FILE }));
      return { input, answer: parseConfig(text, { file: FILE }).ok ? 'accepted' : 'refused', ms: round(ms) };
    })
    .sort((a, b) => b.ms - a.ms);
  return {
    name: 'Configuration: hostile files, the slowest first',
    promise: { text: 'each refused or done in 50 ms', kept: rows.every(({ ms }) => ms <= 50) },
    rows,
  };
}

function checked(text: string): void {
  const { ok, problems } = checkConfig(text, FILE);
  if (!ok) {
    throw new Error(`the configuration of the benchmark is wrong: ${problems[0]?.message}`);
  }
}

function aliasBomb(): string {
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

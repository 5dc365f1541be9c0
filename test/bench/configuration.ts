import { execFileSync } from 'node:child_process';
import { parse } from 'yaml';
import { checkConfig } from '../../src/config/check-config.ts';
import { HOSTILE_FILES, type HostileFile, LARGE_FILES } from '../config/hostile-files.ts';
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
  return await Promise.resolve([size, grown, ...hostile()]);
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

function hostile(): readonly BenchTable[] {
  const rows = (files: readonly HostileFile[]) =>
    files
      .map(({ name, text, code }) => ({
        input: name,
        kB: Math.round(text.length / 1_000),
        answer: code === null ? 'read' : 'refused',
        ms: round(best(5, () => checkConfig(text, FILE))),
      }))
      .sort((one, other) => other.ms - one.ms);
  const made = rows(HOSTILE_FILES);
  return [
    {
      name: 'Configuration: hostile files, the slowest first',
      promise: { text: 'each refused or done in 50 ms', kept: made.every(({ ms }) => ms <= 50) },
      rows: made,
    },
    {
      name: 'Configuration: files as large as they get and wrong from end to end, the slowest first',
      rows: rows(LARGE_FILES),
    },
  ];
}

function checked(text: string): void {
  const { ok, problems } = checkConfig(text, FILE);
  if (!ok) {
    throw new Error(`the configuration of the benchmark is wrong: ${problems[0]?.message}`);
  }
}

/** What one group of figures says. */
export interface BenchTable {
  readonly name: string;
  /** What was promised, and whether this run kept it. Figures without one are there to be seen. */
  readonly promise?: { readonly text: string; readonly kept: boolean };
  readonly rows: readonly Readonly<Record<string, string | number>>[];
  readonly notes?: readonly string[];
}

/** Says on standard error what is being measured. */
export type Progress = (text: string) => void;

/** The tables as text for a terminal. */
export function formatTables(tables: readonly BenchTable[]): string {
  return tables.map(formatTable).join('\n\n');
}

function formatTable({ name, promise, rows, notes = [] }: BenchTable): string {
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const line = (cells: readonly string[], isNumber: (at: number) => boolean): string =>
    `  ${cells.map((cell, at) => (isNumber(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join('  ')}`.trimEnd();
  const numeric = (at: number): boolean => rows.every((row) => typeof row[columns[at] ?? ''] === 'number');
  return [
    name,
    ...(promise === undefined ? [] : [`  promised: ${promise.text}: ${promise.kept ? 'kept' : 'NOT KEPT'}`]),
    line(columns, numeric),
    ...rows.map((row) =>
      line(
        columns.map((column) => String(row[column] ?? '')),
        numeric,
      ),
    ),
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}

/** The system counts a thread's time in steps of some milliseconds: what is short is repeated until it is long enough. */
const LONG_ENOUGH_MS = 80;

/** Milliseconds that this thread computed in one run. What other programs take from a busy machine does not count; nor do the collector's own threads. */
export function timed(run: () => unknown, repeat = 1): number {
  const before = process.threadCpuUsage();
  for (let at = 0; at < repeat; at += 1) {
    run();
  }
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000 / repeat;
}

/** The least of some runs, as `timed` measures it. */
export function best(times: number, run: () => unknown): number {
  const before = performance.now();
  run();
  const once = Math.max(0.001, performance.now() - before);
  const repeat = Math.min(200, Math.max(1, Math.ceil(LONG_ENOUGH_MS / once)));
  return Math.min(...Array.from({ length: times }, () => timed(run, repeat)));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** Two digits after the point. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

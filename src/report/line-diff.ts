export interface DiffLine {
  readonly sign: '+' | '-' | ' ';
  readonly text: string;
}

/** Beyond this many edits the middle is shown as all gone and all new: exact would cost more than it tells. */
const MAX_EDITS = 200;
/** Unchanged lines that are kept around a change. */
const CONTEXT = 2;

/**
 * The lines that differ between two texts with some context, as `diff -u` would show them. Myers' algorithm with a bound
 * on the number of edits, so the cost is linear in the size of the texts.
 */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const a = before.split('\n');
  const b = after.split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) {
    tail += 1;
  }
  const middle = edits(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const lines: readonly DiffLine[] = [...a.slice(0, head).map(same), ...middle, ...a.slice(a.length - tail).map(same)];
  return withContext(lines);
}

function same(text: string): DiffLine {
  return { sign: ' ', text };
}

/** Shortest edit script, after E. W. Myers, "An O(ND) difference algorithm and its variations" (1986). */
function edits(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const limit = Math.min(a.length + b.length, MAX_EDITS);
  let furthest = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let distance = 0; distance <= limit; distance += 1) {
    trace.push(furthest);
    const next = new Map(furthest);
    for (let diagonal = -distance; diagonal <= distance; diagonal += 2) {
      let x = startOf(furthest, diagonal, distance);
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) {
        x += 1;
      }
      next.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) {
        return walkBack(a, b, trace);
      }
    }
    furthest = next;
  }
  return [...a.map((text) => ({ sign: '-' as const, text })), ...b.map((text) => ({ sign: '+' as const, text }))];
}

function startOf(furthest: ReadonlyMap<number, number>, diagonal: number, distance: number): number {
  const left = furthest.get(diagonal - 1) ?? -1;
  const right = furthest.get(diagonal + 1) ?? -1;
  const down = diagonal === -distance || (diagonal !== distance && left < right);
  return down ? right : left + 1;
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let distance = trace.length - 1; distance >= 0; distance -= 1) {
    const furthest = trace[distance] ?? new Map<number, number>();
    const diagonal = x - y;
    const left = furthest.get(diagonal - 1) ?? -1;
    const right = furthest.get(diagonal + 1) ?? -1;
    const down = diagonal === -distance || (diagonal !== distance && left < right);
    const fromX = distance === 0 ? 0 : down ? right : left;
    const fromY = distance === 0 ? 0 : fromX - (down ? diagonal + 1 : diagonal - 1);
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      lines.push(same(a[x] ?? ''));
    }
    if (distance > 0) {
      lines.push(down ? { sign: '+', text: b[fromY] ?? '' } : { sign: '-', text: a[fromX] ?? '' });
    }
    x = fromX;
    y = fromY;
  }
  return lines.toReversed();
}

function withContext(lines: readonly DiffLine[]): readonly DiffLine[] {
  const near = new Set<number>();
  for (const [index, line] of lines.entries()) {
    if (line.sign !== ' ') {
      for (let around = index - CONTEXT; around <= index + CONTEXT; around += 1) {
        near.add(around);
      }
    }
  }
  const kept: DiffLine[] = [];
  let skipped = 0;
  for (const [index, line] of lines.entries()) {
    if (near.has(index)) {
      if (skipped > 0) {
        kept.push({ sign: ' ', text: `… ${skipped} unchanged ${skipped === 1 ? 'line' : 'lines'}` });
        skipped = 0;
      }
      kept.push(line);
    } else {
      skipped += 1;
    }
  }
  return skipped > 0
    ? [...kept, { sign: ' ', text: `… ${skipped} unchanged ${skipped === 1 ? 'line' : 'lines'}` }]
    : kept;
}

import type { PlanCounts } from '../domain/plan-model.ts';
import { NO_COUNTS } from '../domain/plan-model.ts';
import type { DirspaceView } from '../domain/pull-view.ts';

/** The figures of a dirspace: those it came with, else those of its model. */
export function countsOf(view: DirspaceView): PlanCounts {
  return view.counts ?? view.model?.counts ?? NO_COUNTS;
}

export function addCounts(a: PlanCounts, b: PlanCounts): PlanCounts {
  return {
    create: a.create + b.create,
    update: a.update + b.update,
    delete: a.delete + b.delete,
    replace: a.replace + b.replace,
    import: a.import + b.import,
    move: a.move + b.move,
    forget: a.forget + b.forget,
    read: a.read + b.read,
  };
}

/** `+2 ~1 -1 ±1`: the form for titles, where every character counts. Zero figures are left out; `no changes` when all are. */
export function shortCounts(counts: PlanCounts): string {
  const parts = [
    [counts.create, '+', ''],
    [counts.update, '~', ''],
    [counts.delete, '-', ''],
    [counts.replace, '±', ''],
    [counts.import, ', ', ' to import'],
    [counts.move, ', ', ' to move'],
    [counts.forget, ', ', ' to forget'],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).map(([count, before, after]) => `${before}${count}${after}`);
  return shown.length === 0 ? 'no resource changes' : shown.join(' ').replace(/ ,/g, ',').replace(/^, /, '');
}

/** `2 to create, 1 to change, 1 to destroy, 1 to replace`: the form for sentences and summaries. */
export function wordCounts(counts: PlanCounts): string {
  const parts = [
    [counts.create, 'to create'],
    [counts.update, 'to change'],
    [counts.replace, 'to replace'],
    [counts.delete, 'to destroy'],
    [counts.import, 'to import'],
    [counts.move, 'to move'],
    [counts.forget, 'to forget'],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  return shown.length === 0 ? 'only outputs or reads' : shown.join(', ');
}

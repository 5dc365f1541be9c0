import { type DiscoveryOrder, isActive, type Run } from '../domain/run.ts';
import type { PullCase } from './pull-case.ts';

/** The plan runs of this head that still look what there is: whatever they find, and were asked for, is planned then. */
export function runsThatLook({ ours, pull }: PullCase): readonly Run[] {
  return ours.runs.filter(
    (run) =>
      run.kind === 'plan' &&
      run.discovers !== null &&
      run.headSha === pull.headSha &&
      isActive(run.state) &&
      run.state !== 'running',
  );
}

/** What one run plans that takes the place of others: all that was asked for. */
export function ordersTogether(order: DiscoveryOrder, replaced: readonly Run[]): DiscoveryOrder {
  const orders = [order, ...replaced.flatMap(({ discovers }) => (discovers === null ? [] : [discovers]))];
  const queries = [...new Set(orders.flatMap(({ query }) => (query === null ? [] : [query])))];
  // An empty query selects everything, and so does an `or` with it.
  const query = queries.includes('')
    ? ''
    : queries.map((text) => (queries.length === 1 ? text : `(${text})`)).join(' or ');
  return { automatic: orders.some(({ automatic }) => automatic), query: queries.length === 0 ? null : query };
}

/** Arguments every connection of GitHub's schema takes. */
export interface ConnectionArgs {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

/** A connection over a whole list: `nodes`, `edges`, `totalCount`, `pageInfo`. One of first and last is demanded, ≤ 100. */
export function connection<T>(all: readonly T[], args: ConnectionArgs) {
  const size = args.first ?? args.last;
  if (size === undefined || size === null) {
    throw new Error('You must provide a `first` or `last` value to properly paginate the connection.');
  }
  if (size < 1 || size > 100) {
    throw new Error(`Requesting ${size} records on the connection exceeds the \`first\` limit of 100 records.`);
  }
  const from = args.after == null ? 0 : positionOf(args.after);
  const to = args.before == null ? all.length : positionOf(args.before) - 1;
  const fromEnd = args.first == null;
  const start = fromEnd ? Math.max(from, to - size) : from;
  const end = fromEnd ? to : Math.min(to, from + size);
  const nodes = all.slice(start, end);
  return {
    totalCount: all.length,
    nodes,
    edges: nodes.map((node, index) => ({ node, cursor: cursorAt(start + index + 1) })),
    pageInfo: {
      hasNextPage: end < all.length,
      hasPreviousPage: start > 0,
      startCursor: nodes.length === 0 ? null : cursorAt(start + 1),
      endCursor: nodes.length === 0 ? null : cursorAt(end),
    },
  };
}

function cursorAt(position: number): string {
  return Buffer.from(`cursor:v2:${position}`).toString('base64');
}

function positionOf(cursor: string): number {
  return Number(Buffer.from(cursor, 'base64').toString().split(':').at(-1));
}

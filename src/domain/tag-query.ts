/**
 * The tree of a tag query. `and` and `or` are flat lists, so that a long chain does not make a deep tree;
 * depth comes from parentheses alone and is capped by the parser.
 */
export type TagQueryExpression =
  | { readonly kind: 'anything' }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'in-dir'; readonly path: string }
  /** Meaningful in `depends_on` alone: a path relative to the directory of the dependent. */
  | { readonly kind: 'relative-dir'; readonly path: string }
  | { readonly kind: 'not'; readonly of: TagQueryExpression }
  | { readonly kind: 'and'; readonly of: readonly TagQueryExpression[] }
  | { readonly kind: 'or'; readonly of: readonly TagQueryExpression[] };

/** A parsed tag query with the text it was written as. Plain data: it survives JSON. */
export interface TagQuery {
  readonly text: string;
  readonly expression: TagQueryExpression;
}

/** The query that matches every dirspace. */
export const ANYTHING: TagQuery = { text: '', expression: { kind: 'anything' } };

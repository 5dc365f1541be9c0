/** What becomes of earlier comments of ours: edited in place, or a new one each time with the old minimised, deleted or left. */
export type CommentStrategy = 'edit' | 'append' | 'minimize' | 'delete';

export interface OwnComment {
  /** GitHub's node id, as minimising needs it. */
  readonly id: string;
  readonly kind: 'plan' | 'apply';
  readonly minimized: boolean;
}

/** What is to be done with the comments of a pull request so that the newest text is seen once. */
export type CommentStep =
  | { readonly do: 'edit'; readonly id: string }
  | { readonly do: 'create' }
  | { readonly do: 'minimize'; readonly id: string }
  | { readonly do: 'delete'; readonly id: string };

/**
 * Steps in order. `comments` are those we wrote, oldest first. An apply that begins always gets a comment of its own: what
 * was reviewed must stay as it was read.
 */
export function commentSteps(
  strategy: CommentStrategy,
  comments: readonly OwnComment[],
  kind: 'plan' | 'apply',
): readonly CommentStep[] {
  const newest = comments.at(-1);
  if (strategy === 'edit') {
    if (newest !== undefined && newest.kind === kind && !newest.minimized) {
      return [{ do: 'edit', id: newest.id }];
    }
    return [{ do: 'create' }, ...minimizeAll(comments)];
  }
  switch (strategy) {
    case 'append':
      return [{ do: 'create' }];
    case 'minimize':
      return [{ do: 'create' }, ...minimizeAll(comments)];
    case 'delete':
      return [{ do: 'create' }, ...comments.map(({ id }) => ({ do: 'delete', id }) as const)];
  }
}

function minimizeAll(comments: readonly OwnComment[]): readonly CommentStep[] {
  return comments.filter((comment) => !comment.minimized).map(({ id }) => ({ do: 'minimize', id }));
}

import type { DisplaySettings } from '../domain/notice.ts';
import { matchTagQuery } from '../matching/tag-query.ts';
import type { Work } from './work.ts';

/**
 * How the repository wants to see what is published. There is one comment, so the first notification policy that
 * matches any dirspace of the change says what becomes of the one before.
 */
export function displayOf({ config, parts }: Pick<Work, 'config' | 'parts'>): DisplaySettings {
  const policy = config.notifications.policies.find(({ tagQuery }) =>
    parts.some((part) => matchTagQuery(tagQuery, { tags: part.tags, dir: part.dir, workspace: part.workspace })),
  );
  return { checks: config.checks, labels: config.labels, comments: policy?.commentStrategy ?? 'edit' };
}

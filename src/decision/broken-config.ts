import type { Notice } from '../domain/notice.ts';
import { note } from './draft.ts';
import type { Outcome } from './outcome.ts';
import type { PullCase } from './pull-case.ts';

/** A configuration that cannot be used: the notice on the pull request has the places, the reply says that nothing was run. */
export function refusedByConfig(it: PullCase, notices: readonly Notice[]): Outcome {
  const refusals = notices.map((notice) =>
    notice.kind === 'reason'
      ? { reason: notice.reason, ...(notice.text === '' ? {} : { detail: notice.text }) }
      : {
          reason: 'config-broken' as const,
          ...(notice.kind === 'config' ? { detail: firstPlace(notice.problems) } : {}),
        },
  );
  for (const { reason } of refusals) {
    note(it.draft, 'config', 'refuse', reason);
  }
  return { reason: refusals[0]?.reason ?? 'config-broken', refusals };
}

function firstPlace(
  problems: readonly {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly message: string;
  }[],
): string {
  const shown = problems.slice(0, 5).map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
  return problems.length > 5 ? `${shown.join(' ')} And ${problems.length - 5} more.` : shown.join(' ');
}

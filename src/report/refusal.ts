import type { NoteView } from '../domain/pull-view.ts';
import { code, prose } from './escape.ts';

export interface RefusalView {
  /** The command that was asked for, as it was understood: `apply dir:prod/db`. */
  readonly command: string;
  /** Who asked. Shown, not mentioned: GitHub tells people of replies by itself. */
  readonly by?: string;
  /** Everything that stands in the way, so that nobody mends one thing to be told of the next. */
  readonly reasons: readonly [NoteView, ...NoteView[]];
  /** Link to the event's decision, for `why`. */
  readonly detailsUrl?: string;
}

/** The reply to a command that is not carried out: what, why, and what to do instead. */
export function renderRefusal(view: RefusalView): string {
  const who = view.by === undefined ? '' : ` (asked by ${code(view.by, 60)})`;
  const [first, ...others] = view.reasons;
  const next = [...new Set(view.reasons.flatMap((reason) => reason.next ?? []))];
  const reasons =
    others.length === 0
      ? prose(first.text)
      : view.reasons
          .slice(0, 20)
          .map((reason) => `- ${prose(reason.text)}`)
          .join('\n');
  return [
    '<!-- plumbline:reply -->',
    `**Not done**: ${code(view.command, 200)}${who}`,
    '',
    reasons,
    ...(next.length === 0
      ? []
      : [
          '',
          `**Next**: ${next
            .slice(0, 5)
            .map((command) => code(command, 200))
            .join(' or ')}`,
        ]),
  ].join('\n');
}

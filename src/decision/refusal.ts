import { type Dirspace, dirspaceName } from '../domain/dirspace.ts';
import { REASONS, type ReasonCode } from '../domain/reason.ts';
import { code, prose } from '../report/escape.ts';

/** Why something is not done: the reason, what is special here, the dirspaces it is about (none: all), the next command. */
export interface Refusal {
  readonly reason: ReasonCode;
  readonly detail?: string;
  readonly about?: readonly Dirspace[];
  readonly next?: string;
}

const MAX_NAMED = 20;
const MAX_REFUSALS = 30;

/** The reply to a command that is refused: every reason, not only the first, and what to do next. */
export function refusalBody(asked: string, refusals: readonly Refusal[], lines: readonly string[] = []): string {
  const merged = mergeSame(refusals);
  const items = merged.slice(0, MAX_REFUSALS).map((refusal) => `- ${refusalLine(refusal)}`);
  const more = merged.length > MAX_REFUSALS ? [`- And ${merged.length - MAX_REFUSALS} more.`] : [];
  const next = [...new Set(merged.flatMap((refusal) => (refusal.next === undefined ? [] : [refusal.next])))];
  return [
    `**Not done:** ${code(asked, 200)}`,
    '',
    ...items,
    ...more,
    ...(lines.length === 0 ? [] : ['', '```', ...lines, '```']),
    ...(next.length === 0 ? [] : ['', `Next: ${next.map((one) => code(one)).join(', ')}`]),
  ].join('\n');
}

/** One refusal as a line of text. */
function refusalLine({ reason, detail, about = [] }: Refusal): string {
  const names = about.slice(0, MAX_NAMED).map((dirspace) => code(dirspaceName(dirspace)));
  const more = about.length > MAX_NAMED ? ` and ${about.length - MAX_NAMED} more` : '';
  const where = names.length === 0 ? '' : `${names.join(', ')}${more}: `;
  const what = detail === undefined ? '' : ` ${prose(detail)}`;
  return `${where}${prose(REASONS[reason])}${what} (${code(reason)})`;
}

/** The same reason with the same detail for several dirspaces is said once, with the command that helps all of them. */
export function mergeSame(refusals: readonly Refusal[]): readonly Refusal[] {
  const merged = new Map<string, Refusal>();
  for (const refusal of refusals) {
    const key = JSON.stringify([refusal.reason, refusal.detail ?? null]);
    const before = merged.get(key);
    const about = [...(before?.about ?? []), ...(refusal.about ?? [])];
    const next = before === undefined ? refusal.next : commonNext(before.next, refusal.next);
    merged.set(key, {
      ...refusal,
      ...(about.length === 0 ? {} : { about }),
      ...(next === undefined ? {} : { next }),
    });
  }
  return [...merged.values()];
}

/** `plumbline plan dir:a` and `plumbline plan dir:b` are `plumbline plan` together. */
function commonNext(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined || one === other) {
    return one ?? other;
  }
  const words = one.split(' ', 2).join(' ');
  return other === words || other.startsWith(`${words} `) ? words : one;
}

/** `@login`, which notifies: only for people who must act. Anything that is no GitHub login becomes code. */
export function mention(login: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/u.test(login) ? `@${login}` : code(login);
}

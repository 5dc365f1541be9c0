import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { MINUTE } from '../domain/instant.ts';
import type { ReasonCode } from '../domain/reason.ts';
import { code } from '../report/escape.ts';
import { type Asker, answerCommand } from './answer-command.ts';
import { askLater } from './ask-later.ts';
import type { CommandLine, Trigger } from './command.ts';
import { parseCommands } from './commands.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';
import { type Outcome, refused } from './outcome.ts';
import { canWrite, writeReason } from './people.ts';
import { openCase, type PullCase } from './pull-case.ts';
import { readConfig } from './pull-config.ts';
import { mergeSame, refusalBody } from './refusal.ts';
import { isSentence } from './sentence.ts';

/** A command is worth this long: later nobody remembers what it was said about. */
export const COMMAND_LIFE_MS = 15 * MINUTE;

/** Somebody commented. Each command is answered by a reaction; what is refused is said once, with every reason. */
export function decideComment(draft: Draft, event: Extract<Event, { kind: 'comment' }>): Decision {
  if (event.author.bot || event.author.id === draft.snapshot.app.botId) {
    return ignore(draft, 'comment', 'bot-comment', event.author.login);
  }
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    return ignore(draft, 'comment', opened.reason);
  }
  const { it } = opened;
  const lines = parseCommands(event.body, triggersOf(it)).filter((line) => !isSentence(it, line));
  if (lines.length === 0) {
    return ignore(draft, 'comment', 'not-a-command');
  }
  if (lines.every((line) => line.ok && line.command.name === 'help')) {
    return reply(it, event, [
      { line: lines[0]?.line ?? '', outcome: answerCommand(it, { name: 'help' }, askerOf(event)) },
    ]);
  }
  const write = canWrite(it.github, event.author.login);
  if (write !== 'yes') {
    return refuseStranger(it, event, writeReason(write), lines);
  }
  note(draft, 'permission', 'pass', 'permitted', event.author.login);
  if (it.now - event.createdAt > COMMAND_LIFE_MS) {
    const outcome = refused('command-too-old');
    return reply(it, event, [{ line: lines[0]?.line ?? '', outcome }]);
  }
  const answers = lines.map((line) => ({ line: line.line, outcome: outcomeOf(it, line, event) }));
  const [only, ...others] = answers;
  const asked = { key: `comment/${event.commentId}`, at: event.createdAt, event };
  if (only !== undefined && others.length === 0 && askLater(it, asked, only.outcome)) {
    intend(draft, { do: 'react', commentId: event.commentId, content: 'eyes' });
    return finish(draft, 'asked-again');
  }
  return reply(it, event, answers);
}

/** Words that begin a command here: ours always, others as the configuration says. A broken configuration leaves ours. */
function triggersOf(it: PullCase): ReadonlySet<Trigger> {
  const read = readConfig(it.github);
  return new Set<Trigger>(['plumbline', ...(read.ok ? read.config.base.commandAliases : [])]);
}

function outcomeOf(it: PullCase, line: CommandLine, event: Extract<Event, { kind: 'comment' }>): Outcome {
  if (line.ok) {
    return answerCommand(it, line.command, askerOf(event));
  }
  const next = line.nearest ?? 'plumbline help';
  return { reason: line.reason, refusals: [{ reason: line.reason, detail: line.text, next }] };
}

function askerOf({ author, createdAt }: Extract<Event, { kind: 'comment' }>): Asker {
  return { id: author.id, login: author.login, at: createdAt };
}

/** One reaction at most says it all; the reason in words comes at most once per person, pull request and hour. */
function refuseStranger(
  it: PullCase,
  event: Extract<Event, { kind: 'comment' }>,
  reason: ReasonCode,
  lines: readonly CommandLine[],
): Decision {
  const { draft, ours, pull } = it;
  note(draft, 'permission', 'refuse', reason, event.author.login);
  intend(
    draft,
    { do: 'react', commentId: event.commentId, content: '-1' },
    { do: 'audit', action: 'command-refused', actor: event.author.login, detail: { pull: pull.number, reason } },
  );
  const told = ours.recentlyRefused.some((login) => login.toLowerCase() === event.author.login.toLowerCase());
  if (!told) {
    const body = refusalBody(lines[0]?.line ?? '', [{ reason }]);
    const key = `comment/${event.commentId}`;
    intend(draft, { do: 'reply', pull: pull.number, key, body, refusedLogin: event.author.login });
  }
  return finish(draft, reason);
}

/** Was something done, whatever was refused beside it? */
function isDone({ reason, answer }: Outcome): boolean {
  return reason.endsWith('-started') || answer !== undefined;
}

interface Answered {
  readonly line: string;
  readonly outcome: Outcome;
}

const MAX_BODY = 60_000;

function reply(it: PullCase, event: Extract<Event, { kind: 'comment' }>, answered: readonly Answered[]): Decision {
  const { draft, pull } = it;
  const good = answered.filter(({ outcome }) => outcome.refusals.length === 0 || isDone(outcome));
  const content = good.length === answered.length ? 'rocket' : good.length === 0 ? 'confused' : 'eyes';
  intend(draft, { do: 'react', commentId: event.commentId, content });
  const texts = answered.flatMap(({ line, outcome }) => {
    for (const { reason, detail } of mergeSame(outcome.refusals)) {
      note(draft, 'command', 'refuse', reason, detail);
    }
    const answer = outcome.answer === undefined ? [] : [outcome.answer];
    if (outcome.refusals.length === 0) {
      return answer;
    }
    const body = refusalBody(line, outcome.refusals, outcome.lines ?? []);
    return [...answer, isDone(outcome) ? body.replace('**Not done:**', '**Partly done:**') : body];
  });
  if (texts.length > 0) {
    const body = texts.join('\n\n---\n\n').slice(0, MAX_BODY);
    intend(draft, { do: 'reply', pull: pull.number, key: `comment/${event.commentId}`, body });
  }
  const first = answered.find(({ outcome }) => outcome.refusals.length > 0) ?? answered[0];
  const started = answered.find(({ outcome }) => outcome.reason.endsWith('-started'));
  note(draft, 'command', 'note', first?.outcome.reason ?? 'answered', code(answered[0]?.line ?? '', 120));
  return finish(draft, (started ?? first)?.outcome.reason ?? 'answered');
}

import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { ANYTHING } from '../domain/tag-query.ts';
import { answerCommand } from './answer-command.ts';
import { askLater } from './ask-later.ts';
import type { Command } from './command.ts';
import { COMMAND_LIFE_MS } from './comment.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';
import { canWrite, writeReason } from './people.ts';
import { openCase, type PullCase } from './pull-case.ts';
import { type Refusal, refusalBody } from './refusal.ts';

type ButtonEvent = Extract<Event, { kind: 'button' }>;

/** A button of a check is a command with the check's commit: for another commit than the newest it does nothing. */
export function decideButton(draft: Draft, event: ButtonEvent): Decision {
  if (event.sender.bot) {
    return ignore(draft, 'button', 'bot-comment', event.sender.login);
  }
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    return ignore(draft, 'button', opened.reason);
  }
  const { it } = opened;
  const write = canWrite(it.github, event.sender.login);
  if (write !== 'yes') {
    return refuse(it, event, [{ reason: writeReason(write) }]);
  }
  if (event.sha !== it.pull.headSha) {
    return refuse(it, event, [{ reason: 'sha-not-head' }]);
  }
  if (it.now - event.at > COMMAND_LIFE_MS) {
    return refuse(it, event, [{ reason: 'command-too-old' }]);
  }
  const { id, login } = event.sender;
  const outcome = answerCommand(it, commandOf(event), { id, login, at: event.at });
  if (askLater(it, { key: buttonKey(event), at: event.at, event }, outcome)) {
    return finish(draft, 'asked-again');
  }
  if (outcome.answer !== undefined) {
    reply(it, event, outcome.answer);
  } else if (outcome.refusals.length > 0) {
    reply(it, event, refusalBody(`plumbline ${event.button}`, outcome.refusals, outcome.lines ?? []));
  }
  note(draft, 'button', 'note', outcome.reason, login);
  return finish(draft, outcome.reason);
}

function commandOf(event: ButtonEvent): Command {
  return event.button === 'explain'
    ? { name: 'explain', dir: null }
    : { name: event.button, query: ANYTHING, flags: [], sha: event.sha };
}

function refuse(it: PullCase, event: ButtonEvent, refusals: readonly Refusal[]): Decision {
  const reason = refusals[0]?.reason ?? 'access-denied';
  note(it.draft, 'button', 'refuse', reason, event.sender.login);
  const stranger = reason === 'permission-missing' || reason === 'permission-unknown';
  const told = it.ours.recentlyRefused.some((login) => login.toLowerCase() === event.sender.login.toLowerCase());
  if (!(stranger && told)) {
    reply(it, event, refusalBody(`plumbline ${event.button}`, refusals), stranger ? event.sender.login : undefined);
  }
  return finish(it.draft, reason);
}

function reply(it: PullCase, event: ButtonEvent, body: string, refusedLogin?: string): void {
  const more = refusedLogin === undefined ? {} : { refusedLogin };
  intend(it.draft, { do: 'reply', pull: it.pull.number, key: buttonKey(event), body, ...more });
}

function buttonKey(event: ButtonEvent): string {
  return `button/${event.sha}/${event.button}/${event.sender.id}/${event.at}`;
}

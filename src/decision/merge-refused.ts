import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { lookAgainByItself } from './ask-later.ts';
import { type Draft, finish, ignore, intend, note } from './draft.ts';
import { openCase } from './pull-case.ts';
import { refusalBody } from './refusal.ts';

/** GitHub refused to merge what is wholly applied. It is said once per commit, in GitHub's words, and tried again for a while. */
export function decideMergeRefused(draft: Draft, event: Extract<Event, { kind: 'merge-refused' }>): Decision {
  const opened = openCase(draft, event.repository);
  if (!opened.ok) {
    return ignore(draft, 'automerge', opened.reason);
  }
  const { it } = opened;
  if (it.pull.state !== 'open') {
    return ignore(draft, 'automerge', 'pull-closed');
  }
  if (it.pull.headSha !== event.headSha) {
    return ignore(draft, 'automerge', 'event-outdated');
  }
  const reason = 'merge-refused';
  const body = refusalBody('automerge', [{ reason, detail: event.why }]);
  intend(draft, { do: 'reply', pull: event.pull, key: `${reason}/${event.headSha}`, body });
  lookAgainByItself(it);
  note(draft, 'automerge', 'refuse', reason, event.why);
  return finish(draft, reason);
}

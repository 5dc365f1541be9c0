import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { type Draft, finish, intend } from './draft.ts';

type InstallationEvent = Extract<Event, { kind: 'installation' | 'installation-repositories' | 'repository' }>;

/** What GitHub says of an installation or a repository is saved; what must be erased with it, the commit erases. */
export function decideInstallation(draft: Draft, event: InstallationEvent): Decision {
  // The installation need not be alive for its own end.
  draft.assumptions.length = 0;
  intend(draft, { do: 'save-installation', event });
  if (event.kind === 'installation') {
    intend(draft, {
      do: 'audit',
      action: `installation-${event.action}`,
      actor: event.sender.login,
      detail: { account: event.account.login, repositories: event.repositories.length },
    });
  }
  return finish(draft, 'installation-saved');
}

import type { RepositorySeen } from '../domain/event.ts';
import type { Outcome } from './mapped-event.ts';
import {
  actorAt,
  actorOrGhostAt,
  type Fields,
  fieldsAt,
  installationAt,
  listAt,
  Malformed,
  numberAt,
  optionalTextAt,
  repositoryAt,
  textAt,
} from './payload-fields.ts';

/** `installation`: the App was installed, removed, suspended, or given other permissions. */
export function installationEvent(payload: Fields): Outcome {
  const action = textAt(payload, 'action');
  switch (action) {
    case 'created':
    case 'deleted':
    case 'suspend':
    case 'unsuspend':
    case 'new_permissions_accepted':
      return {
        kind: 'installation',
        action,
        installationId: installationAt(payload),
        account: accountIn(payload),
        repositories: seen(listAt(payload, 'repositories')),
        sender: actorAt(payload, 'sender'),
      };
    default:
      return { ignored: 'nothing-to-do', detail: `installation ${action}` };
  }
}

/** `installation_repositories`: repositories were added to an installation, or taken away. */
export function installationRepositoriesEvent(payload: Fields): Outcome {
  return {
    kind: 'installation-repositories',
    installationId: installationAt(payload),
    account: accountIn(payload),
    added: seen(listAt(payload, 'repositories_added')),
    removed: listAt(payload, 'repositories_removed').map((repository) => numberAt(repository, 'id')),
  };
}

/** `repository`: what changes a repository's name, default branch or life. */
export function repositoryEvent(payload: Fields): Outcome {
  const action = textAt(payload, 'action');
  switch (action) {
    case 'renamed':
    case 'transferred':
    case 'archived':
    case 'unarchived':
    case 'deleted':
    case 'edited':
      return {
        kind: 'repository',
        action,
        repository: repositoryAt(payload),
        defaultBranch: optionalTextAt(fieldsAt(payload, 'repository'), 'default_branch') ?? 'main',
        sender: actorOrGhostAt(payload, 'sender'),
      };
    default:
      return { ignored: 'nothing-to-do', detail: `repository ${action}` };
  }
}

/** `member`, `membership` and `team`: who may do what has changed, somewhere in the installation. */
export function accountEvent(name: string): (payload: Fields) => Outcome {
  return (payload) => ({
    kind: 'membership',
    installationId: installationAt(payload),
    what: `${name} ${textAt(payload, 'action')}`,
  });
}

function accountIn(payload: Fields): { readonly id: number; readonly login: string; readonly type: string } {
  const account = fieldsAt(fieldsAt(payload, 'installation'), 'account');
  return {
    id: numberAt(account, 'id'),
    // An enterprise has a slug where users and organisations have a login.
    login: optionalTextAt(account, 'login') ?? textAt(account, 'slug'),
    type: optionalTextAt(account, 'type') ?? 'Organization',
  };
}

/** Repositories in these payloads carry their owner in the full name alone. */
function seen(repositories: readonly Fields[]): readonly RepositorySeen[] {
  return repositories.map((repository) => {
    const [owner, name, ...more] = textAt(repository, 'full_name').split('/');
    if (!owner || !name || more.length > 0) {
      throw new Malformed('full_name is not owner/name');
    }
    return { repositoryId: numberAt(repository, 'id'), owner, name };
  });
}

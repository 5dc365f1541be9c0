import { accountJson, organizationJson } from './account-json.ts';
import type { Delivery } from './deliveries.ts';
import { repositoryJson } from './repository-json.ts';
import type { Json } from './request-body.ts';
import type { WorldParts } from './world-parts.ts';
import { accountOf, type Installation, installationOf, type Repository } from './world-state.ts';

/** Events an App gets whether it subscribed to them or not. */
const ALWAYS = new Set([
  'installation',
  'installation_repositories',
  'installation_target',
  'github_app_authorization',
]);

/**
 * Send one event of a repository to the App, if its installation covers the repository, lives, and is subscribed.
 * Answers the delivery, or undefined when GitHub would have sent nothing.
 */
export function emitRepositoryEvent(
  parts: WorldParts,
  repository: Repository,
  event: string,
  action: string | undefined,
  sender: string,
  fields: Json,
): Delivery | undefined {
  const { state } = parts;
  parts.journal.changed();
  const installation = installationOf(state, repository);
  if (installation === undefined || !listens(installation, event)) {
    return undefined;
  }
  return parts.deliveries.send({
    event,
    action,
    installationId: installation.id,
    repositoryId: repository.id,
    payload: {
      ...(action === undefined ? {} : { action }),
      repository: repositoryJson(state, repository),
      ...organizationPart(parts, repository.owner),
      sender: accountJson(state, sender),
      installation: simpleInstallation(installation),
      ...fields,
    },
  });
}

/** Send an event of the organisation (membership, team, installation …). */
export function emitAccountEvent(
  parts: WorldParts,
  installation: Installation,
  event: string,
  action: string,
  sender: string,
  fields: Json,
): Delivery | undefined {
  parts.journal.changed();
  if (!listens(installation, event)) {
    return undefined;
  }
  return parts.deliveries.send({
    event,
    action,
    installationId: installation.id,
    repositoryId: null,
    payload: {
      action,
      ...organizationPart(parts, installation.account),
      sender: accountJson(parts.state, sender),
      installation: simpleInstallation(installation),
      ...fields,
    },
  });
}

function listens(installation: Installation, event: string): boolean {
  if (ALWAYS.has(event)) {
    return true;
  }
  return installation.suspendedAt === null && installation.events.includes(event);
}

function simpleInstallation(installation: Installation) {
  return { id: installation.id, node_id: Buffer.from(`Integration${installation.id}`).toString('base64') };
}

function organizationPart(parts: WorldParts, login: string) {
  return accountOf(parts.state, login).type === 'Organization'
    ? { organization: organizationJson(parts.state, login) }
    : {};
}

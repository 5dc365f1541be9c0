import type { Actor, RepositoryRef } from '../domain/event.ts';

/** Thrown inside the payload mapping only, and caught there: a part that must be present is not. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

export type Fields = Readonly<Record<string, unknown>>;

const SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Own properties only, so that no key of a hostile payload reaches a prototype. */
export function at(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object under `key`. Throws Malformed. */
export function fieldsAt(fields: Fields, key: string): Fields {
  const value = at(fields, key);
  if (!isFields(value)) {
    throw new Malformed(`${key} is not an object`);
  }
  return value;
}

export function listAt(fields: Fields, key: string): readonly Fields[] {
  const value = at(fields, key);
  if (!Array.isArray(value)) {
    return [];
  }
  return value.filter(isFields);
}

/** The text under `key`, not empty. Throws Malformed. */
export function textAt(fields: Fields, key: string): string {
  const value = at(fields, key);
  if (typeof value !== 'string' || value === '') {
    throw new Malformed(`${key} is not text`);
  }
  return value;
}

export function optionalTextAt(fields: Fields, key: string): string | null {
  const value = at(fields, key);
  return typeof value === 'string' ? value : null;
}

/** A positive whole number, as all of GitHub's ids and numbers are. Throws Malformed. */
export function numberAt(fields: Fields, key: string): number {
  const value = at(fields, key);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) {
    throw new Malformed(`${key} is not a positive whole number`);
  }
  return value;
}

/** A commit id. Throws Malformed. */
export function shaAt(fields: Fields, key: string): string {
  const value = textAt(fields, key);
  if (!SHA.test(value)) {
    throw new Malformed(`${key} is not a commit id`);
  }
  return value;
}

/** A time as GitHub writes it, in milliseconds since the epoch. Throws Malformed. */
export function instantAt(fields: Fields, key: string): number {
  const value = Date.parse(textAt(fields, key));
  if (Number.isNaN(value)) {
    throw new Malformed(`${key} is not a time`);
  }
  return value;
}

/** A branch name from a full ref; null for a tag or anything else. Throws Malformed. */
export function branchAt(fields: Fields, key: string): string | null {
  return /^refs\/heads\/(.+)$/s.exec(textAt(fields, key))?.[1] ?? null;
}

/** A person or bot. Apps act as users of type Bot. Throws Malformed. */
function actorOf(user: Fields): Actor {
  return { id: numberAt(user, 'id'), login: textAt(user, 'login'), bot: at(user, 'type') === 'Bot' };
}

export function actorAt(fields: Fields, key: string): Actor {
  return actorOf(fieldsAt(fields, key));
}

/** Who an event is put down to when GitHub names nobody: the account that stands for deleted ones. */
const GHOST: Actor = { id: 10_137, login: 'ghost', bot: false };

/** Like `actorAt`, for events in which GitHub may leave the person out. */
export function actorOrGhostAt(fields: Fields, key: string): Actor {
  const value = at(fields, key);
  return isFields(value) ? actorOf(value) : GHOST;
}

/** The installation that the delivery is for. Throws Malformed. */
export function installationAt(payload: Fields): number {
  return numberAt(fieldsAt(payload, 'installation'), 'id');
}

/** The repository that the delivery is about. Throws Malformed. */
export function repositoryAt(payload: Fields): RepositoryRef {
  const repository = fieldsAt(payload, 'repository');
  return {
    installationId: installationAt(payload),
    repositoryId: numberAt(repository, 'id'),
    owner: textAt(fieldsAt(repository, 'owner'), 'login'),
    name: textAt(repository, 'name'),
  };
}

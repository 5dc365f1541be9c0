import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { KEY_BYTES, newKey, open, seal } from './seal.ts';

/** The root keys by their ids. New keys are wrapped by the active one; the others are there to read what they wrapped. */
export interface KeyRing {
  readonly active: string;
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

export type KeyRingResult =
  | { readonly ok: true; readonly ring: KeyRing }
  | { readonly ok: false; readonly problem: string };

/** Read `id:base64[,id:base64]`; the first is active. A problem is named by the entry's position, never by its value. */
export function parseKeyRing(text: string): KeyRingResult {
  const keys = new Map<string, Uint8Array>();
  for (const [index, entry] of text.split(',').entries()) {
    const [, id, encoded] = /^\s*([A-Za-z0-9_-]{1,40}):([A-Za-z0-9+/_=-]+)\s*$/.exec(entry) ?? [];
    const key = Buffer.from(encoded ?? '', 'base64');
    if (id === undefined || key.length !== KEY_BYTES) {
      return { ok: false, problem: `entry ${index + 1} is not id:key with a base64 key of ${KEY_BYTES} bytes` };
    }
    if (keys.has(id)) {
      return { ok: false, problem: `entry ${index + 1} has the id of an earlier one` };
    }
    keys.set(id, new Uint8Array(key));
  }
  const [active] = keys.keys();
  return active === undefined ? { ok: false, problem: 'no key' } : { ok: true, ring: { active, keys } };
}

/** Where root keys are: in the settings, or in the data folder. */
interface KeyPlace {
  readonly keys?: string | undefined;
  readonly dataDir: string;
}

/**
 * The key ring of the settings, or the one that lives in the data folder, which is made on first use (mode 0600). `generated` is the
 * file's path when it was made now, so that the operator can be told to keep it. Throws when what is there cannot be read.
 */
export function openKeyRing(place: KeyPlace): { readonly ring: KeyRing; readonly generated: string | null } {
  const found = findKeyRing(place);
  if (found !== undefined) {
    return { ring: found, generated: null };
  }
  mkdirSync(place.dataDir, { recursive: true, mode: 0o700 });
  const text = `k1:${Buffer.from(newKey()).toString('base64')}`;
  const file = keyFile(place);
  // wx: when two processes start at once, the second must not replace the first one's key.
  writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' });
  return { ring: readRing(text, file), generated: file };
}

/** As `openKeyRing`, but makes nothing: undefined when there is no key ring. */
export function findKeyRing(place: KeyPlace): KeyRing | undefined {
  const text = place.keys ?? readKeyFile(keyFile(place));
  return text === undefined ? undefined : readRing(text, place.keys === undefined ? keyFile(place) : 'ENCRYPTION_KEYS');
}

function keyFile({ dataDir }: KeyPlace): string {
  return join(dataDir, 'encryption-keys');
}

function readRing(text: string, where: string): KeyRing {
  const result = parseKeyRing(text.trim());
  if (!result.ok) {
    throw new Failure('secret-unreadable', `${where}: ${result.problem}`);
  }
  return result.ring;
}

/** Wrap a key with the active root key: `id.base64`. `purpose` binds it to what it is for. */
export function wrapWithRoot(ring: KeyRing, key: Uint8Array, purpose: string): string {
  const root = rootKey(ring, ring.active);
  return `${ring.active}.${Buffer.from(seal(root, key, `v1|root ${ring.active}|${purpose}`)).toString('base64')}`;
}

/** The key that was wrapped. Throws `secret-unreadable` when its root key is not in the ring, or it was made for something else. */
export function unwrapWithRoot(ring: KeyRing, wrapped: string, purpose: string): Uint8Array {
  const id = rootKeyId(wrapped);
  const sealed = Buffer.from(wrapped.slice(id.length + 1), 'base64');
  return open(rootKey(ring, id), new Uint8Array(sealed), `v1|root ${id}|${purpose}`);
}

/** Which root key wrapped it. */
export function rootKeyId(wrapped: string): string {
  return wrapped.slice(0, Math.max(wrapped.indexOf('.'), 0));
}

function rootKey(ring: KeyRing, id: string): Uint8Array {
  const key = ring.keys.get(id);
  if (key === undefined) {
    throw new Failure(
      'secret-unreadable',
      `the key ring has no key "${id}", which is in use: add it to ENCRYPTION_KEYS`,
    );
  }
  return key;
}

function readKeyFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

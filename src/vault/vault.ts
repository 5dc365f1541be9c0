import { hkdfSync } from 'node:crypto';
import { type KeyRing, rootKeyId, unwrapWithRoot, wrapWithRoot } from './key-ring.ts';
import { newKey, open, seal } from './seal.ts';

/** Where wrapped installation keys are kept; the store's functions fit. `undefined`: the installation is gone, and so is its key. */
export interface KeyStore {
  read(installationId: number): Promise<string | undefined>;
  /** Keep it unless there is one; answers the one that is kept. */
  save(installationId: number, wrapped: string): Promise<string | undefined>;
}

/** One installation's key, opened. Everything of the installation is encrypted under it, so that destroying it erases all of that. */
export class InstallationVault {
  readonly #key: Uint8Array;
  readonly #installationId: number;

  constructor(installationId: number, key: Uint8Array) {
    this.#installationId = installationId;
    this.#key = key;
  }

  /** A fresh data key for a plan: the key for the runner, and its wrapped form for the store. */
  newPlanKey(planId: string): { readonly key: Uint8Array; readonly wrapped: string } {
    const key = newKey();
    const wrapped = Buffer.from(seal(this.#key, key, this.#aad(`plan key|${planId}`))).toString('base64');
    return { key, wrapped };
  }

  /** The plan's data key again. Throws `secret-unreadable` for another plan's or another installation's. */
  openPlanKey(planId: string, wrapped: string): Uint8Array {
    return open(this.#key, new Uint8Array(Buffer.from(wrapped, 'base64')), this.#aad(`plan key|${planId}`));
  }

  /** The key under which sensitive values of a repository are digested: the same as long as the installation lives. */
  digestKeyFor(repositoryId: number): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#key, '', `plumbline digest key|${repositoryId}`, 32));
  }

  #aad(what: string): string {
    return `v1|installation ${this.#installationId}|${what}`;
  }
}

/** What a plan's sealed bytes are bound to; the runner is told it and uses it as it is. */
export function planAad(place: {
  readonly repositoryId: number;
  readonly planId: string;
  readonly runId: string;
}): string {
  return `v1|plan|${place.repositoryId}|${place.runId}|${place.planId}`;
}

/** The installation's vault; its key is made on first use. Undefined: the installation is gone. */
export async function openInstallationVault(
  ring: KeyRing,
  store: KeyStore,
  installationId: number,
): Promise<InstallationVault | undefined> {
  const purpose = installationPurpose(installationId);
  const wrapped =
    (await store.read(installationId)) ?? (await store.save(installationId, wrapWithRoot(ring, newKey(), purpose)));
  return wrapped === undefined
    ? undefined
    : new InstallationVault(installationId, unwrapWithRoot(ring, wrapped, purpose));
}

/** The wrapped installation key under the active root key; undefined when it is already. What it encrypts stays untouched. */
export function rewrapInstallationKey(ring: KeyRing, installationId: number, wrapped: string): string | undefined {
  if (rootKeyId(wrapped) === ring.active) {
    return undefined;
  }
  const purpose = installationPurpose(installationId);
  return wrapWithRoot(ring, unwrapWithRoot(ring, wrapped, purpose), purpose);
}

function installationPurpose(installationId: number): string {
  return `installation ${installationId}`;
}

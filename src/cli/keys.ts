import { Command } from 'commander';
import type { StorageSettings } from '../settings.ts';
import { appendAudit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { listInstallationKeys, replaceInstallationKey } from '../store/keys.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { withStorage } from './with-storage.ts';

/** `plumbline keys rotate`. */
export function keysCommand(): Command {
  return new Command('keys').description('the keys under which plans are kept').addCommand(rotateCommand());
}

interface Rotated {
  /** The root key that is active. */
  readonly active: string;
  readonly rewrapped: number;
  readonly already: number;
  /** Changed or removed by somebody else meanwhile. */
  readonly skipped: number;
  /** Installations whose key could not be opened, and why. */
  readonly unreadable: readonly { readonly installation: number; readonly problem: string }[];
}

function rotateCommand(): Command {
  return new Command('rotate')
    .description('wrap every installation key under the active root key, the first one in ENCRYPTION_KEYS')
    .option('--json', 'answer in JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      await withStorage('use', async ({ database, settings }) => {
        const ring = await rootKeys(settings);
        if (typeof ring === 'string') {
          console.error(ring);
          return 2;
        }
        const rotated = await rotate(database.db, ring);
        console.log(json === true ? JSON.stringify(rotated) : rotatedText(rotated));
        for (const { installation, problem } of json === true ? [] : rotated.unreadable) {
          console.error(`installation ${installation}: ${problem}`);
        }
        return rotated.unreadable.length === 0 && rotated.skipped === 0 ? 0 : 1;
      });
    });
}

/** The key ring, or what is wrong with it. */
async function rootKeys({ encryptionKeys, dataDir }: StorageSettings): Promise<KeyRing | string> {
  const { findKeyRing } = await import('../vault/key-ring.ts');
  try {
    return (
      findKeyRing({ keys: encryptionKeys ?? undefined, dataDir }) ??
      `There is no root key: neither ENCRYPTION_KEYS nor a file encryption-keys in ${dataDir}.`
    );
  } catch (error) {
    return error instanceof Error ? error.message : 'The root keys cannot be read.';
  }
}

async function rotate(db: Db, ring: KeyRing): Promise<Rotated> {
  const { rewrapInstallationKey } = await import('../vault/vault.ts');
  let [rewrapped, already, skipped] = [0, 0, 0];
  const unreadable: { installation: number; problem: string }[] = [];
  for (const { installationId, wrapped } of await listInstallationKeys(db)) {
    let to: string | undefined;
    try {
      to = rewrapInstallationKey(ring, installationId, wrapped);
    } catch (error) {
      unreadable.push({ installation: installationId, problem: error instanceof Error ? error.message : 'unreadable' });
      continue;
    }
    if (to === undefined) {
      already += 1;
    } else if (await replace(db, installationId, { from: wrapped, to }, ring.active)) {
      rewrapped += 1;
    } else {
      skipped += 1;
    }
  }
  return { active: ring.active, rewrapped, already, skipped, unreadable };
}

async function replace(
  db: Db,
  installationId: number,
  change: { readonly from: string; readonly to: string },
  active: string,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const replaced = await replaceInstallationKey(tx, installationId, change);
    if (replaced) {
      const detail = { rootKey: active };
      await appendAudit(tx, { installationId, repositoryId: null, action: 'key-rotated', actor: 'operator', detail });
    }
    return replaced;
  });
}

function rotatedText({ active, rewrapped, already, skipped, unreadable }: Rotated): string {
  const parts = [
    `${rewrapped} wrapped under ${active}`,
    `${already} were already`,
    ...(skipped === 0 ? [] : [`${skipped} changed meanwhile: run this again`]),
    ...(unreadable.length === 0 ? [] : [`${unreadable.length} could not be read`]),
  ];
  const done = skipped === 0 && unreadable.length === 0;
  return `Installation keys: ${parts.join(', ')}.${done ? ` Root keys other than ${active} are not needed any more.` : ''}`;
}

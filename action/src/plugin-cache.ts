import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Decides how one `init` may use the shared provider cache, and holds others back while it may write there. */
export interface PluginCache {
  /** Runs `init` with the cache's directory, or with null when the cache is of no use for it. */
  readonly during: <T>(lockFile: string | null, init: (cacheDir: string | null) => Promise<T>) => Promise<T>;
}

/**
 * Terraform unpacks into the cache in place, so two inits may not write there at once, and one may not read what
 * another is writing. An init whose providers are all there only reads, and runs freely; one that must download waits
 * for its turn. Without a lock file terraform (1.4 and later) does not trust the cache, so such a root goes without.
 */
export function openPluginCache(dir: string): PluginCache {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    async during(lockFile, init) {
      const wanted = lockFile === null ? [] : lockedProviders(lockFile);
      if (wanted.length === 0) {
        return init(null);
      }
      if (await hasAll(dir, wanted)) {
        // Whoever writes now may be writing these: wait for it, then read beside all others.
        await turn;
        return init(dir);
      }
      const mine = turn.then(() => init(dir));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** `host/namespace/name/version` of each provider that a lock file pins. */
export function lockedProviders(lockFile: string): readonly string[] {
  const found = lockFile.matchAll(/^provider\s+"([\w.-]+\/[\w.-]+\/[\w.-]+)"\s*\{\s*version\s*=\s*"([\w.+-]+)"/gm);
  return [...found].map(([, source, version]) => `${source}/${version}`);
}

async function hasAll(dir: string, wanted: readonly string[]): Promise<boolean> {
  const there = await Promise.all(wanted.map((provider) => stat(join(dir, provider)).catch(() => null)));
  return there.every((entry) => entry !== null);
}

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../src/protocol/messages.ts';
import { SEAL_OVERHEAD_BYTES } from '../../src/protocol/messages.ts';
import { forEachPooled } from './pool.ts';
import { type Server, ServerRefusal } from './server.ts';

/** The sealed plan of one dirspace, or why it could not be had. */
type SealedPlan = { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly message: string };
export type SealedPlans = (index: number) => Promise<SealedPlan>;

/**
 * Fetches all plans of an apply before the first of them begins: with the first `begun` the service destroys the keys and
 * bytes of the whole run. They wait on disk, still sealed.
 */
export async function fetchPlans(manifest: Manifest, server: Server, workDir: string): Promise<SealedPlans> {
  const refused = new Map<number, string>();
  const path = (index: number) => join(workDir, `sealed-${index}`);
  const wanted = manifest.targets.flatMap(({ index, plan }) => (plan === undefined ? [] : [{ index, plan }]));
  await forEachPooled(wanted, { size: 2, key: ({ index }) => String(index) }, async ({ index, plan }) => {
    try {
      const bytes = await server.getPlan(plan.planId, plan.facts.planBytes + SEAL_OVERHEAD_BYTES);
      await writeFile(path(index), bytes, { mode: 0o600 });
    } catch (error) {
      if (!(error instanceof ServerRefusal)) {
        throw error;
      }
      refused.set(index, error.message);
    }
  });
  return async (index) => {
    const message = refused.get(index);
    return message === undefined ? { ok: true, bytes: await readFile(path(index)) } : { ok: false, message };
  };
}

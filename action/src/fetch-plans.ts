import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, SEAL_OVERHEAD_BYTES, type ShownPlan } from '../../src/protocol/messages.ts';
import { forEachPooled } from './pool.ts';
import { RunnerFailure } from './runner-failure.ts';
import { type Server, ServerRefusal } from './server.ts';

/** The sealed plan of one dirspace and what people read of it, or why they could not be had. */
type SealedPlan =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly shown: ShownPlan }
  | { readonly ok: false; readonly message: string };
export type SealedPlans = (index: number) => Promise<SealedPlan>;

/**
 * Fetches all plans of an apply before the first of them begins: with the first `begun` the service destroys the keys and
 * bytes of the whole run. They wait on disk, still sealed.
 */
export async function fetchPlans(manifest: Manifest, server: Server, workDir: string): Promise<SealedPlans> {
  const refused = new Map<number, string>();
  const shown = new Map<number, ShownPlan>();
  const path = (index: number) => join(workDir, `sealed-${index}`);
  const wanted = manifest.targets.flatMap(({ index, plan }) => (plan === undefined ? [] : [{ index, plan }]));
  await forEachPooled(wanted, { size: 2, key: ({ index }) => String(index) }, async ({ index, plan }) => {
    try {
      const [bytes, read] = await Promise.all([
        server.getPlan(plan.planId, plan.facts.planBytes + SEAL_OVERHEAD_BYTES),
        server.getShown(plan.planId),
      ]);
      await writeFile(path(index), bytes, { mode: 0o600 });
      shown.set(index, read);
    } catch (error) {
      if (!(error instanceof ServerRefusal || error instanceof RunnerFailure)) {
        throw error;
      }
      refused.set(index, error.message);
    }
  });
  return async (index) => {
    const read = shown.get(index);
    return read === undefined
      ? { ok: false, message: refused.get(index) ?? 'it was not fetched.' }
      : { ok: true, bytes: await readFile(path(index)), shown: read };
  };
}

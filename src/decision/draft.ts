import type { Assumption, Decision, Intent, TraceLine } from '../domain/decision.ts';
import type { ReasonCode } from '../domain/reason.ts';
import type { Snapshot } from '../domain/snapshot.ts';

/** A decision in the making. Rules add to it; nobody reads from it but `finish`. */
export interface Draft {
  readonly snapshot: Snapshot;
  readonly trace: TraceLine[];
  readonly assumptions: Assumption[];
  readonly intents: Intent[];
  taken: number;
}

/** An empty decision about a snapshot. */
export function createDraft(snapshot: Snapshot): Draft {
  return { snapshot, trace: [], assumptions: [{ that: 'installation-active' }], intents: [], taken: 0 };
}

/** Leave one rule's word in the trace. */
export function note(draft: Draft, rule: string, says: TraceLine['says'], reason: ReasonCode, detail?: string): void {
  draft.trace.push({ rule, says, reason, ...(detail === undefined ? {} : { detail }) });
}

/** Something to be done. */
export function intend(draft: Draft, ...intents: readonly Intent[]): void {
  draft.intents.push(...intents);
}

/** Something that was taken for granted. */
export function assume(draft: Draft, ...assumptions: readonly Assumption[]): void {
  draft.assumptions.push(...assumptions);
}

/**
 * The next fresh id. When the snapshot's ids are used up, further ones are counted up from the last one, so that a
 * change of any size can be decided: ids must be unique, they need not be secret.
 */
export function takeId(draft: Draft): string {
  const ids = draft.snapshot.freshIds;
  const at = draft.taken;
  draft.taken += 1;
  const fresh = ids[at];
  if (fresh !== undefined) {
    return fresh;
  }
  const last = ids.at(-1);
  if (last === undefined) {
    throw new TypeError('A decision needs at least one fresh id.');
  }
  const counted = (BigInt(`0x${last.slice(-12)}`) + BigInt(at - ids.length + 1)) & 0xffffffffffffn;
  return last.slice(0, -12) + counted.toString(16).padStart(12, '0');
}

/** The decision as it is handed on. */
export function finish(draft: Draft, reason: ReasonCode): Decision {
  return { reason, trace: draft.trace, assumptions: draft.assumptions, intents: draft.intents };
}

/** A decision that does nothing, with its reason. */
export function ignore(draft: Draft, rule: string, reason: ReasonCode, detail?: string): Decision {
  note(draft, rule, 'ignore', reason, detail);
  return { reason, trace: draft.trace, assumptions: [], intents: [] };
}

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanModel } from '../../src/domain/plan-model.ts';
import { countOf, field, parseJson, textOf } from '../../src/plans/foreign-json.ts';
import { shownDifferences } from '../../src/plans/shown-matches-plan.ts';
import { wireModel } from '../../src/plans/wire-model.ts';
import type { ShownPlan } from '../../src/protocol/messages.ts';
import { backendFingerprint, isBackendHere } from './init-target.ts';
import { plannedBackend } from './plan-backend.ts';
import { otherCode } from './plan-code.ts';
import { openPlan } from './plan-seal.ts';
import { modelOf, planDigest, showText } from './plan-target.ts';
import { isOpaquePlan, zipEntries } from './plan-zip.ts';
import { messageOf } from './runner-failure.ts';
import { stopWith, type TargetStop } from './target-outcome.ts';
import { lockFileSha256, readLockFile, runEngine, type Session, type TargetRoom } from './target-session.ts';

export type StoredPlan = NonNullable<TargetRoom['target']['plan']>;

/** A stored plan, decrypted, and what people read of it. */
export interface OpenedPlan {
  readonly plan: StoredPlan;
  readonly bytes: Buffer;
  readonly shown: ShownPlan;
  /** Null for a plan file in which nothing can be looked up. */
  readonly entries: ReadonlyMap<string, () => Buffer> | null;
}

/** Fetches and opens the stored plan of a dirspace, and compares what can be compared before anything is done. Throws `TargetStop`. */
export async function openStoredPlan(session: Session, room: TargetRoom, plan: StoredPlan): Promise<OpenedPlan> {
  const { facts } = plan;
  expectSame('tree', 'the merge of head and base', facts.treeSha, session.treeSha);
  expectSame('configuration', 'the configuration of Plumbline', facts.configDigest, session.manifest.configDigest);
  expectSame('tool', 'the engine', facts.tool, room.tool.engine);
  expectSame('tool-version', `the version of ${room.tool.engine}`, facts.toolVersion, room.tool.version);
  expectSame('tool-hash', `the ${room.tool.engine} program`, facts.toolSha256, room.tool.sha256);
  const sealed = await session.sealedPlans(room.target.index);
  if (!sealed.ok) {
    throw refusal('plan-not-fetched', `The stored plan could not be fetched: ${sealed.message}`);
  }
  const bytes = await openPlan(sealed.bytes, plan.key, plan.aad);
  if (bytes === null) {
    throw refusal('plan-sealed', 'The stored plan does not open with its key: it is not the plan that was stored.');
  }
  expectSame('plan-hash', 'the plan file', facts.planSha256, createHash('sha256').update(bytes).digest('hex'));
  const opened = { plan, bytes, shown: sealed.shown, entries: isOpaquePlan(bytes) ? null : entriesOf(bytes) };
  await restoreLockFile(room, opened);
  return opened;
}

/**
 * Is the plan file what people read? Its model is made again, as the job that planned has made it, and compared with the one
 * that was stored and shown. Answers the model, and a file with the plan as JSON for steps that look into it. Throws `TargetStop`.
 */
export async function expectShown(
  session: Session,
  room: TargetRoom,
  { plan, bytes, shown }: OpenedPlan,
): Promise<{ readonly model: PlanModel; readonly json: string }> {
  // A step before this one may have written to the plan file.
  await writeFile(room.planFile, bytes, { mode: 0o600 });
  const text = await showText(session, room, 'not-attempted');
  const model = modelOf(session, text);
  const rebuilt = wireModel(model, { maxBytes: shown.modelBytes, mask: (same) => same });
  const differs = shownDifferences(shown.model, rebuilt);
  if (differs.length > 0) {
    throw refusal(
      'plan-not-as-shown',
      `Refused: the plan file does not do what was shown of it. Plan again, and read the new plan. What differs: ${named(differs)}`,
    );
  }
  expectSame('plan-digest', 'what the plan would do', plan.facts.digest, planDigest(model));
  const json = join(room.tempDir, 'plan.json');
  await writeFile(json, text, { mode: 0o600 });
  return { model, json };
}

/** Is everything around the plan as it was? Looked at last, when no step can change it any more. Leaves the plan file in its place. Throws `TargetStop`. */
export async function expectSurroundings(session: Session, room: TargetRoom, opened: OpenedPlan): Promise<void> {
  const { plan, bytes, entries } = opened;
  await writeFile(room.planFile, bytes, { mode: 0o600 });
  expectSame('lock-file', 'the provider lock file', plan.facts.lockFileSha256, await lockFileSha256(room));
  expectSame(
    'backend',
    'the state backend or workspace',
    plan.facts.backendFingerprint,
    await backendFingerprint(session, room),
  );
  if (entries !== null) {
    const planned = await read(async () => plannedBackend(entries.get('tfplan')?.() ?? Buffer.alloc(0)));
    if (!(await isBackendHere(room, planned))) {
      throw refusal(
        'plan-backend-changed',
        'Refused: the plan file would write its state to another place than the one that is configured here. Plan again.',
      );
    }
    const differs = await read(() => otherCode(entries, room));
    if (differs.length > 0) {
      throw refusal(
        'plan-code-changed',
        `Refused: the plan file was made from other code than what stands here. Plan again; a step of the plan that writes code must be a step of the apply as well, before \`init\`. What differs: ${named(differs)}`,
      );
    }
  }
  await checkState(session, room, opened);
}

/** Serial and lineage of the state as it is now; null where they cannot be read. */
export async function stateNow(
  session: Session,
  room: TargetRoom,
): Promise<{ readonly serial: number | null; readonly lineage: string | null }> {
  const pulled = await runEngine({ ...session, cancel: new AbortController().signal }, room, {
    args: ['state', 'pull'],
    quiet: true,
    keep: 512 * 1024 * 1024,
  });
  const state = pulled.code === 0 ? parseJson(pulled.stdout) : undefined;
  const lineage = textOf(field(state, 'lineage'));
  return { serial: countOf(field(state, 'serial')) ?? null, lineage: lineage === '' ? null : lineage.slice(0, 200) };
}

/** A stop of an apply that found something which is not as it must be. `code` is what the service keeps. */
export function refusal(code: string, message: string, detail = ''): TargetStop {
  return stopWith({ state: 'not-attempted', phase: 'verify', code }, message, detail);
}

/** The engine would find this out as well, but only after the plan's key is gone. */
async function checkState(session: Session, room: TargetRoom, { plan, entries }: OpenedPlan): Promise<void> {
  if (plan.facts.lineage === '' && entries?.has('tfstate') !== true) {
    // A plan file that the engine encrypted: its state cannot be known here.
    return;
  }
  const now = await stateNow(session, room);
  // No state then, and none now: the engine gives it a lineage when it writes it first.
  if (
    now.lineage === null
      ? plan.facts.serial > 0
      : now.lineage !== plan.facts.lineage || now.serial !== plan.facts.serial
  ) {
    throw refusal('state-moved', 'The state was changed after this plan was made. Plan again.');
  }
}

/** Without a lock file in the repository the plan's own is used, so that the same providers are chosen again. */
async function restoreLockFile(room: TargetRoom, { plan, entries }: OpenedPlan): Promise<void> {
  if (plan.facts.lockFileSha256 === '' || (await readLockFile(room)) !== null) {
    return;
  }
  const text = await read(async () => entries?.get('.terraform.lock.hcl')?.() ?? null);
  if (text !== null && createHash('sha256').update(text).digest('hex') === plan.facts.lockFileSha256) {
    await writeFile(join(room.path, '.terraform.lock.hcl'), text);
  }
}

function entriesOf(bytes: Buffer): ReadonlyMap<string, () => Buffer> {
  try {
    return zipEntries(bytes);
  } catch (error) {
    throw unreadable(error);
  }
}

async function read<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(error: unknown): TargetStop {
  return refusal(
    'plan-unreadable',
    `Refused: the plan file is not one that the engine made (${messageOf(error)}). Plan again.`,
  );
}

function named(differs: readonly string[]): string {
  const most = 5;
  const more = differs.length > most ? `, and ${differs.length - most} more` : '';
  return `${differs.slice(0, most).join('; ')}${more}.`;
}

function expectSame(code: string, what: string, planned: string, found: string): void {
  if (planned !== found) {
    throw refusal(`${code}-changed`, `Refused: ${what} is not the same as when this was planned. Plan again.`);
  }
}

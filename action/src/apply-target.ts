import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanModel } from '../../src/domain/plan-model.ts';
import type { RunnerStep } from '../../src/domain/runner-step.ts';
import { openApplyStream } from '../../src/plans/apply-stream.ts';
import { countOf, field, parseJson, textOf } from '../../src/plans/foreign-json.ts';
import { applyFlags } from '../../src/protocol/terraform-flags.ts';
import { backendFingerprint, initTarget } from './init-target.ts';
import { openPlan } from './plan-seal.ts';
import { checkFlags, type MadePlan, makePlan, PLAN_STEPS, planDigest, planJson, showPlan } from './plan-target.ts';
import { readPlanZip } from './plan-zip.ts';
import { ServerRefusal } from './server.ts';
import { walkSteps } from './step-list.ts';
import { outcomeOf, stopWith, type TargetOutcome, type TargetStop } from './target-outcome.ts';
import { lockFileSha256, readLockFile, runEngine, type Session, type TargetRoom } from './target-session.ts';

type StoredPlan = NonNullable<TargetRoom['target']['plan']>;

const DEFAULT_STEPS: readonly RunnerStep[] = [
  { type: 'init', extraArgs: [], env: {} },
  {
    type: 'apply',
    extraArgs: [],
    env: {},
    retry: { enabled: false, tries: 1, initialSleepSeconds: 0, backoff: 1 },
  },
];

/** Applies the stored plan of one dirspace, or refuses because something is not as it was. Throws `TargetStop`. */
export async function applyStoredPlan(session: Session, room: TargetRoom): Promise<TargetOutcome> {
  const plan = room.target.plan;
  if (plan === undefined) {
    throw refusal('no-plan', 'The service named no plan to apply.');
  }
  checkPlace(session, room, plan);
  const bytes = await openStored(session, room, plan);
  await writeFile(room.planFile, bytes, { mode: 0o600 });
  await restoreLockFile(room, plan, bytes);
  return walkApply(session, room, room.target.steps ?? DEFAULT_STEPS, {
    init: (now, extraArgs) => initTarget(session, now, 'not-attempted', extraArgs),
    plan: async () => undefined,
    bytes: () => bytes,
    apply: async (now, extraArgs) => {
      const model = await verified(session, now, plan, bytes);
      return runApply(session, now, model, {}, extraArgs);
    },
  });
}

/** Is everything as it was when the plan was made? Looked at when all steps before the apply are done. Throws `TargetStop`. */
async function verified(session: Session, room: TargetRoom, plan: StoredPlan, bytes: Buffer): Promise<PlanModel> {
  // A step before this one may have written to the plan file.
  await writeFile(room.planFile, bytes, { mode: 0o600 });
  expectSame('lock-file', 'the provider lock file', plan.facts.lockFileSha256, await lockFileSha256(room));
  expectSame(
    'backend',
    'the state backend or workspace',
    plan.facts.backendFingerprint,
    await backendFingerprint(session, room),
  );
  const model = await showPlan(session, room, 'not-attempted');
  expectSame('plan-digest', 'what the plan would do', plan.facts.digest, planDigest(model));
  await checkState(session, room, plan, bytes);
  return model;
}

/** Plans and applies in one step: what was asked for by somebody who may skip the review. Throws `TargetStop`. */
export async function planAndApply(session: Session, room: TargetRoom): Promise<TargetOutcome> {
  await checkFlags(session, room);
  let plan: MadePlan | null = null;
  const made = (): MadePlan | null => plan;
  const outcome = await walkApply(session, room, room.target.steps ?? [...PLAN_STEPS, ...DEFAULT_STEPS.slice(1)], {
    init: (now, extraArgs) => initTarget(session, now, 'plan-failed', extraArgs),
    plan: async (now, extraArgs) => {
      plan = await makePlan(session, now, extraArgs);
    },
    bytes: () => made()?.bytes ?? null,
    apply: async (now, extraArgs) => {
      const found = made();
      if (found === null) {
        throw stopWith({ state: 'plan-failed', phase: 'plan', code: 'no-plan-step' }, 'No step made a plan.');
      }
      const known = { model: found.model, facts: found.facts } as const;
      if (!found.hasChanges) {
        return outcomeOf(room.target.index, 0, { ...known, phase: 'done', state: 'no-changes' });
      }
      await writeFile(now.planFile, found.bytes, { mode: 0o600 });
      return runApply(session, now, found.model, known, extraArgs);
    },
  });
  return outcome;
}

interface ApplyWalk {
  readonly init: (room: TargetRoom, extraArgs: readonly string[]) => Promise<void>;
  readonly plan: (room: TargetRoom, extraArgs: readonly string[]) => Promise<void>;
  readonly apply: (room: TargetRoom, extraArgs: readonly string[]) => Promise<TargetOutcome>;
  readonly bytes: () => Buffer | null;
}

/** The steps around an apply. Once the engine has applied, its outcome is the dirspace's, whatever a later step says. */
async function walkApply(
  session: Session,
  room: TargetRoom,
  list: readonly RunnerStep[],
  walk: ApplyWalk,
): Promise<TargetOutcome> {
  let applied: TargetOutcome | null = null;
  const outcome = (): TargetOutcome | null => applied;
  const { stop, steps } = await walkSteps(session, room, list, {
    do: async (step, now, extraArgs) => {
      if (step.type !== 'apply') {
        await walk[step.type](now, extraArgs);
        return true;
      }
      applied = await walk.apply(now, extraArgs);
      return applied.state === 'applied' || applied.state === 'no-changes';
    },
    planJson: (now) => planJson(session, now, walk.bytes()),
    // An approval would come too late: the apply is the next step.
    mayGate: false,
    failState: 'not-attempted',
  });
  const ended = outcome();
  if (ended !== null) {
    return { ...ended, steps };
  }
  const ending = stop?.ending ?? { state: 'not-attempted' as const, phase: 'apply' as const, code: 'no-apply-step' };
  return outcomeOf(room.target.index, 0, { ...ending, steps });
}

async function runApply(
  session: Session,
  room: TargetRoom,
  model: PlanModel,
  known: Partial<Pick<TargetOutcome, 'model' | 'facts'>>,
  extraArgs: readonly string[],
): Promise<TargetOutcome> {
  await begin(session, room);
  const stream = openApplyStream();
  const exit = await runEngine(session, room, {
    args: [
      'apply',
      ...extraArgs,
      '-json',
      '-input=false',
      '-no-color',
      '-lock-timeout=60s',
      ...applyFlags(session.manifest.flags),
      room.planFile,
    ],
    quiet: true,
    graceMs: session.grace.applyMs,
    onLine: (line) => {
      stream.read(line);
      room.log(`${textOf(field(parseJson(line), '@message')) || line}\n`);
    },
  });
  room.log(exit.stderr);
  await rm(room.planFile, { force: true });
  const happened = stream.outcome(model);
  const state =
    exit.startError !== null ? 'not-attempted' : exit.killed ? 'unknown' : exit.code === 0 ? 'applied' : 'apply-failed';
  const unexplained = state !== 'applied' && happened.diagnostics.length === 0;
  return outcomeOf(room.target.index, 0, {
    ...known,
    state,
    phase: state === 'applied' ? 'done' : 'apply',
    code: exit.code === 0 ? null : (exit.stopped ?? (exit.startError === null ? 'engine-failed' : 'tool-broken')),
    resources: happened.resources,
    outputs: happened.outputs,
    diagnostics: happened.diagnostics,
    text: unexplained ? (exit.startError ?? exit.stderr) : '',
    ...(await stateNow(session, room)),
  });
}

/** From here on nothing may be assumed undone: said to the service before the engine starts, and only if it agrees. */
async function begin(session: Session, room: TargetRoom): Promise<void> {
  if (session.cancel.aborted) {
    throw refusal('cancelled', 'The run was cancelled.');
  }
  try {
    await session.server.begun([room.target.index]);
  } catch (error) {
    if (!(error instanceof ServerRefusal)) {
      throw error;
    }
    throw stopWith(
      { state: 'not-attempted', phase: 'begin', code: 'begin-refused' },
      `The service did not let the apply begin: ${error.message}`,
    );
  }
}

/** What can be compared before anything is fetched. */
function checkPlace(session: Session, room: TargetRoom, plan: StoredPlan): void {
  const { facts } = plan;
  expectSame('tree', 'the merge of head and base', facts.treeSha, session.treeSha);
  expectSame('configuration', 'the configuration of Plumbline', facts.configDigest, session.manifest.configDigest);
  expectSame('tool', 'the engine', facts.tool, room.tool.engine);
  expectSame('tool-version', `the version of ${room.tool.engine}`, facts.toolVersion, room.tool.version);
  expectSame('tool-hash', `the ${room.tool.engine} program`, facts.toolSha256, room.tool.sha256);
}

async function openStored(session: Session, room: TargetRoom, plan: StoredPlan): Promise<Buffer> {
  const sealed = await session.sealedPlans(room.target.index);
  if (!sealed.ok) {
    throw refusal('plan-not-fetched', `The stored plan could not be fetched: ${sealed.message}`);
  }
  const bytes = await openPlan(sealed.bytes, plan.key, plan.aad);
  if (bytes === null) {
    throw refusal('plan-sealed', 'The stored plan does not open with its key: it is not the plan that was stored.');
  }
  expectSame('plan-hash', 'the plan file', plan.facts.planSha256, createHash('sha256').update(bytes).digest('hex'));
  return bytes;
}

/** Without a lock file in the repository the plan's own is used, so that the same providers are chosen again. */
async function restoreLockFile(room: TargetRoom, plan: StoredPlan, bytes: Buffer): Promise<void> {
  if (plan.facts.lockFileSha256 === '' || (await readLockFile(room)) !== null) {
    return;
  }
  const text = lockFileIn(bytes);
  if (text !== null && createHash('sha256').update(text).digest('hex') === plan.facts.lockFileSha256) {
    await writeFile(join(room.path, '.terraform.lock.hcl'), text);
  }
}

function lockFileIn(bytes: Buffer): string | null {
  try {
    return readPlanZip(bytes).lockFile;
  } catch {
    // Encrypted by the engine: `init` chooses, and the comparison after it decides.
    return null;
  }
}

/** The engine would find this out as well, but only after the plan's key is gone. */
async function checkState(session: Session, room: TargetRoom, plan: StoredPlan, bytes: Buffer): Promise<void> {
  if (plan.facts.lineage === '' && !isReadable(bytes)) {
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

/** False for a plan file that the engine encrypted: then its state cannot be known here. */
function isReadable(bytes: Buffer): boolean {
  try {
    return readPlanZip(bytes).tfstate !== null;
  } catch {
    return false;
  }
}

async function stateNow(
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

function expectSame(code: string, what: string, planned: string, found: string): void {
  if (planned !== found) {
    throw refusal(`${code}-changed`, `Refused: ${what} is not the same as when this was planned. Plan again.`);
  }
}

function refusal(code: string, message: string): TargetStop {
  return stopWith({ state: 'not-attempted', phase: 'verify', code }, message);
}

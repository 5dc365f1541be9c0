import { createHash } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanModel } from '../../src/domain/plan-model.ts';
import type { PlanFacts } from '../../src/domain/run.ts';
import type { RunnerStep } from '../../src/domain/runner-step.ts';
import { countOf, field, parseJson, textOf } from '../../src/plans/foreign-json.ts';
import { canonicalText } from '../../src/plans/plan-digest.ts';
import { readPlan } from '../../src/plans/read-plan.ts';
import { MAX_PLAN_BYTES } from '../../src/protocol/messages.ts';
import { isAllowedFlag } from '../../src/protocol/terraform-flags.ts';
import { backendFingerprint, initTarget } from './init-target.ts';
import { sealPlan } from './plan-seal.ts';
import { readPlanZip } from './plan-zip.ts';
import { messageOf } from './runner-failure.ts';
import { ServerRefusal } from './server.ts';
import { walkSteps } from './step-list.ts';
import { outcomeOf, stopWith, type TargetOutcome, TargetStop } from './target-outcome.ts';
import { insidePath } from './target-place.ts';
import {
  engineStop,
  lockFileSha256,
  repositoryDigest,
  runEngine,
  type Session,
  type TargetRoom,
} from './target-session.ts';

/** A plan that was made and read. `model` is whole, the report's may be smaller. */
export interface MadePlan {
  readonly hasChanges: boolean;
  readonly model: PlanModel;
  readonly facts: PlanFacts;
  readonly bytes: Buffer;
}

/** `show -json` repeats configuration and state: far larger than the plan file. */
const MAX_SHOW_CHARS = 400 * 1024 * 1024;

/** What a plan does when the configuration says nothing else. */
export const PLAN_STEPS: readonly RunnerStep[] = [
  { type: 'init', extraArgs: [], env: {} },
  { type: 'plan', extraArgs: [], env: {}, mode: 'strict' },
];

/**
 * Plans one dirspace, and stores the sealed plan when every step went well and there is something to apply. `stepsDone`
 * is called when nothing of the configuration's or the engine's will be run any more. Throws `TargetStop`.
 */
export async function planTarget(session: Session, room: TargetRoom, stepsDone: () => void): Promise<TargetOutcome> {
  await checkFlags(session, room);
  let plan: MadePlan | null = null;
  const walked = await walkSteps(session, room, room.target.steps ?? PLAN_STEPS, {
    do: async (step, now, extraArgs) => {
      if (step.type === 'init') {
        await initTarget(session, now, 'plan-failed', extraArgs);
      } else if (step.type === 'plan') {
        plan = await makePlan(session, now, extraArgs);
      }
      return true;
    },
    planJson: (now) => planJson(session, now, plan?.bytes ?? null),
    mayGate: true,
    failState: 'plan-failed',
  });
  stepsDone();
  const { steps, gates } = walked;
  try {
    if (walked.stop !== null) {
      throw walked.stop;
    }
    return { ...(await storePlan(session, room, plan)), steps, gates };
  } catch (error) {
    if (error instanceof TargetStop) {
      // Also what failed after the plan shows the plan.
      const model = madeModel(plan);
      const ending = { ...(model === null ? {} : { model }), ...error.ending };
      return outcomeOf(room.target.index, 0, { ...ending, steps, gates });
    }
    throw error;
  }
}

function madeModel(plan: MadePlan | null): PlanModel | null {
  return plan?.model ?? null;
}

async function storePlan(session: Session, room: TargetRoom, plan: MadePlan | null): Promise<TargetOutcome> {
  if (plan === null) {
    throw stopWith(
      { state: 'plan-failed', phase: 'plan', code: 'no-plan-step' },
      'No step of the workflow made a plan.',
    );
  }
  const ended = { phase: 'done', model: plan.model, facts: plan.facts } as const;
  if (!plan.hasChanges) {
    return outcomeOf(room.target.index, 0, { ...ended, state: 'no-changes' });
  }
  const seal = room.target.seal;
  if (seal === undefined) {
    throw stopWith(
      { state: 'plan-failed', phase: 'store', code: 'no-seal', model: plan.model },
      'The service gave no key to store the plan with.',
    );
  }
  try {
    await session.server.putPlan(seal.planId, await sealPlan(plan.bytes, seal.key, seal.aad));
  } catch (error) {
    if (!(error instanceof ServerRefusal)) {
      throw error;
    }
    throw stopWith(
      { state: 'plan-failed', phase: 'store', code: 'plan-not-stored', model: plan.model },
      `The plan could not be stored: ${error.message}`,
    );
  }
  return outcomeOf(room.target.index, 0, { ...ended, state: 'planned', planStored: true });
}

/** The plan as JSON in a file of its own, made when it is asked for first. `bytes`: the plan file as the engine wrote it. Throws `TargetStop`. */
export async function planJson(session: Session, room: TargetRoom, bytes: Buffer | null): Promise<string | null> {
  if (bytes === null) {
    return null;
  }
  const file = join(room.tempDir, 'plan.json');
  // Another step may have written to the plan file: what is checked is what will be stored or applied.
  await writeFile(room.planFile, bytes, { mode: 0o600 });
  await writeFile(file, await showText(session, room, 'plan-failed'), { mode: 0o600 });
  return file;
}

/** plan and show: everything up to a plan that is known. The plan file is left where `room.planFile` says. Throws `TargetStop`. */
export async function makePlan(
  session: Session,
  room: TargetRoom,
  extraArgs: readonly string[] = [],
): Promise<MadePlan> {
  const exit = await runEngine(session, room, {
    args: [
      'plan',
      ...extraArgs,
      `-out=${room.planFile}`,
      '-input=false',
      '-no-color',
      '-detailed-exitcode',
      '-lock-timeout=60s',
      ...session.manifest.flags,
    ],
  });
  if (exit.code !== 0 && exit.code !== 2) {
    throw engineStop(exit, { state: 'plan-failed', phase: 'plan', does: 'plan' });
  }
  const { size } = await stat(room.planFile);
  if (size > MAX_PLAN_BYTES) {
    await rm(room.planFile, { force: true });
    throw stopWith(
      { state: 'plan-failed', phase: 'store', code: 'plan-too-large' },
      `The plan file has ${inMiB(size)} MiB; at most ${inMiB(MAX_PLAN_BYTES)} MiB can be stored. Split this root module, or leave large files out of it.`,
    );
  }
  const bytes = await readFile(room.planFile);
  const model = await showPlan(session, room, 'plan-failed');
  if (model.problem !== undefined) {
    throw stopWith({ state: 'plan-failed', phase: 'show', code: 'plan-unreadable', model }, model.problem);
  }
  const facts = await factsOf(session, room, bytes, model);
  return { hasChanges: exit.code === 2 || model.hasChanges, model, facts, bytes };
}

/** The model of the plan file, as `show -json` tells it. Throws `TargetStop`. */
export async function showPlan(
  session: Session,
  room: TargetRoom,
  state: 'plan-failed' | 'not-attempted',
): Promise<PlanModel> {
  return readPlan(parseJson(await showText(session, room, state)), { digest: repositoryDigest(session) });
}

async function showText(session: Session, room: TargetRoom, state: 'plan-failed' | 'not-attempted'): Promise<string> {
  const shown = await runEngine(session, room, {
    args: ['show', '-json', '-no-color', room.planFile],
    quiet: true,
    keep: MAX_SHOW_CHARS,
  });
  if (shown.code !== 0) {
    throw engineStop({ ...shown, stdout: '' }, { state, phase: 'show', does: 'show' });
  }
  return shown.stdout;
}

export function planDigest(model: PlanModel): string {
  return createHash('sha256').update(canonicalText(model)).digest('hex');
}

async function factsOf(session: Session, room: TargetRoom, bytes: Buffer, model: PlanModel): Promise<PlanFacts> {
  const state = stateOf(bytes);
  const { manifest } = session;
  return {
    headSha: manifest.headSha,
    baseSha: manifest.baseSha,
    treeSha: session.treeSha,
    backendFingerprint: await backendFingerprint(session, room),
    tool: room.tool.engine,
    toolVersion: room.tool.version,
    toolSha256: room.tool.sha256,
    lockFileSha256: await lockFileSha256(room),
    flags: manifest.flags,
    configDigest: manifest.configDigest,
    planSha256: createHash('sha256').update(bytes).digest('hex'),
    planBytes: bytes.length,
    digest: planDigest(model),
    ...state,
  };
}

/** Lineage and serial of the state that was planned on. Empty and 0: there was none, or the plan file is encrypted by the engine. */
function stateOf(bytes: Buffer): { readonly lineage: string; readonly serial: number } {
  try {
    const state = parseJson(readPlanZip(bytes).tfstate ?? '');
    return { lineage: textOf(field(state, 'lineage')).slice(0, 200), serial: countOf(field(state, 'serial')) ?? 0 };
  } catch {
    return { lineage: '', serial: 0 };
  }
}

/** Throws `TargetStop` for an argument of the request that may not be given. */
export async function checkFlags(session: Session, room: TargetRoom): Promise<void> {
  for (const flag of session.manifest.flags) {
    if (!isAllowedFlag(flag)) {
      throw stopWith(
        { state: 'plan-failed', phase: 'checkout', code: 'bad-flag' },
        `The argument ${JSON.stringify(flag.slice(0, 200))} is not one that may be given.`,
      );
    }
    if (flag.startsWith('-var-file=')) {
      const place = await insidePath(session.checkout, flag.slice('-var-file='.length), room.path);
      if (!place.ok) {
        throw stopWith(
          { state: 'plan-failed', phase: 'checkout', code: 'bad-flag' },
          `${flag.slice(0, 200)}: ${messageOf(place.message)}`,
        );
      }
    }
  }
}

function inMiB(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1).replace(/\.0$/, '');
}

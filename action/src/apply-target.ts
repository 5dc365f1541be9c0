import { rm, writeFile } from 'node:fs/promises';
import type { PlanModel } from '../../src/domain/plan-model.ts';
import type { RunnerStep } from '../../src/domain/runner-step.ts';
import { openApplyStream } from '../../src/plans/apply-stream.ts';
import { field, parseJson, textOf } from '../../src/plans/foreign-json.ts';
import { applyFlags } from '../../src/protocol/terraform-flags.ts';
import { repeatGateSteps } from './gate-steps.ts';
import { initTarget } from './init-target.ts';
import { checkFlags, type MadePlan, makePlan, PLAN_STEPS, planJson } from './plan-target.ts';
import { ServerRefusal } from './server.ts';
import { walkSteps } from './step-list.ts';
import { outcomeOf, stopWith, type TargetOutcome } from './target-outcome.ts';
import { runEngine, type Session, type TargetRoom } from './target-session.ts';
import { expectShown, expectSurroundings, openStoredPlan, refusal, stateNow } from './verify-plan.ts';

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
  const { plan } = room.target;
  if (plan === undefined) {
    throw refusal('no-plan', 'The service named no plan to apply.');
  }
  const opened = await openStoredPlan(session, room, plan);
  await writeFile(room.planFile, opened.bytes, { mode: 0o600 });
  return walkApply(session, room, room.target.steps ?? DEFAULT_STEPS, {
    init: (now, extraArgs) => initTarget(session, now, 'not-attempted', extraArgs),
    plan: async () => undefined,
    bytes: () => opened.bytes,
    apply: async (now, extraArgs) => {
      const { model, json } = await expectShown(session, now, opened);
      await repeatGateSteps(session, room, { shown: opened.shown, json });
      await expectSurroundings(session, now, opened);
      return runApply(session, now, model, {}, extraArgs);
    },
  });
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

import type { AskedGate, RunnerStep, StepResult } from '../../src/domain/runner-step.ts';
import { MAX_GATES, MAX_STEPS } from '../../src/protocol/steps.ts';
import { fillIn, MissingVariable, withOwn } from './fill-in.ts';
import { stopWith, TargetStop } from './target-outcome.ts';
import type { Session, TargetRoom } from './target-session.ts';
import { carryOut, dueOf, isDue, type StepPlace } from './user-step.ts';

type EngineStep = Extract<RunnerStep, { readonly type: 'init' | 'plan' | 'apply' }>;

/** What the engine's own steps do, in the room as the steps before left it. They throw `TargetStop`; `false` is a failure, too. */
export interface EngineSteps {
  readonly do: (step: EngineStep, room: TargetRoom, extraArgs: readonly string[]) => Promise<boolean>;
  /** The path of the plan as JSON; null before there is a plan. */
  readonly planJson: (room: TargetRoom) => Promise<string | null>;
  /** May a failure become a gate? Only where the apply is still to come. */
  readonly mayGate: boolean;
  readonly failState: 'plan-failed' | 'not-attempted';
}

export interface WalkedSteps {
  /** What made the list fail first; null: all went well. */
  readonly stop: TargetStop | null;
  readonly steps: readonly StepResult[];
  readonly gates: readonly AskedGate[];
}

/** Set for each dirspace by us: a step that could change them would work on another state than was decided. */
const FIXED = ['TF_WORKSPACE', 'TF_DATA_DIR', 'TF_PLUGIN_CACHE_DIR'] as const;

/**
 * Carries out the steps of one dirspace in order. After a failure only those run that ask for it (`run_on`); a cancelled run
 * ends at once. Throws only for bugs of ours.
 */
export async function walkSteps(
  session: Session,
  room: TargetRoom,
  list: readonly RunnerStep[],
  engine: EngineSteps,
): Promise<WalkedSteps> {
  const steps: StepResult[] = [];
  const gates: AskedGate[] = [];
  let stop: TargetStop | null = null;
  let env = room.env;
  for (const step of list) {
    if (session.cancel.aborted && stop === null) {
      stop = stopWith({ state: 'not-attempted', phase: 'step', code: 'cancelled' }, 'The run was cancelled.');
    }
    if (session.cancel.aborted) {
      break;
    }
    if (step.type === 'init' || step.type === 'plan' || step.type === 'apply') {
      if (stop === null) {
        stop = await engineStep(step, { ...room, env }, engine);
      }
      continue;
    }
    if (!isDue(dueOf(step), stop === null) || steps.length >= MAX_STEPS) {
      continue;
    }
    const now = { ...room, env };
    const end = await carryOut(
      step,
      placeOf(session, now, () => engine.planJson(now)),
      engine.mayGate,
    );
    steps.push(end.result);
    gates.push(...end.gates);
    env = kept(room, end.env);
    if (end.cancelled) {
      stop ??= stopWith({ state: 'not-attempted', phase: 'step', code: 'cancelled' }, 'The run was cancelled.');
    } else if (!end.ok) {
      const said = end.result.text === '' ? '' : `: ${end.result.text.trimEnd().split('\n').at(-1) ?? ''}`;
      stop ??= stopWith(
        { state: engine.failState, phase: 'step', code: 'step-failed' },
        `The step \`${end.result.name.replaceAll('`', "'")}\` failed${said.slice(0, 600)}`,
      );
    }
  }
  if (gates.length > MAX_GATES) {
    stop ??= stopWith(
      { state: engine.failState, phase: 'step', code: 'too-many-gates' },
      `The steps ask for ${gates.length} gates; at most ${MAX_GATES} can be kept.`,
    );
  }
  return { stop, steps, gates: gates.slice(0, MAX_GATES) };
}

async function engineStep(step: EngineStep, room: TargetRoom, engine: EngineSteps): Promise<TargetStop | null> {
  try {
    const env = kept(room, withOwn(room.env, step.env));
    const extraArgs = step.extraArgs.map((text) => fillIn(text, env));
    const ok = await engine.do(step, { ...room, env }, extraArgs);
    return ok ? null : new TargetStop({ state: engine.failState }, `${step.type} failed.`);
  } catch (error) {
    if (error instanceof MissingVariable) {
      return stopWith(
        { state: engine.failState, phase: 'step', code: 'variable-missing' },
        `${step.type}: ${error.message}`,
      );
    }
    if (error instanceof TargetStop) {
      room.log(`${error.message}\n`);
      return error;
    }
    throw error;
  }
}

function kept(room: TargetRoom, env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const fixed = FIXED.flatMap((name) => {
    const value = room.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const free = Object.entries(env).filter(([name]) => !FIXED.some((one) => one === name));
  return Object.fromEntries([...free, ...fixed]);
}

function placeOf(session: Session, room: TargetRoom, planJson: () => Promise<string | null>): StepPlace {
  return {
    cwd: room.path,
    env: room.env,
    tempDir: room.tempDir,
    timeoutMs: session.manifest.stepTimeoutMs,
    graceMs: session.grace.planMs,
    cancel: session.cancel,
    mask: session.mask,
    log: room.log,
    planJson,
  };
}

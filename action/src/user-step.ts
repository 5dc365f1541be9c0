import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { AskedGate, PolicyCheckStep, RunnerStep, StepResult } from '../../src/domain/runner-step.ts';
import type { GateRule, RunOn } from '../../src/domain/workflow-step.ts';
import { parseJson } from '../../src/plans/foreign-json.ts';
import { readGates } from '../../src/protocol/gate-text.ts';
import { MAX_STEP_TEXT } from '../../src/protocol/steps.ts';
import { onPath } from './engine-tool.ts';
import { fillIn, MissingVariable, withOwn } from './fill-in.ts';
import { type Exit, runCommand } from './run-command.ts';
import type { SecretMask } from './secret-mask.ts';

type Env = Readonly<Record<string, string>>;

/** A step that is a command of the configuration's, not of the engine's. */
export type UserStep = Exclude<RunnerStep, { readonly type: 'init' | 'plan' | 'apply' }>;

/** Where a step runs. */
export interface StepPlace {
  readonly cwd: string;
  readonly env: Env;
  /** A directory that only this dirspace has. */
  readonly tempDir: string;
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly cancel: AbortSignal;
  readonly mask: SecretMask;
  readonly log: (text: string) => void;
  /** The path of the plan as JSON; null where there is no plan yet. */
  readonly planJson: () => Promise<string | null>;
}

/** How a step ended. `ok`: the list goes on as it was. `env`: for the steps that follow. */
export interface StepEnd {
  readonly ok: boolean;
  readonly result: StepResult;
  readonly env: Env;
  readonly gates: readonly AskedGate[];
  readonly cancelled: boolean;
}

interface Done {
  readonly success: boolean;
  readonly text: string;
  readonly env?: Env;
  readonly gates?: readonly AskedGate[];
  /** A failure that nobody may approve: the step did not do what it is for. */
  readonly broken?: true;
  readonly cancelled?: boolean;
}

const RAW_TAIL = 4 * MAX_STEP_TEXT;
const MAX_VALUE = 128 * 1024;
/** A value that is said to be sensitive is masked unless it is this short: masking `1` hides nothing and wrecks every text. */
const SHORTEST_SENSITIVE = 4;
const INSTALL: Readonly<Record<PolicyCheckStep['type'], string>> = {
  checkov: 'a step such as `pip install checkov`',
  conftest: 'a step with open-policy-agent/conftest',
  opa: 'a step with open-policy-agent/setup-opa',
};

/** Does a step run, when everything before it in its list went well or not? */
export function isDue(on: RunOn, wentWell: boolean): boolean {
  return on === 'always' || (on === 'success') === wentWell;
}

/** When a step of this kind runs. */
export function dueOf(step: UserStep): RunOn {
  return 'runOn' in step ? step.runOn : 'success';
}

/** Carries out one step. `mayGate`: whether a failure may become an approval that somebody has to give. Throws only for bugs. */
export async function carryOut(step: UserStep, place: StepPlace, mayGate: boolean): Promise<StepEnd> {
  const started = performance.now();
  const name = place.mask.mask(nameOf(step)).slice(0, 160);
  place.log(`--- ${name}\n`);
  const done = tooLate(await attempt(step, place), mayGate);
  const asked = done.success || done.broken === true || done.cancelled === true ? [] : gatesOn(step);
  const gates = mayGate ? [...(done.gates ?? []), ...asked] : [];
  const gated = mayGate && asked.length > 0;
  const ignored = !done.success && (gated || ('ignoreErrors' in step && step.ignoreErrors && done.cancelled !== true));
  const shownOn = 'visibleOn' in step ? step.visibleOn : 'failure';
  const visible = isDue(shownOn, done.success) || (step.type === 'gates' && gates.length > 0);
  const masked = place.mask.mask(done.text).trimEnd();
  if (!done.success) {
    place.log(`--- ${name} failed${ignored ? ', which is ignored' : ''}\n`);
  }
  return {
    ok: done.success || ignored,
    result: {
      name,
      success: done.success,
      ignored,
      visible,
      text: visible || !done.success ? masked.slice(-MAX_STEP_TEXT) : '',
      ...langOf(step),
      durationMs: Math.round(performance.now() - started),
    },
    env: done.env ?? place.env,
    gates,
    cancelled: done.cancelled === true,
  };
}

/** A gate that nobody could approve any more must not be passed over. */
function tooLate(done: Done, mayGate: boolean): Done {
  const text = 'The step asks for approvals when the apply is about to happen. Ask for them in the plan.';
  return mayGate || done.gates === undefined || done.gates.length === 0 ? done : { success: false, text, broken: true };
}

function gatesOn(step: UserStep): readonly AskedGate[] {
  if (step.type === 'run') {
    return step.onError.map(({ gate }) => asked(gate));
  }
  return 'gate' in step && step.gate !== undefined ? [{ ...asked(step.gate), policy: step.type }] : [];
}

function asked({ token, name, allOf, anyOf, anyOfCount }: GateRule): AskedGate {
  return {
    ...(token === undefined ? {} : { token }),
    ...(name === undefined ? {} : { name }),
    allOf,
    anyOf,
    anyOfCount,
  };
}

function nameOf(step: UserStep): string {
  switch (step.type) {
    case 'run':
      return `run ${step.cmd.join(' ').replace(/\s+/g, ' ')}`.slice(0, 120);
    case 'env':
      return step.method === 'exec' ? `env ${step.name}`.slice(0, 120) : `env source ${step.cmd[0]}`.slice(0, 120);
    case 'gates':
    case 'checkov':
    case 'conftest':
    case 'opa':
      return step.type;
  }
}

function langOf(step: UserStep): { readonly lang?: string } {
  const lang = step.type === 'run' && step.format.kind === 'code' ? step.format.lang : undefined;
  return lang !== undefined && /^[A-Za-z0-9_+-]{1,20}$/.test(lang) ? { lang } : {};
}

async function attempt(step: UserStep, place: StepPlace): Promise<Done> {
  try {
    switch (step.type) {
      case 'run':
        return await runStep(step, place);
      case 'env':
        return await (step.method === 'exec' ? setVariable(step, place) : sourceScript(step, place));
      case 'gates':
        return await askGates(step, place);
      case 'checkov':
      case 'conftest':
      case 'opa':
        return await checkPolicy(step, place);
    }
  } catch (error) {
    if (error instanceof MissingVariable) {
      return { success: false, text: error.message, broken: true };
    }
    throw error;
  }
}

async function runStep(step: Extract<UserStep, { type: 'run' }>, place: StepPlace): Promise<Done> {
  const env = withOwn(place.env, step.env);
  const ran = await run(step.cmd, place, { env });
  return { ...ran.done, text: step.captureOutput || !ran.done.success ? ran.done.text : '' };
}

async function setVariable(step: Extract<UserStep, { type: 'env'; method: 'exec' }>, place: StepPlace): Promise<Done> {
  const { exit, done } = await run(step.cmd, place, { env: place.env, quiet: step.sensitive, stdoutChars: MAX_VALUE });
  if (!done.success) {
    return step.sensitive ? { ...done, text: endOf(exit, step.cmd[0]) } : done;
  }
  const value = step.trimTrailingNewlines ? exit.stdout.replace(/[\r\n]+$/, '') : exit.stdout;
  if (exit.cut || value.length > MAX_VALUE || value.includes('\u0000')) {
    return {
      success: false,
      text: `The output cannot be the value of ${step.name}: too long, or with a NUL.`,
      broken: true,
    };
  }
  if (step.sensitive) {
    place.mask.add([value], SHORTEST_SENSITIVE);
  }
  return { success: true, text: '', env: { ...place.env, [step.name]: value } };
}

/** What bash itself sets and what belongs to one process only. */
const SHELL_OWN = /^(_|SHLVL|PWD|OLDPWD|BASHOPTS|SHELLOPTS|BASH_.*)$/;

async function sourceScript(
  step: Extract<UserStep, { type: 'env'; method: 'source' }>,
  place: StepPlace,
): Promise<Done> {
  const file = join(place.tempDir, `env-${process.pid}-${performance.now()}`);
  const script = 'set -eu; __plumbline_out="$1"; shift; source "$@"; env -0 > "$__plumbline_out"';
  try {
    const cmd = step.cmd.map((text) => fillIn(text, place.env));
    const { exit, done } = await run(['bash', '-c', script, 'plumbline', file, ...cmd], place, {
      env: place.env,
      quiet: step.sensitive,
      filled: true,
    });
    if (!done.success) {
      return step.sensitive ? { ...done, text: endOf(exit, step.cmd[0]) } : done;
    }
    const entries = (await readFile(file, 'utf8')).split('\u0000').flatMap((line) => {
      const at = line.indexOf('=');
      const name = line.slice(0, Math.max(0, at));
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !SHELL_OWN.test(name)
        ? [[name, line.slice(at + 1)] as const]
        : [];
    });
    const env = Object.fromEntries(entries);
    if (step.sensitive) {
      const fresh = entries.filter(([name, value]) => place.env[name] !== value).map(([, value]) => value);
      place.mask.add(fresh, SHORTEST_SENSITIVE);
    }
    return { success: true, text: '', env };
  } finally {
    await rm(file, { force: true });
  }
}

async function askGates(step: Extract<UserStep, { type: 'gates' }>, place: StepPlace): Promise<Done> {
  const env = withOwn(place.env, step.env);
  const { exit, done } = await run(step.cmd, place, { env, stdoutChars: 1024 * 1024 });
  if (!done.success) {
    return { ...done, broken: true };
  }
  const read = readGates(exit.cut ? undefined : parseJson(exit.stdout));
  return read.ok
    ? { success: true, text: '', gates: read.gates }
    : { success: false, text: `${read.problem}\n${done.text}`, broken: true };
}

async function checkPolicy(step: PolicyCheckStep, place: StepPlace): Promise<Done> {
  const env = withOwn(place.env, step.env);
  if ((await onPath(step.type, env.PATH ?? '')) === null) {
    const text = `${step.type} is not on PATH. Add ${INSTALL[step.type]} to the workflow before Plumbline's step.`;
    return { success: false, text, broken: true };
  }
  const plan = await place.planJson();
  if (plan === null) {
    return { success: false, text: `There is no plan yet: ${step.type} must come after it.`, broken: true };
  }
  const extra = step.extraArgs.map((text) => fillIn(text, env));
  const { done } = await run([step.type, ...policyArgs(step, plan, extra)], place, { env, filled: true });
  return done;
}

/** Sources: `checkov --help`, `conftest test --help`, `opa eval --help`. */
function policyArgs(step: PolicyCheckStep, plan: string, extra: readonly string[]): readonly string[] {
  switch (step.type) {
    case 'checkov':
      return [...(extra.length === 0 ? ['--quiet', '--compact'] : extra), '-f', plan];
    case 'conftest':
      return ['test', '--ignore', '.git', plan, ...extra];
    case 'opa': {
      const fail = 'failOn' in step && step.failOn === 'defined' ? '--fail-defined' : '--fail';
      return ['eval', fail, '--format', 'json', '--ignore', '.git', '-i', plan, ...extra];
    }
  }
}

async function run(
  cmd: readonly string[],
  place: StepPlace,
  options: { readonly env: Env; readonly quiet?: boolean; readonly stdoutChars?: number; readonly filled?: boolean },
): Promise<{ readonly exit: Exit; readonly done: Done }> {
  const [program = '', ...args] = options.filled === true ? cmd : cmd.map((text) => fillIn(text, options.env));
  let said = '';
  const exit = await runCommand({
    program,
    args,
    cwd: place.cwd,
    env: options.env,
    timeoutMs: place.timeoutMs,
    graceMs: place.graceMs,
    cancel: place.cancel,
    keep: options.stdoutChars ?? RAW_TAIL,
    // Source: GitHub's workflow command `add-mask`: what a program says is secret is masked from its next text on.
    onLine: (line) => {
      const secret = /^::add-mask::(.+)$/.exec(line.trim())?.[1];
      if (secret !== undefined) {
        place.mask.add([secret], SHORTEST_SENSITIVE);
      }
    },
    onText: (text) => {
      said = (said + text).slice(-2 * RAW_TAIL);
      if (options.quiet !== true) {
        place.log(text);
      }
    },
  });
  const success = exit.code === 0 && exit.stopped === null && exit.startError === null;
  const text = plain(said.slice(-RAW_TAIL));
  const end = success ? '' : endOf(exit, program);
  return {
    exit,
    done: {
      success,
      text: end === '' ? text : text === '' ? end : `${text.trimEnd()}\n${end}`,
      ...(exit.stopped === null && exit.startError === null ? {} : { broken: true }),
      cancelled: exit.stopped === 'cancelled',
    },
  };
}

function endOf(exit: Exit, program: string): string {
  if (exit.stopped === 'cancelled') {
    return 'The run was cancelled.';
  }
  if (exit.stopped === 'timeout') {
    return 'It took longer than the time limit for a step and was stopped.';
  }
  if (exit.startError !== null) {
    return `${program.slice(0, 200)} could not be started: ${exit.startError.slice(0, 300)}`;
  }
  return exit.code === null ? 'It was ended by a signal.' : `It ended with code ${exit.code}.`;
}

/** Without colours and other terminal sequences (ECMA-48, 5.4). */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  return text.replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g, '');
}

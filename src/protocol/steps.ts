import * as z from 'zod/mini';
import type { AskedGate, RunHooks, RunnerHook, RunnerStep, StepResult } from '../domain/runner-step.ts';
import { type GateRule, REPOSITORY_ROLES } from '../domain/workflow-step.ts';

/** Longest text of one step, in UTF-16 units: the end of what it printed. */
export const MAX_STEP_TEXT = 64 * 1024;
/** Most steps and gates that one dirspace may report. */
export const MAX_STEPS = 200;
export const MAX_GATES = 50;
/** Longest token or name of a gate, and longest name of a person or team in it. */
const MAX_NAME = 200;

const Strings = z.readonly(z.array(z.string()));
const Argv = z.readonly(z.tuple([z.string()], z.string()));
const Env = z.record(z.string(), z.string());
const RunOn = z.enum(['success', 'failure', 'always']);
const Name = z.string().check(z.minLength(1), z.maxLength(MAX_NAME));
const Count = z.number().check(z.int(), z.nonnegative());

const PeopleMatch = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('anyone') }),
  z.strictObject({ kind: z.literal('user'), login: z.string().check(z.regex(/^[a-z0-9_-]{1,60}(?:\[bot\])?$/)) }),
  z.strictObject({ kind: z.literal('team'), slug: z.string().check(z.regex(/^[a-z0-9_.-]{1,255}$/)) }),
  z.strictObject({ kind: z.literal('role'), role: z.enum(REPOSITORY_ROLES) }),
  z.strictObject({ kind: z.literal('codeowners') }),
]);
const People = z.readonly(z.array(PeopleMatch).check(z.maxLength(100)));

const gateKeys = {
  token: z.exactOptional(Name),
  name: z.exactOptional(Name),
  allOf: People,
  anyOf: People,
  anyOfCount: Count.check(z.maximum(100)),
};

const Gate = z.strictObject(gateKeys) satisfies z.ZodMiniType<GateRule>;

/** A gate as a plan reports it. It may only add to what an apply needs, so whoever reports it gains nothing. */
export const AskedGateMessage = z.strictObject({
  ...gateKeys,
  policy: z.exactOptional(Name),
}) satisfies z.ZodMiniType<AskedGate>;

const Format = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('code'), lang: z.exactOptional(z.string()) }),
  z.strictObject({ kind: z.literal('raw') }),
  z.strictObject({ kind: z.literal('markdown') }),
]);

const Init = z.strictObject({ type: z.literal('init'), extraArgs: Strings, env: Env });
const Plan = z.strictObject({
  type: z.literal('plan'),
  extraArgs: Strings,
  env: Env,
  mode: z.enum(['strict', 'fast-and-loose']),
});
const Apply = z.strictObject({
  type: z.literal('apply'),
  extraArgs: Strings,
  env: Env,
  retry: z.strictObject({
    enabled: z.boolean(),
    tries: z.number(),
    initialSleepSeconds: z.number(),
    backoff: z.number(),
  }),
});
const Run = z.strictObject({
  type: z.literal('run'),
  cmd: Argv,
  captureOutput: z.boolean(),
  env: Env,
  runOn: RunOn,
  ignoreErrors: z.boolean(),
  visibleOn: RunOn,
  format: Format,
  onError: z.readonly(z.array(z.strictObject({ type: z.literal('gate'), gate: Gate }))),
});
const EnvVariable = z.discriminatedUnion('method', [
  z.strictObject({
    type: z.literal('env'),
    method: z.literal('exec'),
    name: z.string(),
    cmd: Argv,
    trimTrailingNewlines: z.boolean(),
    sensitive: z.boolean(),
  }),
  z.strictObject({ type: z.literal('env'), method: z.literal('source'), cmd: Argv, sensitive: z.boolean() }),
]);
const policyKeys = {
  extraArgs: Strings,
  env: Env,
  gate: z.exactOptional(Gate),
  ignoreErrors: z.boolean(),
  runOn: RunOn,
  visibleOn: RunOn,
};
const Policy = z.strictObject({ type: z.enum(['checkov', 'conftest']), ...policyKeys });
const Opa = z.strictObject({ type: z.literal('opa'), ...policyKeys, failOn: z.enum(['undefined', 'defined']) });
const Gates = z.strictObject({ type: z.literal('gates'), cmd: Argv, env: Env, runOn: RunOn });

/** One step of a dirspace, as the manifest names it. */
export const RunnerStepMessage = z.union([
  Init,
  Plan,
  Apply,
  Run,
  EnvVariable,
  Policy,
  Opa,
  Gates,
]) satisfies z.ZodMiniType<RunnerStep>;

const Hook = z.union([Run, EnvVariable, Gates]) satisfies z.ZodMiniType<RunnerHook>;

/** What is done once per run. */
export const RunHooksMessage = z.strictObject({
  pre: z.readonly(z.array(Hook)),
  post: z.readonly(z.array(Hook)),
}) satisfies z.ZodMiniType<RunHooks>;

/** How a step went, in a report. */
export const StepResultMessage = z.strictObject({
  name: Name,
  success: z.boolean(),
  ignored: z.boolean(),
  visible: z.boolean(),
  text: z.string().check(z.maxLength(MAX_STEP_TEXT)),
  lang: z.exactOptional(z.string().check(z.regex(/^[A-Za-z0-9_+-]{1,20}$/))),
  durationMs: Count,
}) satisfies z.ZodMiniType<StepResult>;

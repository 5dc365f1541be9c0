import type {
  Argv,
  GateRule,
  HookStep,
  OidcStep,
  OutputFormat,
  RunStep,
  WorkflowStep,
} from '../domain/workflow-step.ts';
import { given } from './given.ts';
import type { KeyPath } from './key-path.ts';
import type { Prover } from './prove-values.ts';
import type { RawGate, RawHookStep, RawWorkflowStep } from './schema-steps.ts';

type RawOf<Type extends string> = Extract<RawWorkflowStep, { type: Type }>;

/** Steps of a workflow, with defaults. Absent: what a workflow without the key does. */
export function proveWorkflowSteps(
  steps: readonly RawWorkflowStep[],
  path: KeyPath,
  prover: Prover,
): readonly WorkflowStep[] {
  return steps.map((step, index) => proveWorkflowStep(step, [...path, index], prover));
}

/** Steps of a hook, with defaults. */
export function proveHookSteps(
  steps: readonly RawHookStep[] | undefined,
  path: KeyPath,
  prover: Prover,
): readonly HookStep[] {
  return (steps ?? []).map((step, index) => {
    const at = [...path, index];
    return step.type === 'drift_create_issue'
      ? { type: 'drift_create_issue', groupBy: step.group_by ?? 'all' }
      : proveSharedStep(step, at, prover);
  });
}

function proveWorkflowStep(step: RawWorkflowStep, path: KeyPath, prover: Prover): WorkflowStep {
  switch (step.type) {
    case 'init':
      return { type: 'init', ...argsAndEnv(step, path, prover) };
    case 'plan':
      return { type: 'plan', ...argsAndEnv(step, path, prover), mode: step.mode ?? 'strict' };
    case 'apply':
      return {
        type: 'apply',
        ...argsAndEnv(step, path, prover),
        retry: {
          enabled: step.retry?.enabled ?? false,
          tries: step.retry?.tries ?? 3,
          initialSleepSeconds: step.retry?.initial_sleep ?? 5,
          backoff: step.retry?.backoff ?? 1.5,
        },
      };
    case 'checkov':
    case 'conftest':
      return { type: step.type, ...policyKeys(step, path, prover) };
    case 'opa':
      return { type: 'opa', ...policyKeys(step, path, prover), failOn: step.fail_on ?? 'undefined' };
    case 'run':
    case 'env':
    case 'oidc':
    case 'gates':
      return proveSharedStep(step, path, prover);
  }
}

type SharedStep = Extract<WorkflowStep, HookStep>;

function proveSharedStep(
  step: RawOf<'run'> | RawOf<'env'> | RawOf<'oidc'> | RawOf<'gates'>,
  path: KeyPath,
  prover: Prover,
): SharedStep {
  switch (step.type) {
    case 'run':
      return proveRun(step, path, prover);
    case 'env':
      return proveEnv(step, path, prover);
    case 'oidc':
      return proveOidc(step);
    case 'gates':
      return {
        type: 'gates',
        cmd: proveCommand(step.cmd, [...path, 'cmd'], prover),
        env: prover.env(step.env, [...path, 'env']),
        runOn: step.run_on ?? 'success',
      };
  }
}

/** A command; the schema has already seen to it that there is a program. */
export function proveCommand(command: readonly string[], path: KeyPath, prover: Prover): Argv {
  const [program = '', ...rest] = prover.args(command, path);
  if (program === '') {
    prover.report({ code: 'wrong-value', path: [...path, 0], message: 'The program must not be empty.' });
  }
  return [program, ...rest];
}

function argsAndEnv(
  step: { extra_args?: string[] | undefined; env?: Record<string, string> | undefined },
  path: KeyPath,
  prover: Prover,
) {
  return {
    extraArgs: prover.args(step.extra_args ?? [], [...path, 'extra_args']),
    env: prover.env(step.env, [...path, 'env']),
  };
}

function policyKeys(step: RawOf<'checkov'> | RawOf<'conftest'> | RawOf<'opa'>, path: KeyPath, prover: Prover) {
  return {
    ...argsAndEnv(step, path, prover),
    ...(step.gate === undefined ? {} : { gate: proveGate(step.gate, [...path, 'gate'], prover) }),
    ignoreErrors: step.ignore_errors ?? false,
    runOn: step.run_on ?? 'success',
    visibleOn: step.visible_on ?? 'failure',
  };
}

function proveGate(gate: RawGate, path: KeyPath, prover: Prover): GateRule {
  return {
    ...given({ token: gate.token, name: gate.name }),
    allOf: prover.matches(gate.all_of ?? [], [...path, 'all_of']),
    anyOf: prover.matches(gate.any_of ?? [], [...path, 'any_of']),
    anyOfCount: gate.any_of_count ?? 1,
  };
}

function proveRun(step: RawOf<'run'>, path: KeyPath, prover: Prover): RunStep {
  return {
    type: 'run',
    cmd: proveCommand(step.cmd, [...path, 'cmd'], prover),
    captureOutput: step.capture_output ?? true,
    env: prover.env(step.env, [...path, 'env']),
    runOn: step.run_on ?? 'success',
    ignoreErrors: step.ignore_errors ?? false,
    visibleOn: step.visible_on ?? 'failure',
    format: formatOf(step.format),
    onError: (step.on_error ?? []).map((handler, index) => ({
      type: 'gate',
      gate: proveGate(handler, [...path, 'on_error', index], prover),
    })),
  };
}

function formatOf(format: RawOf<'run'>['format']): OutputFormat {
  if (typeof format === 'object') {
    return { kind: 'code', ...given({ lang: format.lang }) };
  }
  return { kind: format ?? 'code' };
}

function proveEnv(step: RawOf<'env'>, path: KeyPath, prover: Prover): SharedStep {
  const cmd = proveCommand(step.cmd, [...path, 'cmd'], prover);
  const sensitive = step.sensitive ?? false;
  if (step.method === 'source') {
    return { type: 'env', method: 'source', cmd, sensitive };
  }
  const { name } = step;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    const message = 'Not the name of an environment variable: letters, digits and `_` only.';
    prover.report({ code: 'name', path: [...path, 'name'], message });
  }
  const trimTrailingNewlines = step.trim_trailing_newlines ?? true;
  return { type: 'env', method: 'exec', name, cmd, trimTrailingNewlines, sensitive };
}

function proveOidc(step: RawOf<'oidc'>): OidcStep {
  switch (step.provider) {
    case 'gcp':
      return {
        type: 'oidc',
        provider: 'gcp',
        serviceAccount: step.service_account,
        workloadIdentityProvider: step.workload_identity_provider,
        accessTokenLifetimeSeconds: step.access_token_lifetime ?? 3600,
        ...given({
          audience: step.audience,
          projectId: step.project_id,
          accessTokenSubject: step.access_token_subject,
        }),
      };
    case 'azure':
      return {
        type: 'oidc',
        provider: 'azure',
        clientId: step.client_id,
        tenantId: step.tenant_id,
        ...given({ audience: step.audience, subscriptionId: step.subscription_id }),
      };
    case 'aws':
    case undefined:
      return {
        type: 'oidc',
        provider: 'aws',
        roleArn: step.role_arn,
        assumeRoleEnabled: step.assume_role_enabled ?? true,
        durationSeconds: step.duration ?? 3600,
        region: step.region ?? 'us-east-1',
        sessionName: step.session_name ?? 'plumbline',
        ...given({ audience: step.audience, assumeRoleArn: step.assume_role_arn }),
      };
  }
}

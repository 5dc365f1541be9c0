import { z } from 'zod';
import { Command, Count, Environment, Flag, key, Matches, required, Text, Texts, When } from './schema-key.ts';

const extraArgs = key(Texts, 'Arguments added to the command.', { default: [] });
const env = key(Environment, 'Environment variables of this step alone.', { default: {} });
const runOn = key(When, 'Run when all went well before, when something failed, or always.', { default: 'success' });
const visibleOn = key(When, 'When the output is shown in the comment.', { default: 'failure' });
const ignoreErrors = key(Flag, 'A failure of this step does not fail the run.', { default: false });
const sensitive = key(Flag, 'The value is masked wherever it would be shown.', { default: false });
const audience = key(Text, 'Audience of the identity token.');

export const RawGate = z.strictObject({
  token: key(Text, 'Approved by `plumbline approve TOKEN`; without a token reviews approve.'),
  name: key(Text, 'Name shown to people.'),
  all_of: key(Matches, 'Every entry must be matched by somebody who approves.', { default: [] }),
  any_of: key(Matches, 'Who else may approve.', { default: [] }),
  any_of_count: key(Count, 'How many people of `any_of` must approve.', { default: 1 }),
});

const OnError = z.strictObject({
  type: required(z.literal('gate'), 'Turns the failure into a gate.'),
  ...RawGate.shape,
});

const RawInit = z.strictObject({ type: z.literal('init'), extra_args: extraArgs, env }).meta({
  title: 'step init',
  description: 'Prepare the directory (`terraform init`) and select the workspace.',
});

const RawPlan = z
  .strictObject({
    type: z.literal('plan'),
    extra_args: extraArgs,
    env,
    mode: key(z.enum(['strict', 'fast-and-loose']), 'How the state is refreshed.', { default: 'strict' }),
  })
  .meta({ title: 'step plan', description: 'Make the plan.' });

const RawApply = z
  .strictObject({
    type: z.literal('apply'),
    extra_args: extraArgs,
    env,
    retry: key(
      z.strictObject({
        enabled: key(Flag, 'Try again after a failure.', { default: false }),
        tries: key(z.int().min(1), 'Tries in all.', { default: 3 }),
        initial_sleep: key(z.number().min(0), 'Seconds before the second try.', { default: 5 }),
        backoff: key(z.number().min(1), 'Factor by which the pause grows.', { default: 1.5 }),
      }),
      'Tries after a failure.',
    ),
  })
  .meta({ title: 'step apply', description: 'Apply the stored plan.' });

const RawRun = z
  .strictObject({
    type: z.literal('run'),
    cmd: required(Command, 'Program and arguments. No shell: write `["bash", "-c", "..."]` for one.'),
    capture_output: key(Flag, 'Keep the output for the comment.', { default: true }),
    env,
    run_on: runOn,
    ignore_errors: ignoreErrors,
    visible_on: visibleOn,
    format: key(
      z.union([
        z.enum(['code', 'raw', 'markdown']),
        z.strictObject({ type: z.literal('code'), lang: key(Text, 'Language of the code block.') }),
      ]),
      'How the output is shown.',
      { default: 'code' },
    ),
    on_error: key(z.array(OnError), 'What a failure means beyond failing: a gate that people may approve.', {
      default: [],
    }),
  })
  .meta({ title: 'step run', description: 'Run a command.' });

const RawEnv = z
  .discriminatedUnion('method', [
    z.strictObject({
      type: z.literal('env'),
      method: key(z.literal('exec'), 'The output becomes the value of `name`.', { default: 'exec' }),
      name: required(Text, 'Name of the variable.'),
      cmd: required(Command, 'Program and arguments.'),
      trim_trailing_newlines: key(Flag, 'Drop line ends at the end of the output.', { default: true }),
      sensitive,
    }),
    z.strictObject({
      type: z.literal('env'),
      method: required(z.literal('source'), 'The command is a script; what it exports is taken over.'),
      cmd: required(Command, 'Script and arguments.'),
      sensitive,
    }),
  ])
  .meta({ title: 'step env', description: 'Set environment variables for the steps that follow.' });

const RawOidc = z
  .discriminatedUnion('provider', [
    z.strictObject({
      type: z.literal('oidc'),
      provider: key(z.literal('aws'), 'Amazon Web Services.', { default: 'aws' }),
      role_arn: required(Text, 'Role to assume with the identity token.'),
      assume_role_arn: key(Text, 'Second role, assumed from the first.'),
      assume_role_enabled: key(Flag, 'Assume the second role.', { default: true }),
      audience,
      duration: key(z.int().min(900).max(43_200), 'Seconds the session lasts.', { default: 3600 }),
      region: key(Text, 'Region of the token service.', { default: 'us-east-1' }),
      session_name: key(Text, 'Name of the session.', { default: 'plumbline' }),
    }),
    z.strictObject({
      type: z.literal('oidc'),
      provider: required(z.literal('gcp'), 'Google Cloud.'),
      service_account: required(Text, 'Service account to act as.'),
      workload_identity_provider: required(Text, 'Full name of the provider.'),
      audience,
      project_id: key(Text, 'Project.'),
      access_token_lifetime: key(z.int().min(1), 'Seconds the token lasts.', { default: 3600 }),
      access_token_subject: key(Text, 'Subject for domain-wide delegation.'),
    }),
    z.strictObject({
      type: z.literal('oidc'),
      provider: required(z.literal('azure'), 'Microsoft Azure.'),
      client_id: required(Text, 'Application.'),
      tenant_id: required(Text, 'Tenant.'),
      subscription_id: key(Text, 'Subscription.'),
      audience,
    }),
  ])
  .meta({ title: 'step oidc', description: 'Get cloud credentials for the identity of the run.' });

const policyKeys = {
  extra_args: extraArgs,
  env,
  gate: key(RawGate, 'Who may let a failing policy pass.'),
  ignore_errors: ignoreErrors,
  run_on: runOn,
  visible_on: visibleOn,
};

const RawCheckov = z
  .strictObject({ type: z.literal('checkov'), ...policyKeys })
  .meta({ title: 'step checkov', description: 'Check the plan with checkov.' });
const RawConftest = z
  .strictObject({ type: z.literal('conftest'), ...policyKeys })
  .meta({ title: 'step conftest', description: 'Check the plan with conftest.' });
const RawOpa = z
  .strictObject({
    type: z.literal('opa'),
    ...policyKeys,
    fail_on: key(z.enum(['undefined', 'defined']), 'Which result of the query is a failure.', { default: 'undefined' }),
  })
  .meta({ title: 'step opa', description: 'Check the plan with Open Policy Agent.' });

const RawGates = z
  .strictObject({
    type: z.literal('gates'),
    cmd: required(Command, 'Prints `{"gates": [...]}`.'),
    env,
    run_on: runOn,
  })
  .meta({ title: 'step gates', description: 'Let a command say which approvals an apply needs.' });

const RawDriftIssue = z
  .strictObject({
    type: z.literal('drift_create_issue'),
    group_by: key(z.enum(['all', 'dirspace']), 'One issue for all, or one per dirspace.', { default: 'all' }),
  })
  .meta({ title: 'step drift_create_issue', description: 'Open an issue for the drift that was found.' });

export const RawWorkflowStep = z.discriminatedUnion('type', [
  RawInit,
  RawPlan,
  RawApply,
  RawRun,
  RawEnv,
  RawOidc,
  RawCheckov,
  RawConftest,
  RawOpa,
  RawGates,
]);

export const RawHookStep = z.discriminatedUnion('type', [RawRun, RawEnv, RawOidc, RawGates, RawDriftIssue]);

export type RawWorkflowStep = z.infer<typeof RawWorkflowStep>;
export type RawHookStep = z.infer<typeof RawHookStep>;
export type RawGate = z.infer<typeof RawGate>;

import { z } from 'zod';
import { Command, Flag, key, required, Text, Texts } from './schema-key.ts';

const version = key(Text, 'Version, as a quoted string or a constraint. Absent: what the runner has.');
const overrideTfCmd = key(Text, 'Program to call instead.');
const outputs = key(
  z.strictObject({ collect: key(Flag, 'Read the outputs after an apply.', { default: true }) }),
  'Outputs of the root module.',
);
const tfCmd = key(Text, 'Program underneath: `terraform`, `tofu` or a path.', { default: 'terraform' });
const tfVersion = key(Text, 'Version of the program underneath.');

const wrapper = { tf_cmd: tfCmd, tf_version: tfVersion, override_tf_cmd: overrideTfCmd, outputs };

export const RawEngine = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('terraform'), version, override_tf_cmd: overrideTfCmd, outputs }),
  z.strictObject({ name: z.literal('tofu'), version, override_tf_cmd: overrideTfCmd, outputs }),
  z.strictObject({ name: z.literal('terragrunt'), version, ...wrapper }),
  z.strictObject({ name: z.literal('cdktf'), version, ...wrapper }),
  z.strictObject({ name: z.literal('stategraph'), version, ...wrapper }),
  z.strictObject({ name: z.literal('pulumi') }),
  z.strictObject({
    name: z.literal('fly'),
    config_file: required(Text, 'Path of the fly.toml.'),
  }),
  z.strictObject({
    name: z.literal('custom'),
    init: key(Command, 'Command of the init step.'),
    plan: key(Command, 'Command of the plan step.'),
    diff: key(Command, 'Command that prints the plan for people.'),
    apply: key(Command, 'Command of the apply step.'),
    unsafe_apply: key(Command, 'Command that applies without a plan.'),
    outputs: key(Command, 'Command that prints the outputs as JSON.'),
  }),
]);
export type RawEngine = z.infer<typeof RawEngine>;

export const RawPlanStorage = z.discriminatedUnion('method', [
  z.strictObject({ method: z.enum(['terrateam', 'plumbline']).meta({ description: 'With this service, encrypted.' }) }),
  z.strictObject({
    method: z.literal('cmd').meta({ description: 'Commands of yours, run by the runner.' }),
    store: required(Command, 'Stores `$plan_path`.'),
    fetch: required(Command, 'Fetches to `$plan_dst_path`.'),
    delete: key(Command, 'Deletes after use.'),
  }),
  z.strictObject({
    method: z.literal('s3').meta({ description: 'An S3 bucket, through the aws command line.' }),
    bucket: required(Text, 'Bucket.'),
    region: required(Text, 'Region.'),
    path: key(Text, 'Prefix of the object name.'),
    access_key_id: key(Text, 'Key id; better: credentials of the environment.'),
    secret_access_key: key(Text, 'Name of the variable that holds the key, as `$NAME`.'),
    delete_used_plans: key(Flag, 'Delete after use.', { default: true }),
    store_extra_args: key(Texts, 'Arguments added when storing.', { default: [] }),
    fetch_extra_args: key(Texts, 'Arguments added when fetching.', { default: [] }),
    delete_extra_args: key(Texts, 'Arguments added when deleting.', { default: [] }),
  }),
]);
export type RawPlanStorage = z.infer<typeof RawPlanStorage>;

import { z } from 'zod';
import { COMMAND_ALIASES } from '../domain/repo-config.ts';
import { RawDirs, RawStack, RawWhenModified } from './schema-dirs.ts';
import { RawEngine, RawPlanStorage } from './schema-engine.ts';
import { Flag, key, required, Text, Texts } from './schema-key.ts';
import { RawAccessControl, RawApplyRequirements } from './schema-policies.ts';
import { RawHookStep, RawWorkflowStep } from './schema-steps.ts';

const tagQuery = required(Text, 'Which dirspaces; the empty query is all of them.');

const RawIntegrations = z.strictObject({
  resourcely: key(
    z.strictObject({
      enabled: required(Flag, 'Evaluate guardrails after each plan.'),
      extra_args: key(Texts, 'Arguments added to its command.', { default: [] }),
    }),
    'Resourcely.',
  ),
});

const RawWorkflow = z.strictObject({
  tag_query: tagQuery,
  plan: key(z.array(RawWorkflowStep), 'Steps of a plan.', { default: [{ type: 'init' }, { type: 'plan' }] }),
  apply: key(z.array(RawWorkflowStep), 'Steps of an apply.', { default: [{ type: 'init' }, { type: 'apply' }] }),
  engine: key(RawEngine, 'The program that plans and applies. Absent: the global one.'),
  environment: key(
    z.union([
      Text,
      z.strictObject({
        plan: key(Text, 'Environment of plans.'),
        apply: key(Text, 'Environment of applies.'),
      }),
    ]),
    'GitHub environment of the runs, which must exist; `${name}` is filled in from stack variables. Taken from the default branch.',
  ),
  runs_on: key(z.unknown(), 'Passed to `runs-on` of the job. Taken from the default branch.'),
  lock_policy: key(
    z.enum(['strict', 'apply', 'merge', 'none']),
    'When the dirspace is locked: by an apply, by a merge, by both (`strict`), never. Taken from the default branch.',
    { default: 'strict' },
  ),
  integrations: key(RawIntegrations, 'Absent: the global ones.'),
  terraform_version: key(Text, 'Old form of `engine`.', { deprecated: true }),
  terragrunt: key(Flag, 'Old form of `engine`.', { deprecated: true }),
  cdktf: key(Flag, 'Old form of `engine`.', { deprecated: true }),
});

const hookLists = z.strictObject({
  pre: key(z.array(RawHookStep), 'Before the dirspaces.', { default: [] }),
  post: key(z.array(RawHookStep), 'After the dirspaces.', { default: [] }),
});

const slot = z.enum(['hourly', 'daily', 'weekly', 'monthly']);
const RawDrift = z.union([
  z.strictObject({
    enabled: key(Flag, 'Look for drift.', { default: false }),
    schedules: key(
      z.record(
        z.string(),
        z.strictObject({
          schedule: required(slot, 'How often, at most once per slot.'),
          tag_query: tagQuery,
          reconcile: key(Flag, 'Apply what drifted.', { default: false }),
          window: key(
            z.strictObject({
              start: required(Text, '`HH:MM ZONE`, zone as abbreviation or IANA name.'),
              end: required(Text, 'Exclusive; earlier than the start means the next day.'),
            }),
            'Only between these times.',
          ),
        }),
      ),
      'Schedules by name.',
      { default: {} },
    ),
  }),
  z
    .strictObject({
      enabled: key(Flag, 'Look for drift.', { default: false }),
      reconcile: key(Flag, 'Apply what drifted.', { default: false }),
      schedule: required(slot, 'How often.'),
      tag_query: key(Text, 'Which dirspaces.', { default: '' }),
    })
    .meta({ description: 'Old form: one schedule named `default`.', deprecated: true }),
]);

const patterns = z.record(z.string(), z.string());
const builder = z.strictObject({
  enabled: key(Flag, 'Run it.', { default: false }),
  script: key(Text, 'Script, with an optional interpreter line; without one it is bash.'),
});

/** The value of `default_branch_overrides` where nobody wrote one: what executes. */
export const DEFAULT_OVERRIDES: readonly string[] = [
  'workflows',
  'hooks',
  'engine',
  'integrations',
  'config_builder',
  'tree_builder',
  'cost_estimation',
];

/** The configuration file, as people write it. The one source of the checks, of the JSON Schema and of the reference. */
export const RawRepoConfig = z.strictObject({
  version: key(z.literal('1'), 'Version of this format: the string "1".', { default: '1' }),
  enabled: key(Flag, 'Off: pull requests are not acted on.', { default: true }),
  when_modified: key(RawWhenModified, 'When a dirspace is touched; for every directory.'),
  dirs: key(
    RawDirs,
    'Directories by path, or by a glob over files (a key with `*`). A path beats globs; the longest glob beats others.',
    { default: {} },
  ),
  workflows: key(z.array(RawWorkflow), 'The first that matches a dirspace says how it is run.', { default: [] }),
  engine: key(RawEngine, 'The program that plans and applies.', { default: { name: 'terraform' } }),
  hooks: key(
    z.strictObject({
      all: key(hookLists, 'For every run.'),
      plan: key(hookLists, 'For plans.'),
      apply: key(hookLists, 'For applies.'),
    }),
    'Steps once per run, around the dirspaces.',
    { default: {} },
  ),
  parallel_runs: key(z.int().min(1), 'Dirspaces at the same time inside one runner.', { default: 3 }),
  batch_runs: key(
    z.strictObject({
      enabled: key(Flag, 'Split large changes over several runs.', { default: false }),
      max_workspaces_per_batch: key(z.int(), 'Dirspaces per run, at least 1.', { default: 1 }),
    }),
    'Several runs for one change.',
  ),
  create_and_select_workspace: key(Flag, 'Select the workspace, create it when missing.', { default: true }),
  checkout_strategy: key(z.enum(['merge', 'checkout']), 'Accepted; the merge of head and base is always planned.', {
    default: 'merge',
  }),
  default_tf_version: key(Text, 'Old form of `engine.version`.', { deprecated: true }),
  default_branch_overrides: key(Texts, 'Top-level keys taken from the default branch, beside those that always are.', {
    default: DEFAULT_OVERRIDES,
  }),
  destination_branches: key(
    z.array(
      z.union([
        Text,
        z.strictObject({
          branch: required(Text, 'Glob over the base branch, without regard to case; `!` negates.'),
          source_branches: key(Texts, 'Globs over the head branch.', { default: ['*'] }),
        }),
      ]),
    ),
    'Base branches whose pull requests are acted on. Empty: the default branch.',
    { default: [] },
  ),
  access_control: key(
    RawAccessControl,
    'Who may do what: `*`, `user:x`, `team:x`, `role:admin|maintain|write|triage|read`, `codeowners`.',
  ),
  apply_requirements: key(RawApplyRequirements, 'What must be true before an apply.'),
  automerge: key(
    z.strictObject({
      enabled: key(Flag, 'Merge when everything is applied.', { default: false }),
      delete_branch: key(Flag, 'Delete the head branch afterwards.', { default: false }),
      require_explicit_apply: key(Flag, 'Not when nothing had to be applied.', { default: false }),
      retain_pr_title: key(Flag, 'The title of the pull request is the title of the merge.', { default: false }),
      merge_strategy: key(z.enum(['auto', 'merge', 'rebase', 'squash']), 'How.', { default: 'auto' }),
    }),
    'Merging by itself.',
  ),
  cost_estimation: key(
    z.strictObject({
      enabled: key(Flag, 'Estimate costs in the runner when a key is there.', { default: true }),
      provider: key(z.literal('infracost'), 'With what.', { default: 'infracost' }),
      currency: key(Text, 'ISO 4217 code.', { default: 'USD' }),
    }),
    'Costs of a plan.',
  ),
  drift: key(RawDrift, 'Looking for drift on the default branch.', { default: { enabled: false } }),
  storage: key(
    z.strictObject({ plans: key(RawPlanStorage, 'Where plan files are kept.', { default: { method: 'plumbline' } }) }),
    'Storage.',
  ),
  tags: key(
    z.strictObject({
      branch: key(patterns, 'Tag `branch:NAME` when the expression is found in the head branch.', { default: {} }),
      dest_branch: key(patterns, 'Tag `dest_branch:NAME`, for the base branch.', { default: {} }),
    }),
    'Tags by branch name; regular expressions, the first that matches.',
  ),
  stacks: key(
    z.strictObject({ names: key(z.record(z.string(), RawStack), 'Stacks by name.', { default: {} }) }),
    'Groups of dirspaces with an order.',
  ),
  notifications: key(
    z.strictObject({
      policies: key(
        z.array(
          z.strictObject({
            tag_query: tagQuery,
            comment_strategy: key(z.enum(['minimize', 'append', 'delete']), 'What happens to the last one.', {
              default: 'minimize',
            }),
          }),
        ),
        'Result comments beside the one that is kept current.',
        { default: [] },
      ),
      summary: key(
        z.strictObject({ enabled: key(Flag, 'Write one.', { default: false }) }),
        'One summary of all results.',
        {
          default: { enabled: false },
        },
      ),
    }),
    'Comments with results.',
  ),
  integrations: key(RawIntegrations, 'Other tools.'),
  config_builder: key(builder, 'A script that prints configuration, inside the run of the plan.'),
  tree_builder: key(builder, 'A script that prints the list of files, inside the run of the plan.'),
  indexer: key(
    z.strictObject({
      enabled: key(Flag, 'As `modules: auto` or `off`.', { default: false }),
      build_tag: key(Text, 'Accepted and not used: no image is needed.'),
    }),
    'Old form of `modules`.',
    { deprecated: true },
  ),
  modules: key(z.enum(['auto', 'off']), 'A root module is touched when a local module that it calls is touched.', {
    default: 'auto',
  }),
  forks: key(
    z.union([
      z.literal('off'),
      z.strictObject({ plan: required(Text, 'The only GitHub environment that such plans may use.') }),
    ]),
    'Pull requests from forks: not at all, or planned on request of somebody with write permission who names the commit.',
    { default: 'off' },
  ),
  base_moved: key(
    z.enum(['paths', 'strict']),
    'When only the base moved a plan is stale if its own paths changed, or always.',
    { default: 'paths' },
  ),
  stale_plans: key(z.enum(['replan', 'mark']), 'A stale plan is made again by itself, or only marked.', {
    default: 'replan',
  }),
  apply_partially: key(Flag, 'A plain `apply` applies the dirspaces that pass and names the others.', {
    default: false,
  }),
  checks: key(z.enum(['summary', 'per-dirspace', 'statuses']), 'How results are shown at the commit.', {
    default: 'summary',
  }),
  labels: key(Flag, 'Label pull requests: no changes, changes, destroys.', { default: false }),
  command_aliases: key(z.array(z.enum(COMMAND_ALIASES)), 'Words beside `plumbline` that begin a command.', {
    default: [],
  }),
  plan_key: key(Text, 'Base64 of an X25519 public key; plans are sealed to it too.'),
  trusted_bots: key(Texts, 'Bots whose pushes are planned by themselves, such as `renovate[bot]`.', { default: [] }),
  definitions: key(z.unknown(), 'Anything; a place for YAML anchors.'),
});
export type RawRepoConfig = z.infer<typeof RawRepoConfig>;

/** A top-level key of the file. */
export type ConfigKey = keyof RawRepoConfig;

import type { ConfigKey } from './schema.ts';

/**
 * Where the configuration of a pull request takes a top-level key from.
 * `default`: always the default branch, because the key decides, selects power, or says how people are told.
 * `overridable`: the default branch as well, unless its `default_branch_overrides` leaves the key out on purpose.
 * `head`: the pull request, unless the default branch's `default_branch_overrides` names the key.
 */
export type KeyOrigin = 'default' | 'overridable' | 'head';

/** Every top-level key has an origin: a new key that has none does not compile. */
export const KEY_ORIGINS: Readonly<Record<ConfigKey, KeyOrigin>> = {
  version: 'head',
  definitions: 'head',
  // Decide
  enabled: 'default',
  access_control: 'default',
  apply_requirements: 'default',
  destination_branches: 'default',
  default_branch_overrides: 'default',
  automerge: 'default',
  drift: 'default',
  forks: 'default',
  base_moved: 'default',
  stale_plans: 'default',
  apply_partially: 'default',
  trusted_bots: 'default',
  // Select power
  storage: 'default',
  plan_key: 'default',
  // Tell people
  notifications: 'default',
  checks: 'default',
  labels: 'default',
  command_aliases: 'default',
  // Execute
  workflows: 'overridable',
  hooks: 'overridable',
  engine: 'overridable',
  default_tf_version: 'overridable',
  integrations: 'overridable',
  config_builder: 'overridable',
  tree_builder: 'overridable',
  cost_estimation: 'overridable',
  // Match
  when_modified: 'head',
  dirs: 'head',
  tags: 'head',
  stacks: 'head',
  modules: 'head',
  indexer: 'head',
  create_and_select_workspace: 'head',
  checkout_strategy: 'head',
  parallel_runs: 'head',
  batch_runs: 'head',
};

import { z } from 'zod';
import { Count, Flag, key, Matches, required, Text, Texts } from './schema-key.ts';

const tagQuery = required(Text, 'Which dirspaces; the empty query is all of them.');
const everybody = { default: ['*'] };
const nobody = { default: [] };

const AccessPolicy = z.strictObject({
  tag_query: tagQuery,
  plan: key(Matches, 'Who may plan.', everybody),
  apply: key(Matches, 'Who may apply.', everybody),
  apply_force: key(Matches, 'Who may apply although requirements are not met.', nobody),
  apply_autoapprove: key(Matches, 'Who may apply without a plan.', nobody),
  superapproval: key(Matches, 'Whose approval lets those in `apply_with_superapproval` apply.', nobody),
  apply_with_superapproval: key(Matches, 'Who may apply once somebody in `superapproval` approved.', nobody),
});

export const RawAccessControl = z.strictObject({
  enabled: key(Flag, 'Off: GitHub write permission alone decides.', { default: true }),
  policies: key(z.array(AccessPolicy), 'The first that matches a dirspace decides; none: denied.', {
    default: [{ tag_query: '', plan: ['*'], apply: ['*'] }],
  }),
  config_update: key(Matches, 'Whose pull requests may change the configuration, and the waivers.', everybody),
  terrateam_config_update: key(Matches, 'Old name of `config_update`.', { deprecated: true }),
  ci_config_update: key(Matches, 'Whose pull requests may change the workflow file.', everybody),
  files: key(z.record(z.string(), Matches), 'Exact path: whose pull requests may change it.', { default: {} }),
  unlock: key(Matches, 'Who may unlock.', everybody),
  apply_require_all_dirspace_access: key(Flag, 'One denied dirspace refuses the whole apply.', { default: true }),
  plan_require_all_dirspace_access: key(Flag, 'One denied dirspace refuses the whole plan.', { default: false }),
});
export type RawAccessControl = z.infer<typeof RawAccessControl>;

const enabled = (fallback: boolean) => key(Flag, 'Ask for it.', { default: fallback });

const ApplyCheck = z.strictObject({
  tag_query: tagQuery,
  approved: key(
    z.strictObject({
      enabled: enabled(false),
      all_of: key(Matches, 'Every entry must be matched by an approval.', { default: [] }),
      any_of: key(Matches, 'Whose approvals count; empty: anybody with write permission.', { default: [] }),
      any_of_count: key(Count, 'How many people must approve.', { default: 1 }),
      require_completed_reviews: key(Flag, 'Every requested review must be done.', { default: false }),
    }),
    'Approving reviews.',
  ),
  merge_conflicts: key(z.strictObject({ enabled: enabled(true) }), 'The pull request must merge cleanly.'),
  status_checks: key(
    z.strictObject({
      enabled: enabled(true),
      ignore_matching: key(Texts, 'Names or regular expressions of checks that do not count.', { default: [] }),
    }),
    'All other checks and statuses of the head must be good.',
  ),
  apply_after_merge: key(z.strictObject({ enabled: enabled(false) }), 'Apply only when merged.'),
  require_ready_for_review_pr: key(Flag, 'Not while it is a draft.', { default: true }),
  risk: key(
    z.strictObject({ max_points: required(Count, 'A plan with more risk points does not pass.') }),
    'Risk of the plan. Absent: not asked.',
  ),
});

const LegacyChecks = z.strictObject({
  approved: key(
    z.strictObject({ enabled: enabled(false), count: key(Count, 'How many.', { default: 1 }) }),
    'Reviews.',
  ),
  merge_conflicts: key(z.strictObject({ enabled: enabled(true) }), 'The pull request must merge cleanly.'),
  status_checks: key(z.strictObject({ enabled: enabled(true) }), 'Other checks must be good.'),
});

export const RawApplyRequirements = z.strictObject({
  create_pending_apply_check: key(Flag, 'Show a pending apply check as soon as there is something to apply.', {
    default: true,
  }),
  create_completed_apply_check_on_noop: key(Flag, 'Show a passing apply check when there is nothing to apply.', {
    default: false,
  }),
  approvals: key(z.enum(['head', 'plan']), 'What an approval is bound to: the commit, or the content of the plan.', {
    default: 'head',
  }),
  stale_approvals: key(z.enum(['drop', 'keep']), 'Whether an approval given before the newest push still counts.', {
    default: 'drop',
  }),
  repeat_gate_steps: key(
    Flag,
    'Do the steps of a plan that can ask for a gate again before its apply, on the very plan file. `false` trusts what the job that planned said of them.',
    { default: true },
  ),
  checks: key(
    z.union([z.array(ApplyCheck), LegacyChecks]),
    'The first that matches a dirspace decides; none: not passed. The old form is one object for all dirspaces.',
    { default: [{ tag_query: '' }] },
  ),
});
export type RawApplyRequirements = z.infer<typeof RawApplyRequirements>;

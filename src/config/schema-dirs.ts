import { z } from 'zod';
import { Flag, key, required, Text, Texts } from './schema-key.ts';

const dependsOn = key(
  z.union([
    Text,
    z.strictObject({
      tag_query: required(Text, 'The dirspaces that come first.'),
      prune_on_no_change: key(Flag, 'The dependency orders only and does not pull this dirspace in.', {
        default: false,
      }),
    }),
  ]),
  'Tag query of dirspaces that must be applied before this one; `relative_dir:../x` names a neighbour.',
);

const whenModifiedKeys = {
  autoplan: key(Flag, 'Plan when a pull request is opened or pushed to.', { default: true }),
  autoplan_draft_pr: key(Flag, 'Also while it is a draft.', { default: true }),
  autoapply: key(Flag, 'Apply on merge. Every requirement still holds.', { default: false }),
  depends_on: dependsOn,
};

export const RawWhenModified = z.strictObject({
  file_patterns: key(
    Texts,
    'Globs over changed files; `!` negates, `${DIR}` and `${WORKSPACE}` are filled in. Empty: never touched.',
    { default: ['${DIR}/*.tf', '${DIR}/*.tfvars'] },
  ),
  ...whenModifiedKeys,
});
export type RawWhenModified = z.infer<typeof RawWhenModified>;

const inherited = key(RawWhenModified, 'Overrides key by key: workspace, then directory, then the global ones.');

export const RawWorkspace = z.strictObject({
  tags: key(Texts, 'Tags of this workspace.', { default: [] }),
  when_modified: inherited,
});
export type RawWorkspace = z.infer<typeof RawWorkspace>;

export const RawDir = z.strictObject({
  tags: key(Texts, 'Tags of every workspace of the directory.', { default: [] }),
  when_modified: inherited,
  workspaces: key(z.record(z.string(), RawWorkspace), 'One dirspace per entry.', { default: { default: {} } }),
  stacks: key(z.record(z.string(), RawWorkspace), 'Old name of `workspaces`; adds the tag `stack:NAME`.', {
    deprecated: true,
  }),
  create_and_select_workspace: key(Flag, 'Select the workspace, create it when missing.', { default: true }),
  create_if_missing: key(Flag, 'Make the directory before running when the builders made it up.', { default: false }),
  lock_branch_target: key(
    z.enum(['all', 'dest_branch']),
    'Whether pull requests into other branches wait for the lock too. Taken from the default branch.',
    { default: 'all' },
  ),
});
export type RawDir = z.infer<typeof RawDir>;

export const RawDirs = z.record(z.string(), RawDir);

const names = z.array(z.string());

export const RawStack = z.strictObject({
  tag_query: key(Text, 'The dirspaces of this stack. Either this or `stacks`.'),
  stacks: key(names, 'The stacks inside this one.'),
  variables: key(z.record(z.string(), z.string()), 'Usable as `${name}` in `environment`, and given to the runner.', {
    default: {},
  }),
  rules: key(
    z.strictObject({
      plan_after: key(names, 'Planned only when these stacks are applied. Absent: as `modified_by`.'),
      apply_after: key(names, 'Applied only when these stacks are applied.', { default: [] }),
      modified_by: key(names, 'Counts as changed when one of these changed.', { default: [] }),
      auto_apply: key(Flag, 'Applied by itself when its turn comes. Every requirement still holds.', {
        default: false,
      }),
    }),
    'Order between stacks; inherited by the stacks inside.',
  ),
});
export type RawStack = z.infer<typeof RawStack>;

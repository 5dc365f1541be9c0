import type { Report } from './finding.ts';
import type { KeyPath } from './key-path.ts';
import type { RawRepoConfig } from './schema.ts';
import type { RawDir, RawWorkspace } from './schema-dirs.ts';
import type { RawEngine } from './schema-engine.ts';

type RawWorkflow = NonNullable<RawRepoConfig['workflows']>[number];

/** A value that the modern form has at another path than the file. */
export interface Moved {
  readonly from: KeyPath;
  readonly to: KeyPath;
}

/**
 * Write legacy forms as the current ones, so that files in different forms can be merged and nothing behind this
 * knows about legacy. Says what contradicts itself and what has no effect.
 */
export function modernConfig(
  raw: RawRepoConfig,
  found: { readonly error: Report; readonly warning: Report },
): { readonly config: RawRepoConfig; readonly moved: readonly Moved[] } {
  const moved: Moved[] = [];
  const config: RawRepoConfig = { ...raw };
  if (raw.dirs !== undefined) {
    config.dirs = modernDirs(raw.dirs, moved, found.error);
  }
  if (raw.drift !== undefined && 'schedule' in raw.drift) {
    const { enabled, schedule, reconcile, tag_query } = raw.drift;
    config.drift = {
      ...(enabled === undefined ? {} : { enabled }),
      schedules: {
        default: { schedule, tag_query: tag_query ?? '', ...(reconcile === undefined ? {} : { reconcile }) },
      },
    };
    moved.push({ from: ['drift'], to: ['drift', 'schedules', 'default'] });
  }
  if (raw.apply_requirements !== undefined) {
    config.apply_requirements = modernRequirements(raw.apply_requirements, moved);
  }
  if (raw.access_control?.terrateam_config_update !== undefined) {
    const { terrateam_config_update, ...rest } = raw.access_control;
    const path = ['access_control', 'terrateam_config_update'];
    if (rest.config_update !== undefined) {
      found.error(conflict(path, 'This is the old name of `config_update`, which stands here too; keep one.'));
    }
    config.access_control = { ...rest, config_update: terrateam_config_update };
    moved.push({ from: path, to: ['access_control', 'config_update'] });
  }
  if (raw.default_tf_version !== undefined) {
    modernVersion(raw, raw.default_tf_version, config, moved, found.warning);
  }
  if (raw.indexer?.enabled !== undefined && raw.modules === undefined) {
    config.modules = raw.indexer.enabled ? 'auto' : 'off';
    moved.push({ from: ['indexer'], to: ['modules'] });
  }
  delete config.indexer;
  delete config.definitions;
  if (raw.workflows !== undefined) {
    config.workflows = raw.workflows.map((workflow, index) =>
      modernWorkflow(workflow, ['workflows', index], moved, found.error),
    );
  }
  if (raw.checkout_strategy === 'checkout') {
    const message = 'This has no effect: what is planned is always the merge of head and base.';
    found.warning({ code: 'no-effect', path: ['checkout_strategy'], message });
  }
  return { config, moved };
}

function modernDirs(dirs: Record<string, RawDir>, moved: Moved[], error: Report): Record<string, RawDir> {
  if (!Object.values(dirs).some(({ stacks }) => stacks !== undefined)) {
    return dirs;
  }
  const modern: [string, RawDir][] = [];
  for (const [name, dir] of Object.entries(dirs)) {
    if (dir.stacks === undefined) {
      modern.push([name, dir]);
      continue;
    }
    const path = ['dirs', name, 'stacks'];
    if (dir.workspaces !== undefined) {
      error(conflict(path, 'This is the old name of `workspaces`, which stands here too; keep one.'));
    }
    const { stacks, ...rest } = dir;
    const workspaces = Object.entries(stacks).map(([workspace, entry]): [string, RawWorkspace] => [
      workspace,
      { ...entry, tags: [...(entry.tags ?? []), `stack:${workspace}`] },
    ]);
    modern.push([name, { ...rest, workspaces: Object.fromEntries(workspaces) }]);
    moved.push({ from: path, to: ['dirs', name, 'workspaces'] });
  }
  return Object.fromEntries(modern);
}

type RawRequirements = NonNullable<RawRepoConfig['apply_requirements']>;

function modernRequirements(raw: RawRequirements, moved: Moved[]): RawRequirements {
  const { checks, ...rest } = raw;
  if (checks === undefined || Array.isArray(checks)) {
    return raw;
  }
  const { approved, merge_conflicts, status_checks } = checks;
  const { count, ...approval } = approved ?? {};
  const path = ['apply_requirements', 'checks'];
  moved.push({ from: [...path, 'approved', 'count'], to: [...path, 0, 'approved', 'any_of_count'] });
  moved.push({ from: path, to: [...path, 0] });
  return {
    ...rest,
    checks: [
      {
        tag_query: '',
        ...(approved === undefined
          ? {}
          : { approved: { ...approval, ...(count === undefined ? {} : { any_of_count: count }) } }),
        ...(merge_conflicts === undefined ? {} : { merge_conflicts }),
        ...(status_checks === undefined ? {} : { status_checks }),
      },
    ],
  };
}

function modernVersion(
  raw: RawRepoConfig,
  version: string,
  config: RawRepoConfig,
  moved: Moved[],
  warning: Report,
): void {
  const path = ['default_tf_version'];
  delete config.default_tf_version;
  const engine = raw.engine ?? { name: 'terraform' as const };
  switch (engine.name) {
    case 'terraform':
    case 'tofu':
      if (engine.version !== undefined && engine.version !== version) {
        warning({ code: 'no-effect', path, message: '`engine.version` says something else, and counts.' });
      }
      config.engine = { ...engine, version: engine.version ?? version };
      moved.push({ from: path, to: ['engine', 'version'] });
      return;
    case 'terragrunt':
    case 'cdktf':
    case 'stategraph':
      config.engine = { ...engine, tf_version: engine.tf_version ?? version };
      moved.push({ from: path, to: ['engine', 'tf_version'] });
      return;
    case 'custom':
    case 'fly':
    case 'pulumi':
      warning({ code: 'no-effect', path, message: `The engine \`${engine.name}\` has no terraform underneath.` });
  }
}

function modernWorkflow(workflow: RawWorkflow, path: KeyPath, moved: Moved[], error: Report): RawWorkflow {
  const { terraform_version, terragrunt, cdktf, ...rest } = workflow;
  if (terraform_version === undefined && terragrunt !== true && cdktf !== true) {
    return rest;
  }
  const at = [...path, terragrunt === true ? 'terragrunt' : cdktf === true ? 'cdktf' : 'terraform_version'];
  if (rest.engine !== undefined || (terragrunt === true && cdktf === true)) {
    error(conflict(at, 'This is an old form of `engine`; say it there, once.'));
    return rest;
  }
  const version = terraform_version === undefined ? {} : { tf_version: terraform_version };
  const engine: RawEngine =
    terragrunt === true
      ? { name: 'terragrunt', ...version }
      : cdktf === true
        ? { name: 'cdktf', ...version }
        : { name: 'terraform', ...(terraform_version === undefined ? {} : { version: terraform_version }) };
  moved.push({ from: at, to: [...path, 'engine'] });
  return { ...rest, engine };
}

function conflict(path: KeyPath, message: string) {
  return { code: 'conflicting-keys', path, message } as const;
}

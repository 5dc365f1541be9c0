import type {
  Builder,
  Drift,
  DriftSchedule,
  Engine,
  HookLists,
  Integrations,
  JsonValue,
  Placement,
  RepoConfig,
  Workflow,
} from '../domain/repo-config.ts';
import type { Report } from './finding.ts';
import { given } from './given.ts';
import type { KeyPath } from './key-path.ts';
import { KEY_ORIGINS } from './key-trust.ts';
import { hasControl, proveDirs, proveStacks, proveWhenModified } from './prove-dirs.ts';
import { DEFAULT_ENGINE, proveEngine, provePlanStorage } from './prove-engine.ts';
import { proveAccessControl, proveApplyRequirements } from './prove-policies.ts';
import { proveHookSteps, proveWorkflowSteps } from './prove-steps.ts';
import { Prover } from './prove-values.ts';
import { DEFAULT_OVERRIDES, type RawRepoConfig } from './schema.ts';

/**
 * Modern raw configuration → what it means, with every default. Whatever cannot be meant is reported, all of it; the
 * result may be used only when nothing was.
 */
export function proveConfig(raw: RawRepoConfig, error: Report, warning: Report): RepoConfig {
  const prover = new Prover(error);
  const engine = raw.engine === undefined ? DEFAULT_ENGINE : proveEngine(raw.engine, ['engine'], prover);
  const integrations = proveIntegrations(raw.integrations, ['integrations'], prover);
  const whenModified = proveWhenModified(raw.when_modified, ['when_modified'], prover);
  const createAndSelectWorkspace = raw.create_and_select_workspace ?? true;
  const overrides = raw.default_branch_overrides ?? DEFAULT_OVERRIDES;
  for (const [index, name] of (raw.default_branch_overrides ?? []).entries()) {
    prover.known(name, Object.keys(KEY_ORIGINS), ['default_branch_overrides', index], 'top-level key');
  }
  return {
    enabled: raw.enabled ?? true,
    whenModified,
    dirs: proveDirs(raw.dirs ?? {}, { whenModified, createAndSelectWorkspace }, prover),
    workflows: proveWorkflows(raw.workflows ?? [], { engine, integrations }, prover),
    placements: provePlacements(raw.workflows ?? [], prover),
    engine,
    hooks: {
      all: proveHooks(raw.hooks?.all, ['hooks', 'all'], prover),
      plan: proveHooks(raw.hooks?.plan, ['hooks', 'plan'], prover),
      apply: proveHooks(raw.hooks?.apply, ['hooks', 'apply'], prover),
    },
    parallelRuns: raw.parallel_runs ?? 3,
    batchRuns: {
      enabled: raw.batch_runs?.enabled ?? false,
      maxWorkspacesPerBatch: Math.max(1, raw.batch_runs?.max_workspaces_per_batch ?? 1),
    },
    createAndSelectWorkspace,
    checkoutStrategy: raw.checkout_strategy ?? 'merge',
    defaultBranchOverrides: overrides,
    destinationBranches: proveDestinations(raw.destination_branches ?? [], prover),
    accessControl: proveAccessControl(raw.access_control ?? {}, prover),
    applyRequirements: proveApplyRequirements(raw.apply_requirements ?? {}, prover, warning),
    automerge: {
      enabled: raw.automerge?.enabled ?? false,
      deleteBranch: raw.automerge?.delete_branch ?? false,
      requireExplicitApply: raw.automerge?.require_explicit_apply ?? false,
      retainPrTitle: raw.automerge?.retain_pr_title ?? false,
      mergeStrategy: raw.automerge?.merge_strategy ?? 'auto',
    },
    costEstimation: {
      enabled: raw.cost_estimation?.enabled ?? true,
      provider: 'infracost',
      currency: raw.cost_estimation?.currency ?? 'USD',
    },
    drift: proveDrift(raw.drift, prover),
    storage: { plans: provePlanStorage(raw.storage?.plans, prover) },
    tags: {
      branch: proveBranchTags(raw.tags?.branch, ['tags', 'branch'], prover, warning),
      destBranch: proveBranchTags(raw.tags?.dest_branch, ['tags', 'dest_branch'], prover, warning),
    },
    stacks: proveStacks(raw.stacks?.names ?? {}, prover),
    notifications: {
      policies: (raw.notifications?.policies ?? []).map((policy, index) => ({
        tagQuery: prover.tagQuery(policy.tag_query, ['notifications', 'policies', index, 'tag_query']),
        commentStrategy: policy.comment_strategy ?? 'minimize',
      })),
      summary: { enabled: raw.notifications?.summary?.enabled ?? false },
    },
    integrations,
    configBuilder: proveBuilder(raw.config_builder, ['config_builder'], prover),
    treeBuilder: proveBuilder(raw.tree_builder, ['tree_builder'], prover),
    modules: raw.modules ?? 'auto',
    forks:
      raw.forks === undefined || raw.forks === 'off'
        ? { kind: 'off' }
        : { kind: 'plan', environment: proveEnvironment(raw.forks.plan, ['forks', 'plan'], prover) },
    baseMoved: raw.base_moved ?? 'paths',
    stalePlans: raw.stale_plans ?? 'replan',
    applyPartially: raw.apply_partially ?? false,
    checks: raw.checks ?? 'summary',
    labels: raw.labels ?? false,
    commandAliases: [...new Set(raw.command_aliases ?? [])],
    trustedBots: proveBots(raw.trusted_bots ?? [], prover),
    ...given({ planKey: provePlanKey(raw.plan_key, prover) }),
  };
}

type RawWorkflows = NonNullable<RawRepoConfig['workflows']>;

function proveWorkflows(
  workflows: RawWorkflows,
  global: { readonly engine: Engine; readonly integrations: Integrations },
  prover: Prover,
): readonly Workflow[] {
  return workflows.map((workflow, index) => {
    const path = ['workflows', index];
    return {
      tagQuery: prover.tagQuery(workflow.tag_query, [...path, 'tag_query']),
      plan: proveWorkflowSteps(workflow.plan ?? [{ type: 'init' }, { type: 'plan' }], [...path, 'plan'], prover),
      apply: proveWorkflowSteps(workflow.apply ?? [{ type: 'init' }, { type: 'apply' }], [...path, 'apply'], prover),
      engine:
        workflow.engine === undefined
          ? global.engine
          : proveEngine(workflow.engine, [...path, 'engine'], prover, global.engine),
      integrations:
        workflow.integrations === undefined
          ? global.integrations
          : proveIntegrations(workflow.integrations, [...path, 'integrations'], prover),
    };
  });
}

function provePlacements(workflows: RawWorkflows, prover: Prover): readonly Placement[] {
  const silent = new Prover(() => undefined);
  return workflows.map((workflow, index) => {
    const path = ['workflows', index, 'environment'];
    const { environment, runs_on } = workflow;
    const both = typeof environment === 'string' ? { plan: environment, apply: environment } : (environment ?? {});
    const at = (phase: string): KeyPath => (typeof environment === 'string' ? path : [...path, phase]);
    return {
      // Already reported for the workflow itself.
      tagQuery: silent.tagQuery(workflow.tag_query, []),
      environment: given({
        plan: both.plan === undefined ? undefined : proveEnvironment(both.plan, at('plan'), prover),
        apply:
          both.apply === undefined
            ? undefined
            : proveEnvironment(both.apply, at('apply'), typeof environment === 'string' ? silent : prover),
      }),
      ...(runs_on === undefined || runs_on === null ? {} : { runsOn: jsonValue(runs_on) }),
      lockPolicy: workflow.lock_policy ?? 'strict',
    };
  });
}

/** The name of a GitHub environment, possibly with `${variable}` in it. */
function proveEnvironment(name: string, path: KeyPath, prover: Prover): string {
  if (name.trim() === '' || name.length > 255 || hasControl(name)) {
    const message = 'The name of a GitHub environment has 1 to 255 characters, none of them a control character.';
    prover.report({ code: 'name', path, message });
  } else if (/\$\{(?![A-Za-z_][A-Za-z0-9_]*\})/.test(name)) {
    prover.report({ code: 'name', path, message: 'A variable is written `${name}`, with letters, digits and `_`.' });
  }
  return name;
}

/** What YAML can say is JSON; the schema leaves it open, so it is walked once to say so in types. */
function jsonValue(value: unknown): JsonValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(jsonValue);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonValue(inner)]))
    : null;
}

function proveHooks(
  raw: NonNullable<NonNullable<RawRepoConfig['hooks']>['all']> | undefined,
  path: KeyPath,
  prover: Prover,
): HookLists {
  return {
    pre: proveHookSteps(raw?.pre, [...path, 'pre'], prover),
    post: proveHookSteps(raw?.post, [...path, 'post'], prover),
  };
}

function proveIntegrations(raw: RawRepoConfig['integrations'], path: KeyPath, prover: Prover): Integrations {
  return {
    resourcely: {
      enabled: raw?.resourcely?.enabled ?? false,
      extraArgs: prover.args(raw?.resourcely?.extra_args ?? [], [...path, 'resourcely', 'extra_args']),
    },
  };
}

function proveDestinations(raw: NonNullable<RawRepoConfig['destination_branches']>, prover: Prover) {
  return raw.map((entry, index) => {
    const path = ['destination_branches', index];
    if (typeof entry === 'string') {
      return { branch: prover.glob(entry, path), sourceBranches: ['*'] };
    }
    const sources = entry.source_branches ?? ['*'];
    return {
      branch: prover.glob(entry.branch, [...path, 'branch']),
      sourceBranches: sources.map((source, at) => prover.glob(source, [...path, 'source_branches', at])),
    };
  });
}

function proveDrift(raw: RawRepoConfig['drift'], prover: Prover): Drift {
  const schedules = raw !== undefined && 'schedules' in raw ? (raw.schedules ?? {}) : {};
  return {
    enabled: raw?.enabled ?? false,
    schedules: Object.entries(schedules).map(([name, schedule]): DriftSchedule => {
      const path = ['drift', 'schedules', name];
      const { window } = schedule;
      const time = (text: string, key: string) => prover.timeOfDay(text, [...path, 'window', key]);
      const start = window === undefined ? undefined : time(window.start, 'start');
      const end = window === undefined ? undefined : time(window.end, 'end');
      return {
        name,
        schedule: schedule.schedule,
        tagQuery: prover.tagQuery(schedule.tag_query, [...path, 'tag_query']),
        reconcile: schedule.reconcile ?? false,
        ...(start === undefined || end === undefined ? {} : { window: { start, end } }),
      };
    }),
  };
}

function proveBranchTags(
  raw: Readonly<Record<string, string>> | undefined,
  path: KeyPath,
  prover: Prover,
  warning: Report,
) {
  return Object.entries(raw ?? {}).map(([name, pattern]) => ({
    name,
    pattern: prover.regex(pattern, [...path, name], warning),
  }));
}

function proveBuilder(raw: RawRepoConfig['config_builder'], path: KeyPath, prover: Prover): Builder {
  if (raw?.enabled !== true) {
    return { enabled: false };
  }
  if (raw.script === undefined || raw.script.trim() === '') {
    const message = 'The key `script` is required when this is enabled.';
    prover.report({ code: 'missing-key', path: [...path, 'script'], message });
  }
  return { enabled: true, script: raw.script ?? '' };
}

function proveBots(raw: readonly string[], prover: Prover): readonly string[] {
  return raw.map((login, index) => {
    if (!/^[A-Za-z0-9_-]{1,60}(?:\[bot\])?$/.test(login)) {
      const message = 'Must be the login of a bot, such as `renovate[bot]`.';
      prover.report({ code: 'name', path: ['trusted_bots', index], message });
    }
    return login.toLowerCase();
  });
}

function provePlanKey(raw: string | undefined, prover: Prover): string | undefined {
  // 32 bytes are 43 characters of base64 and one of padding; the last character carries four bits, its other two are zero.
  if (raw !== undefined && !/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(raw)) {
    const message = 'Must be an X25519 public key: 32 bytes in base64 (44 characters).';
    prover.report({ code: 'wrong-value', path: ['plan_key'], message });
  }
  return raw;
}

import type { ConfigProblem } from '../domain/notice.ts';
import type { DirConfig, RepoConfig, WorkspaceConfig } from '../domain/repo-config.ts';
import type { CentralFile } from './config-paths.ts';
import type { KeyPath } from './key-path.ts';
import { KEY_ORIGINS } from './key-trust.ts';
import { type EffectiveConfig, effective } from './merge-config.ts';
import { type ConfigSource, type Merged, mergedValue, mergeRaw } from './merge-raw.ts';
import type { RawConfig } from './parse-config.ts';
import { type ConfigKey, DEFAULT_OVERRIDES } from './schema.ts';

/** The files that speak about one pull request, each parsed. Absent: the file does not exist. */
export interface PullSources {
  readonly default?: RawConfig;
  readonly head?: RawConfig;
  /** What the config builder printed for the head, and for the default branch. Untrusted like the head itself. */
  readonly built?: RawConfig;
  readonly builtDefault?: RawConfig;
  readonly central?: { readonly [File in CentralFile]?: RawConfig };
}

export interface PullConfig extends EffectiveConfig {
  /**
   * As if the pull request did not exist. What is selected by tags, and `autoapply`, `auto_apply` and
   * `lock_branch_target` of a dirspace, must be asked here too: both must pass.
   */
  readonly underDefault: RepoConfig;
}

/** The configuration of the default branch with the central files: for drift, pushes, and as `underDefault`. */
export function effectiveForDefault(sources: Omit<PullSources, 'head' | 'built'>): EffectiveConfig {
  return effective(mergeRaw(defaultSources(sources)));
}

/**
 * The configuration under which a pull request is handled: each top-level key from the default branch or from the head, as
 * `KEY_ORIGINS` says, so that a pull request cannot loosen the rules that it is judged by or choose the power it runs with.
 */
export function effectiveForPull(sources: PullSources): PullConfig {
  const base = mergeRaw(defaultSources(sources));
  const under = effective(base);
  const head = mergeRaw(headSources(sources));
  const overrides = new Set(under.raw.default_branch_overrides ?? DEFAULT_OVERRIDES);
  const mixed = effective(mix(base, head, overrides));
  const problems = [...under.problems, ...mixed.problems];
  for (const [key, config] of [
    ['workflows', sources.head],
    ['hooks', sources.head],
    ['workflows', sources.built],
    ['hooks', sources.built],
  ] as const) {
    if (config !== undefined && !fromDefault(key, overrides)) {
      problems.push(...foreignIdentities(config, key, mergedValue(base)));
    }
  }
  return {
    config: guarded(mixed.config, under.config),
    raw: mixed.raw,
    underDefault: under.config,
    problems: distinct(problems),
    get provenance() {
      return mixed.provenance;
    },
  };
}

function defaultSources(sources: Omit<PullSources, 'head' | 'built'>): readonly ConfigSource[] {
  const { central, builtDefault } = sources;
  const built = named('config builder (default branch)', builtDefault);
  if (central?.forced !== undefined) {
    return [
      ...named('central defaults', central.globalDefaults),
      ...built,
      ...named('central configuration', central.forced),
    ];
  }
  return withCentral(central, [...built, ...named('default branch', sources.default)]);
}

function headSources(sources: PullSources): readonly ConfigSource[] {
  const { central } = sources;
  const built = named('config builder', sources.built);
  if (central?.forced !== undefined) {
    return [
      ...named('central defaults', central.globalDefaults),
      ...built,
      ...named('central configuration', central.forced),
    ];
  }
  return withCentral(central, [...built, ...named('pull request', sources.head)]);
}

function withCentral(central: PullSources['central'], own: readonly ConfigSource[]): readonly ConfigSource[] {
  return [
    ...named('central defaults', central?.globalDefaults),
    ...named('central defaults of this repository', central?.repoDefaults),
    ...own,
    ...named('central overrides', central?.globalOverrides),
    ...named('central overrides of this repository', central?.repoOverrides),
  ];
}

function named(name: string, config: RawConfig | undefined): readonly ConfigSource[] {
  return config === undefined ? [] : [{ name, config }];
}

function fromDefault(key: ConfigKey, overrides: ReadonlySet<string>): boolean {
  // The modern keys stand for their old names as well.
  const names = key === 'engine' ? [key, 'default_tf_version'] : key === 'modules' ? [key, 'indexer'] : [key];
  return KEY_ORIGINS[key] === 'default' || names.some((name) => overrides.has(name));
}

function mix(base: Merged, head: Merged, overrides: ReadonlySet<string>): Merged {
  const taken = Object.keys(KEY_ORIGINS)
    .filter(isConfigKey)
    .map((key) => ({ key, from: fromDefault(key, overrides) ? base : head }));
  const keys = taken.flatMap(({ key, from }) => {
    const tree = from.keys.get(key);
    return tree === undefined ? [] : [[key, tree] as const];
  });
  const conflicts = taken.flatMap(({ key, from }) => from.conflicts.filter(({ finding }) => finding.path[0] === key));
  return { keys: new Map(keys), conflicts };
}

function isConfigKey(name: string): name is ConfigKey {
  return Object.hasOwn(KEY_ORIGINS, name);
}

function ownValue(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
}

/**
 * Parts inside keys of the head that decide: never looser than the default branch says for the same key. A rule that
 * is given a dirspace asks `underDefault` as well, since globs may sort a directory differently there.
 */
function guarded(config: RepoConfig, under: RepoConfig): RepoConfig {
  const dirs = new Map(under.dirs.map((dir) => [dir.key, dir]));
  const stacks = new Map(under.stacks.map((stack) => [stack.name, stack]));
  const fallback = under.whenModified.autoapply;
  return {
    ...config,
    placements: under.placements,
    whenModified: { ...config.whenModified, autoapply: config.whenModified.autoapply && fallback },
    dirs: config.dirs.map((dir) => guardedDir(dir, dirs.get(dir.key), fallback)),
    stacks: config.stacks.map((stack) => ({
      ...stack,
      rules: {
        ...stack.rules,
        autoApply: stack.rules.autoApply && stacks.get(stack.name)?.rules.autoApply === true,
      },
    })),
  };
}

function guardedDir(dir: DirConfig, under: DirConfig | undefined, fallback: boolean): DirConfig {
  const allowed = (name: string): boolean =>
    under?.workspaces.find((workspace) => workspace.name === name)?.whenModified.autoapply ?? fallback;
  const workspace = (one: WorkspaceConfig): WorkspaceConfig =>
    one.whenModified.autoapply && !allowed(one.name)
      ? { ...one, whenModified: { ...one.whenModified, autoapply: false } }
      : one;
  return {
    ...dir,
    lockBranchTarget: under?.lockBranchTarget ?? 'all',
    workspaces: dir.workspaces.map(workspace),
  };
}

/** `oidc` steps select power: where steps come from the head, each of these must stand in the default branch as well. */
function foreignIdentities(config: RawConfig, key: 'workflows' | 'hooks', base: unknown): readonly ConfigProblem[] {
  const known = new Set(identities(base, []).map(({ text }) => text));
  return identities(config.raw[key], [key])
    .filter(({ text }) => !known.has(text))
    .map(({ path }) => {
      const message =
        'This `oidc` step does not stand in the default branch. A pull request cannot choose its own credentials; merge the step first.';
      return config.problem({ code: 'not-in-default-branch', path, message });
    });
}

function identities(value: unknown, path: KeyPath): readonly { readonly path: KeyPath; readonly text: string }[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  if (ownValue(value, 'type') === 'oidc') {
    return [{ path, text: canonical(value) }];
  }
  return Object.entries(value).flatMap(([name, inner]) =>
    identities(inner, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}

function canonical(value: object): string {
  return Object.entries(value)
    .map(([name, inner]) => `${name}=${JSON.stringify(inner)}`)
    .sort()
    .join('\n');
}

function distinct(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const seen = new Map(
    problems.map((problem) => [`${problem.file}\0${problem.line}\0${problem.column}\0${problem.message}`, problem]),
  );
  return [...seen.values()];
}

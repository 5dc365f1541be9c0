import type { Change, ChangedDirspace, ChangedFile } from '../domain/change.ts';
import type { Notice } from '../domain/notice.ts';
import type { Engine, LockPolicy, RepoConfig } from '../domain/repo-config.ts';
import type { BuildOrder } from '../domain/run.ts';
import type { BuiltFile, Discovery, GitHubFacts, OurFacts, PullFacts } from '../domain/snapshot.ts';
import type { TagQuery } from '../domain/tag-query.ts';
import type { KnownDirspace } from '../matching/known-dirspace.ts';
import { normalPath } from '../matching/repo-path.ts';
import { matchTagQuery } from '../matching/tag-query.ts';
import { asUnnamed } from '../matching/unnamed-dirspace.ts';
import { type ModuleKnowledge, moduleKnowledge } from './module-knowledge.ts';
import { reasonNotice } from './notices.ts';
import { pullChange } from './pull-change.ts';
import { type PullConfig, type ReadConfig, readConfig } from './pull-config.ts';
import { sha256 } from './sha256.ts';
import { unsupportedBy } from './unsupported.ts';

/** A dirspace of the change with everything that the rules ask of it. */
export interface Part extends ChangedDirspace {
  /** Its tags under the head's configuration and under the default branch's: policies must pass under each. */
  readonly tagSets: readonly (readonly string[])[];
  readonly lockPolicy: LockPolicy;
  readonly environments: { readonly plan: string | null; readonly apply: string | null };
  /** JSON text for `runs-on`; null: the workflow file's own default. */
  readonly runsOn: string | null;
  readonly engine: Engine;
  /** What its configuration asks of a run and our runner does not do, in words; with anything here it is not run. */
  readonly unsupported: readonly string[];
}

/** What a pull request touches, under the configuration that counts for it. */
export interface Work {
  readonly config: RepoConfig;
  readonly change: Change;
  readonly parts: readonly Part[];
  /** Digest of everything in the configuration that executes; a plan made under another one is stale. */
  readonly configDigest: string;
  /** Is it known which directory calls which? Without it the change is a guess. */
  readonly modules: ModuleKnowledge;
  /** The programs of the configuration that a run which discovers has to run as well; null: there are none. */
  readonly build: BuildOrder | null;
  /** Keys of the dirspaces that a list of other changed files would touch; for "is the base's move ours". */
  readonly touched: (files: readonly ChangedFile[]) => ReadonlySet<string>;
}

export type WorkResult =
  | { readonly ok: true; readonly work: Work }
  | { readonly ok: false; readonly notices: readonly Notice[]; readonly config: RepoConfig | null };

/**
 * Configuration and diff to the dirspaces of the pull request. A dirspace that matches under the head's or under the
 * default branch's configuration is in the change. Whatever is broken or could not be read completely makes it an error.
 */
export function workOf(github: GitHubFacts, pull: PullFacts, ours: OurFacts): WorkResult {
  const read = readConfig(github);
  if (!read.ok) {
    return { ok: false, notices: read.notices, config: null };
  }
  const { head } = read.config;
  const { files, changedFiles } = github;
  if (files?.known !== true || changedFiles?.known !== true) {
    const why = files?.known === false ? files.why : changedFiles?.known === false ? changedFiles.why : 'not read';
    return { ok: false, notices: [reasonNotice('files-unknown', why, 'plumbline plan')], config: head };
  }
  const modules = moduleKnowledge(read.config, github, pull, ours);
  const discovered = modules === 'known' || modules === 'moved' ? ours.moduleIndex : null;
  const withBuilt = builtConfig(github, read.config, discovered);
  if (!withBuilt.ok && modules === 'moved') {
    // The base moved, and what is wrong may be mended there: the builder is asked again.
    return workOf(github, pull, { ...ours, moduleIndex: null });
  }
  if (!withBuilt.ok) {
    return { ok: false, notices: withBuilt.notices, config: head };
  }
  const config = withBuilt.config;
  const built =
    read.config.head.treeBuilder.enabled && discovered?.tree?.ok === true
      ? discovered.tree.value.filter(({ path }) => normalPath(path) === path && path !== '.')
      : [];
  const tree = { files: withBuiltFiles(files.value, built), head: pull.headRef, base: pull.baseRef };
  const force = ours.locks.filter((claim) => claim.pull === pull.number && claim.appliedAt !== null);
  const diff = { changed: withBuiltChanges(changedFiles.value, built), force };
  const { change, knownUnderBase, touched } = pullChange(config, tree, diff, {
    found: discovered?.index ?? null,
    applied: ours.lastApplies ?? [],
  });
  if (change.errors.length > 0) {
    const notices = change.errors.map((error) => reasonNotice('change-broken', error.message, 'plumbline explain'));
    return { ok: false, notices, config: head };
  }
  const lacking = unsupportedPer(config.head);
  const parts = change.dirspaces.map((dirspace) => ({
    ...partOf(dirspace, config, tree, knownUnderBase(dirspace)),
    unsupported: lacking(dirspace.workflow),
  }));
  const work = {
    config: config.head,
    change,
    parts,
    configDigest: executingDigest(config.head),
    modules,
    build: buildOrder(read.config),
    touched,
  };
  return { ok: true, work };
}

/** The configuration with what the builder printed for this head. It is untrusted: it may say what the head may say. */
function builtConfig(github: GitHubFacts, config: PullConfig, discovered: Discovery | null): ReadConfig {
  return config.head.configBuilder.enabled && discovered?.config?.ok === true
    ? readConfig(github, discovered.config.value)
    : { ok: true, config };
}

/** A tree builder adds files and changes to what git says; it takes none away, since its word is untrusted. */
function withBuiltFiles(files: readonly string[], built: readonly BuiltFile[]): readonly string[] {
  return built.length === 0 ? files : [...new Set([...files, ...built.map(({ path }) => path)])];
}

function withBuiltChanges(changed: readonly ChangedFile[], built: readonly BuiltFile[]): readonly ChangedFile[] {
  const more = built.flatMap((file) =>
    file.changed === true ? [{ path: file.path, status: 'modified' } as const] : [],
  );
  return more.length === 0 ? changed : [...changed, ...more];
}

function buildOrder({ head, text }: PullConfig): BuildOrder | null {
  const { configBuilder, treeBuilder } = head;
  return configBuilder.enabled || treeBuilder.enabled
    ? {
        ...(configBuilder.enabled ? { config: { script: configBuilder.script, input: text() } } : {}),
        ...(treeBuilder.enabled ? { tree: { script: treeBuilder.script } } : {}),
      }
    : null;
}

function executingDigest(config: RepoConfig): string {
  const { workflows, hooks, engine, stacks, createAndSelectWorkspace, checkoutStrategy, storage } = config;
  return sha256(
    JSON.stringify([workflows, hooks, engine, stacks, createAndSelectWorkspace, checkoutStrategy, storage]),
  );
}

/** Thousands of dirspaces share a few workflows. */
function unsupportedPer(config: RepoConfig): (workflow: number | null) => readonly string[] {
  const found = new Map<number | null, readonly string[]>();
  return (workflow) => {
    const texts =
      found.get(workflow) ?? unsupportedBy(config, workflow === null ? null : (config.workflows[workflow] ?? null));
    found.set(workflow, texts);
    return texts;
  };
}

/** The dirspaces that a tag query selects, under the head's tags: selecting is a convenience, never a permission. */
export function selected(parts: readonly Part[], query: TagQuery): readonly Part[] {
  return parts.filter((part) => matchTagQuery(query, part));
}

interface Branches {
  readonly head: string;
  readonly base: string;
}

function partOf(
  dirspace: ChangedDirspace,
  { head, base }: PullConfig,
  branches: Branches,
  known: KnownDirspace | null,
): Omit<Part, 'unsupported'> {
  // A dirspace that only the head names has no tags in the default branch: the pull request must not choose by tags of its own
  // making which environment it gets and whose rules it is judged by.
  const seen = known ?? asUnnamed(base, dirspace, branches);
  const tags = seen?.tags ?? [`dir:${dirspace.dir}`, `workspace:${dirspace.workspace}`];
  const tagSets = base === head ? [dirspace.tags] : [dirspace.tags, tags];
  const subject = { tags, dir: dirspace.dir, workspace: dirspace.workspace };
  const placement = base.placements.find((candidate) => matchTagQuery(candidate.tagQuery, subject));
  const workflow = dirspace.workflow === null ? null : (head.workflows[dirspace.workflow] ?? null);
  // Stack variables name environments, so they count as the default branch has them.
  const variables = seen?.stack.variables ?? {};
  const environment = (name: string | undefined) => (name === undefined ? null : filled(name, variables));
  return {
    ...dirspace,
    // Both must say so: globs may sort a directory differently under the default branch.
    autoapply: dirspace.autoapply && known !== null && (known.whenModified.autoapply || known.stack.autoApply),
    lockBranchTarget: known === null ? 'all' : known.settings.lockBranchTarget,
    tagSets,
    lockPolicy: placement?.lockPolicy ?? 'strict',
    environments: { plan: environment(placement?.environment.plan), apply: environment(placement?.environment.apply) },
    runsOn: placement?.runsOn === undefined ? null : JSON.stringify(placement.runsOn),
    engine: workflow?.engine ?? head.engine,
  };
}

/** `${name}` stands for a stack variable; one that is not there stays as it is and names an environment that does not exist. */
function filled(template: string, variables: Readonly<Record<string, string>>): string {
  return template.replace(/\$\{([A-Za-z0-9_-]+)\}/gu, (whole, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] ?? whole) : whole,
  );
}

import type { Change, ChangedDirspace, ChangedFile } from '../domain/change.ts';
import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { Notice } from '../domain/notice.ts';
import type { Engine, LockPolicy, RepoConfig } from '../domain/repo-config.ts';
import type { GitHubFacts, OurFacts, PullFacts } from '../domain/snapshot.ts';
import type { TagQuery } from '../domain/tag-query.ts';
import { changeIn, layersOf } from '../matching/compute-change.ts';
import type { KnownDirspace } from '../matching/known-dirspace.ts';
import { openRepository, type Repository } from '../matching/repository.ts';
import { matchTagQuery } from '../matching/tag-query.ts';
import { reasonNotice } from './notices.ts';
import { type PullConfig, readConfig } from './pull-config.ts';
import { sha256 } from './sha256.ts';

/** A dirspace of the change with everything that the rules ask of it. */
export interface Part extends ChangedDirspace {
  /** Its tags under the head's configuration and, where it is known there, under the default branch's: policies must pass under each. */
  readonly tagSets: readonly (readonly string[])[];
  readonly lockPolicy: LockPolicy;
  readonly environments: { readonly plan: string | null; readonly apply: string | null };
  /** JSON text for `runs-on`; null: the workflow file's own default. */
  readonly runsOn: string | null;
  readonly engine: Engine;
}

/** What a pull request touches, under the configuration that counts for it. */
export interface Work {
  readonly config: RepoConfig;
  readonly change: Change;
  readonly parts: readonly Part[];
  /** Digest of everything in the configuration that executes; a plan made under another one is stale. */
  readonly configDigest: string;
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
  const { head, base } = read.config;
  const { files, changedFiles } = github;
  if (files?.known !== true || changedFiles?.known !== true) {
    const why = files?.known === false ? files.why : changedFiles?.known === false ? changedFiles.why : 'not read';
    return { ok: false, notices: [reasonNotice('files-unknown', why, 'plumbline plan')], config: head };
  }
  const input = {
    files: files.value,
    ...(ours.moduleIndex === null ? {} : { index: ours.moduleIndex }),
    head: pull.headRef,
    base: pull.baseRef,
  };
  const force = ours.locks.filter((claim) => claim.pull === pull.number && claim.appliedAt !== null);
  const underHead = openRepository({ ...input, config: head });
  const underBase = base === head ? underHead : openRepository({ ...input, config: base });
  const diff = { changed: changedFiles.value, force };
  const change = changeIn(underHead, diff);
  if (change.errors.length > 0) {
    const notices = change.errors.map((error) => reasonNotice('change-broken', error.message, 'plumbline explain'));
    return { ok: false, notices, config: head };
  }
  const whole = underBase === underHead ? change : union(change, changeIn(underBase, diff));
  const parts = whole.dirspaces.map((dirspace) => partOf(dirspace, read.config, underHead, underBase));
  const touched = (changed: readonly ChangedFile[]) =>
    new Set([underHead, underBase].flatMap((one) => changeIn(one, { changed }).dirspaces.map(dirspaceKey)));
  return { ok: true, work: { config: head, change: whole, parts, configDigest: executingDigest(head), touched } };
}

function executingDigest(config: RepoConfig): string {
  const { workflows, hooks, engine, stacks, createAndSelectWorkspace, checkoutStrategy, storage } = config;
  return sha256(
    JSON.stringify([workflows, hooks, engine, stacks, createAndSelectWorkspace, checkoutStrategy, storage]),
  );
}

/** The dirspaces that a tag query selects, under the head's tags: selecting is a convenience, never a permission. */
export function selected(parts: readonly Part[], query: TagQuery): readonly Part[] {
  return parts.filter((part) => matchTagQuery(query, part));
}

/** Everything of one change, and of another what the first lacks, behind its layers. */
function union(one: Change, other: Change): Change {
  const have = new Set(one.dirspaces.map(dirspaceKey));
  const more = other.dirspaces.filter((dirspace) => !have.has(dirspaceKey(dirspace)));
  if (more.length === 0 || other.errors.length > 0) {
    return one;
  }
  const dirspaces = [...one.dirspaces, ...more];
  const kept = new Set(dirspaces.map(dirspaceKey));
  const unmatched = one.unmatched.filter((file) => other.unmatched.some((same) => same.path === file.path));
  return kept.size === 0 ? one : { dirspaces, layers: layersOf(dirspaces), unmatched, errors: [] };
}

function partOf(dirspace: ChangedDirspace, { head, base }: PullConfig, one: Repository, two: Repository): Part {
  const known = knownIn(two, dirspace);
  const under = known?.tags ?? null;
  const tagSets = under === null || two === one ? [dirspace.tags] : [dirspace.tags, under];
  const tags = under ?? dirspace.tags;
  const subject = { tags, dir: dirspace.dir, workspace: dirspace.workspace };
  const placement = base.placements.find((candidate) => matchTagQuery(candidate.tagQuery, subject));
  const workflow = dirspace.workflow === null ? null : (head.workflows[dirspace.workflow] ?? null);
  const environment = (name: string | undefined) => (name === undefined ? null : filled(name, dirspace.stackVariables));
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

function knownIn(repository: Repository, { dir, workspace }: Dirspace): KnownDirspace | null {
  for (const id of repository.idsByDir.get(dir) ?? []) {
    const known = repository.dirspaces[id];
    if (known?.workspace === workspace) {
      return known;
    }
  }
  return null;
}

/** `${name}` stands for a stack variable; one that is not there stays as it is and names an environment that does not exist. */
function filled(template: string, variables: Readonly<Record<string, string>>): string {
  return template.replace(/\$\{([A-Za-z0-9_-]+)\}/gu, (whole, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] ?? whole) : whole,
  );
}

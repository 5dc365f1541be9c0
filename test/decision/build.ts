import { readFileSync } from 'node:fs';
import { sha256 } from '../../src/decision/sha256.ts';
import { workOf } from '../../src/decision/work.ts';
import type { Decision, Intent } from '../../src/domain/decision.ts';
import type { Actor, Event, RepositoryRef } from '../../src/domain/event.ts';
import { MINUTE } from '../../src/domain/instant.ts';
import { known } from '../../src/domain/known.ts';
import type { DirspaceResult, LockClaim, PlanFacts, Run, StoredPlan } from '../../src/domain/run.ts';
import type { Discovery, GitHubFacts, OurFacts, PullFacts, Review, Snapshot } from '../../src/domain/snapshot.ts';

export const NOW = 1_800_000_000_000;
export const HEAD = 'a'.repeat(40);
export const BASE = 'b'.repeat(40);
export const TREE = 'c'.repeat(40);
export const WORKFLOW = readFileSync(new URL('../../.github/workflows/plumbline.yml', import.meta.url), 'utf8');

/** The id of our App at GitHub. */
export const OUR_APP = 77;

export const REPOSITORY: RepositoryRef = { installationId: 1, repositoryId: 10, owner: 'acme', name: 'infra' };
export const BOT: Actor = { id: 99, login: 'plumbline[bot]', bot: true };
export const ALICE: Actor = { id: 1, login: 'alice', bot: false };
export const BOB: Actor = { id: 2, login: 'bob', bot: false };
export const CAROL: Actor = { id: 3, login: 'carol', bot: false };
export const STRANGER: Actor = { id: 4, login: 'stranger', bot: false };

/** An id that looks like one and can be told apart. */
export function id(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

export interface Given {
  /** The configuration of the default branch and, without `head`, of the head. */
  readonly config?: string;
  readonly head?: string;
  readonly files?: readonly string[];
  readonly changed?: readonly string[];
  readonly pull?: Partial<PullFacts>;
  readonly github?: Partial<GitHubFacts>;
  readonly ours?: Partial<OurFacts>;
  readonly now?: number;
}

export function pullFacts(more: Partial<PullFacts> = {}): PullFacts {
  return {
    number: 7,
    state: 'open',
    draft: false,
    title: 'Change prod',
    author: ALICE,
    headSha: HEAD,
    headRef: 'change-prod',
    headRepositoryId: REPOSITORY.repositoryId,
    baseSha: BASE,
    baseRef: 'main',
    mergedAt: null,
    mergeCommitSha: null,
    mergeTreeSha: TREE,
    labels: [],
    ...more,
  };
}

/** A snapshot of a repository with `prod` and `stage`, of which the pull request changes `prod`. */
export function snapshotOf(given: Given = {}): Snapshot {
  const config = given.config === undefined ? null : { path: '.plumbline/config.yml', text: given.config };
  const head = given.head === undefined ? config : { path: '.plumbline/config.yml', text: given.head };
  const pull = pullFacts(given.pull);
  const github: GitHubFacts = {
    repository: { ...REPOSITORY, defaultBranch: 'main', archived: false, ownerId: 5 },
    pull,
    changedFiles: known((given.changed ?? ['prod/main.tf']).map((path) => ({ path, status: 'modified' as const }))),
    files: known(given.files ?? ['README.md', 'prod/main.tf', 'stage/main.tf']),
    configHead: known(head),
    configDefault: known(config),
    workflowFile: known(WORKFLOW),
    permissions: {
      alice: known('write'),
      bob: known('write'),
      carol: known('maintain'),
      stranger: known('read'),
    },
    mergeable: 'MERGEABLE',
    reviews: known([]),
    reviewDecision: null,
    reviewsRequested: 0,
    lastPusher: known(null),
    checks: known([]),
    rules: known({ requiredChecks: [], mergeQueue: false }),
    ...given.github,
  };
  return {
    now: given.now ?? NOW,
    freshIds: Array.from({ length: 50 }, (_, index) => id(0xf000 + index)),
    app: { appId: OUR_APP, botId: BOT.id, botLogin: BOT.login, slug: 'plumbline' },
    limits: { planLifeMs: 14 * 24 * 60 * MINUTE },
    ours: {
      installation: { id: 1, state: 'active', paused: false },
      repositoryPaused: false,
      pull: null,
      runs: [],
      results: [],
      plans: [],
      // What is stored and shown now; what was shown before, a test says itself.
      shownPlans: (given.ours?.plans ?? []).flatMap(({ dir, workspace, publishedAt, facts }) =>
        publishedAt === null || facts === null
          ? []
          : [{ dir, workspace, at: publishedAt, headSha: facts.headSha, digest: facts.digest }],
      ),
      locks: [],
      others: [],
      // As after a discovery that found no module.
      moduleIndex: discovery({ headSha: pull.headSha, baseSha: pull.mergeCommitSha ?? pull.baseSha }),
      openPulls: [{ number: pull.number, baseRef: pull.baseRef, headSha: pull.headSha }],
      report: null,
      discovery: null,
      recentlyRefused: [],
      ...given.ours,
    },
    github,
  };
}

/** The digest of the executing configuration of a snapshot, as a plan run would have been given it. */
export function configDigestOf(snapshot: Snapshot): string {
  const { github, ours } = snapshot;
  const result = github?.pull === undefined ? null : workOf(github, github.pull, ours);
  return result?.ok === true ? result.work.configDigest : sha256('');
}

export function planFacts(more: Partial<PlanFacts> = {}): PlanFacts {
  return {
    headSha: HEAD,
    baseSha: BASE,
    treeSha: TREE,
    backendFingerprint: 'local',
    tool: 'terraform',
    toolVersion: '1.13.0',
    toolSha256: '0'.repeat(64),
    lockFileSha256: '',
    flags: [],
    configDigest: '',
    planSha256: '1'.repeat(64),
    planBytes: 100,
    digest: 'd'.repeat(64),
    lineage: 'l',
    serial: 1,
    ...more,
  };
}

export function storedPlan(dir: string, more: Partial<StoredPlan> = {}): StoredPlan {
  return {
    id: `plan-${dir}`,
    runId: id(1),
    dir,
    workspace: 'default',
    pull: 7,
    state: 'stored',
    erasedBecause: null,
    createdAt: NOW - 10 * MINUTE,
    publishedAt: NOW - 9 * MINUTE,
    expiresAt: NOW + 24 * 60 * MINUTE,
    facts: planFacts(),
    ...more,
  };
}

export function result(dir: string, more: Partial<DirspaceResult> = {}): DirspaceResult {
  return {
    dir,
    workspace: 'default',
    runId: id(1),
    kind: 'plan',
    state: 'planned',
    headSha: HEAD,
    baseSha: BASE,
    digest: 'd'.repeat(64),
    planId: `plan-${dir}`,
    addresses: [],
    counts: null,
    riskPoints: 0,
    endedAt: NOW - 9 * MINUTE,
    ...more,
  };
}

export function run(more: Partial<Run> = {}): Run {
  return {
    id: id(1),
    kind: 'plan',
    state: 'running',
    repositoryId: REPOSITORY.repositoryId,
    pull: 7,
    headSha: HEAD,
    baseSha: BASE,
    baseRef: 'main',
    environment: null,
    runsOn: null,
    targets: [{ index: 0, dir: 'prod', workspace: 'default', planId: 'plan-prod' }],
    flags: [],
    requestedBy: { id: ALICE.id, login: ALICE.login },
    requestedAt: NOW - 2 * MINUTE,
    autoapprove: false,
    force: false,
    createdAt: NOW - 2 * MINUTE,
    dispatchedAt: NOW - 2 * MINUTE,
    claimedAt: null,
    heartbeatAt: null,
    endedAt: null,
    githubRunId: null,
    githubStatus: null,
    begun: false,
    endReason: null,
    discovers: null,
    ...more,
  };
}

/** What the runner of a run found in the merge of head and base. */
export function discovery(more: Partial<Discovery> = {}): Discovery {
  return {
    runId: id(1),
    headSha: HEAD,
    baseSha: BASE,
    treeSha: TREE,
    index: { paths: {}, symlinks: [] },
    ...more,
  };
}

export function claim(pull: number, dir: string, more: Partial<LockClaim> = {}): LockClaim {
  return {
    pull,
    dir,
    workspace: 'default',
    baseRef: 'main',
    mergedAt: null,
    appliedAt: null,
    claimedAt: NOW - 30 * MINUTE,
    ...more,
  };
}

/** A pull request whose `dirs` are planned, shown and ready to be applied. */
export function planned(given: Given = {}, dirs: readonly string[] = ['prod']): Snapshot {
  const changed = given.changed ?? dirs.map((dir) => `${dir}/main.tf`);
  const bare = snapshotOf({ ...given, changed });
  const configDigest = configDigestOf(bare);
  const ours: Partial<OurFacts> = {
    plans: dirs.map((dir) => storedPlan(dir, { facts: planFacts({ configDigest }) })),
    results: dirs.map((dir) => result(dir)),
    runs: [run({ state: 'succeeded', endedAt: NOW - 9 * MINUTE })],
    ...given.ours,
  };
  return snapshotOf({ ...given, changed, ours });
}

export function pullEvent(
  action: Extract<Event, { kind: 'pull' }>['action'],
  more: Partial<Extract<Event, { kind: 'pull' }>> = {},
) {
  return { kind: 'pull', action, repository: REPOSITORY, pull: 7, headSha: HEAD, sender: ALICE, ...more } as const;
}

export function comment(body: string, author: Actor = BOB, more: Partial<Extract<Event, { kind: 'comment' }>> = {}) {
  return {
    kind: 'comment',
    repository: REPOSITORY,
    pull: 7,
    commentId: 501,
    body,
    author,
    createdAt: NOW - MINUTE,
    ...more,
  } as const;
}

export function review(author: Actor, more: Partial<Review> = {}): Review {
  return {
    id: author.id,
    author,
    state: 'APPROVED',
    commitSha: HEAD,
    submittedAt: NOW - 2 * MINUTE,
    canWrite: true,
    ...more,
  };
}

/** The intents of one kind. */
export function intents<Do extends Intent['do']>(decision: Decision, what: Do): readonly Extract<Intent, { do: Do }>[] {
  return decision.intents.filter((intent): intent is Extract<Intent, { do: Do }> => intent.do === what);
}

export function reasons(decision: Decision): readonly string[] {
  return decision.trace.filter((line) => line.says === 'refuse').map((line) => line.reason);
}

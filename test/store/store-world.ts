import { randomUUID } from 'node:crypto';
import type { Decision, Intent } from '../../src/domain/decision.ts';
import type { Dirspace } from '../../src/domain/dirspace.ts';
import { type Event, pullSubject, type RepositoryRef } from '../../src/domain/event.ts';
import type { GitHubFacts, NewRun, PullFacts } from '../../src/domain/snapshot.ts';
import { type CommitAnswer, commitDecision } from '../../src/store/commit.ts';
import type { Db } from '../../src/store/database.ts';
import { recordDelivery } from '../../src/store/inbox.ts';
import { leaseSubject, type SubjectLease } from '../../src/store/inbox-lease.ts';
import { saveInstallation } from '../../src/store/installations.ts';

export const SHA = 'a'.repeat(40);
export const BASE = 'b'.repeat(40);
export const LEASE = { leaseMs: 60_000 };
export const PLAN_LIFE_MS = 14 * 86_400_000;

let next = 1_000;
/** An id that no other test of this file has. */
export function freshId(): number {
  next += 1;
  return next;
}

/** An installed repository that no other test uses. */
export async function freshRepository(db: Db): Promise<RepositoryRef> {
  const installationId = freshId();
  await saveInstallation(db, {
    id: installationId,
    account: { id: freshId(), login: 'acme', type: 'Organization' },
    state: 'active',
  });
  return { installationId, repositoryId: freshId(), owner: 'acme', name: 'infra' };
}

export function pullEvent(repository: RepositoryRef, pull = 1, action: 'opened' | 'synchronize' = 'opened'): Event {
  return { kind: 'pull', action, repository, pull, headSha: SHA, sender: { id: 1, login: 'ann', bot: false } };
}

export async function deliver(db: Db, event: Event, dedupeKey: string = randomUUID()) {
  if (!('repository' in event) || !('pull' in event)) {
    throw new TypeError('only events of pull requests');
  }
  return recordDelivery(db, {
    dedupeKey,
    name: event.kind,
    installationId: event.repository.installationId,
    subject: pullSubject(event.repository.repositoryId, event.pull),
    event,
  });
}

/** Lease what is due until it is this subject's. For tests whose database holds nothing else. */
export async function mustLease(db: Db, options = LEASE): Promise<SubjectLease> {
  const lease = await leaseSubject(db, options);
  if (lease === undefined) {
    throw new Error('nothing to lease');
  }
  return lease;
}

export function pullFacts(number: number, change: Partial<PullFacts> = {}): PullFacts {
  return {
    number,
    state: 'open',
    draft: false,
    title: 'A change',
    author: { id: 1, login: 'ann', bot: false },
    headSha: SHA,
    headRef: 'feature',
    headRepositoryId: 1,
    baseSha: BASE,
    baseRef: 'main',
    mergedAt: null,
    mergeCommitSha: null,
    mergeTreeSha: null,
    labels: [],
    ...change,
  };
}

export function githubFacts(repository: RepositoryRef, pull: PullFacts): GitHubFacts {
  return { repository: { ...repository, defaultBranch: 'main', archived: false, ownerId: 7 }, pull };
}

export function newRun(
  kind: 'plan' | 'apply',
  pull: number,
  dirs: readonly string[],
  change: Partial<NewRun> = {},
): NewRun {
  return {
    id: randomUUID(),
    kind,
    pull,
    headSha: SHA,
    baseSha: BASE,
    baseRef: 'main',
    environment: null,
    runsOn: null,
    flags: [],
    requestedBy: { id: 1, login: 'ann' },
    requestedAt: 1_700_000_000_000,
    autoapprove: false,
    force: false,
    discovers: null,
    targets: dirs.map((dir, index) => ({ index, dir, workspace: 'default', planId: randomUUID() })),
    settings: dirs.map((_, index) => ({
      index,
      engine: 'terraform',
      version: null,
      createWorkspace: false,
    })) as NewRun['settings'],
    parallel: 2,
    configDigest: '',
    ...change,
  };
}

export function decision(intents: readonly Intent[], change: Partial<Decision> = {}): Decision {
  return { reason: 'plan-started', trace: [], assumptions: [], intents, ...change };
}

export function dirspaces(...dirs: readonly string[]): readonly Dirspace[] {
  return dirs.map((dir) => ({ dir, workspace: 'default' }));
}

/** Deliver an event of the pull request, take it, and commit the decision: the whole way in one call. */
export async function decide(
  db: Db,
  repository: RepositoryRef,
  pull: number,
  made: Decision,
  facts: Partial<PullFacts> = {},
): Promise<CommitAnswer> {
  const event = pullEvent(repository, pull);
  await deliver(db, event);
  const lease = await mustLease(db);
  return commitDecision(db, {
    lease,
    event,
    decision: made,
    github: githubFacts(repository, pullFacts(pull, facts)),
    planLifeMs: PLAN_LIFE_MS,
  });
}

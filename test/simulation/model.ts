import { decide as realDecide } from '../../src/decision/decide.ts';
import { triage } from '../../src/decision/triage.ts';
import type { Decision, Intent } from '../../src/domain/decision.ts';
import { dirspaceKey } from '../../src/domain/dirspace.ts';
import { type Actor, type Event, subjectOf } from '../../src/domain/event.ts';
import { known } from '../../src/domain/known.ts';
import {
  type DirspaceResult,
  isActive,
  type LockClaim,
  type Run,
  type ShownPlan,
  type StoredPlan,
} from '../../src/domain/run.ts';
import type { OurFacts, Permission, PullFacts, Review, RunReport, Snapshot } from '../../src/domain/snapshot.ts';
import { discovery, REPOSITORY, WORKFLOW } from '../decision/build.ts';

/** What GitHub would say of a pull request, and what only the model knows of it. */
export interface ModelPull {
  facts: PullFacts;
  dirs: readonly string[];
  reviews: Review[];
}

export interface Applied {
  readonly pull: number;
  readonly dir: string;
  readonly run: string;
  readonly at: number;
}

/** An event on its way; the model delivers in any order that keeps each subject's own. */
export interface Waiting {
  readonly event: Event;
  readonly at: number;
  readonly key: string | null;
}

export type Decide = (snapshot: Snapshot, event: Event) => Decision;

/**
 * A small world in memory: GitHub's facts on one side, our rows on the other. Intents are carried out as the store does,
 * assumptions are looked at again; nothing is rendered and nothing is sent.
 */
export class Model {
  now = 1_800_000_000_000;
  config = '';
  dirs: readonly string[] = ['a', 'b', 'c'];
  readonly pulls = new Map<number, ModelPull>();
  readonly permissions = new Map<string, Permission>();
  appliesPaused = false;
  base = sha(0, 'b');
  /** Every tree is named after what went into it, so that the same merge is the same tree. */
  readonly runs = new Map<string, Run>();
  readonly manifests = new Map<string, 'withheld' | 'released' | 'refused'>();
  readonly reports = new Map<string, RunReport>();
  readonly plans = new Map<string, StoredPlan>();
  readonly results = new Map<string, DirspaceResult & { pull: number }>();
  locks: LockClaim[] = [];
  readonly state = new Map<string, number>();
  readonly applied: Applied[] = [];
  readonly waiting: Waiting[] = [];
  readonly timers = new Map<string, Waiting>();
  readonly done = new Set<string>();
  readonly decisions: { readonly event: Event; readonly decision: Decision; readonly snapshot: Snapshot }[] = [];
  readonly replies: { readonly pull: number; readonly key: string; readonly body: string }[] = [];
  #ids = 0;
  #decide: Decide;

  constructor(decide: Decide = realDecide) {
    this.#decide = decide;
  }

  tick(ms = 1_000): void {
    this.now += ms;
  }

  openPull(number: number, dirs: readonly string[], author: Actor, more: Partial<PullFacts> = {}): void {
    const headSha = sha(number * 100, 'a');
    const facts: PullFacts = {
      number,
      state: 'open',
      draft: false,
      title: `Change ${dirs.join(', ')}`,
      author,
      headSha,
      headRef: `branch-${number}`,
      headRepositoryId: REPOSITORY.repositoryId,
      baseSha: this.base,
      baseRef: 'main',
      mergedAt: null,
      mergeCommitSha: null,
      mergeTreeSha: null,
      labels: [],
      ...more,
    };
    this.pulls.set(number, { facts, dirs, reviews: [] });
    this.send({ kind: 'pull', action: 'opened', repository: REPOSITORY, pull: number, headSha, sender: author });
  }

  push(number: number, sender: Actor, dirs?: readonly string[]): void {
    const pull = this.pull(number);
    const count = Number.parseInt(pull.facts.headSha.slice(0, 12), 16) + 1;
    pull.facts = { ...pull.facts, headSha: sha(count, 'a'), baseSha: this.base };
    pull.dirs = dirs ?? pull.dirs;
    const { headSha } = pull.facts;
    this.send({ kind: 'pull', action: 'synchronize', repository: REPOSITORY, pull: number, headSha, sender });
  }

  /** Merged by a person or by us: the base moves, and GitHub tells of both. */
  merge(number: number, sender: Actor): void {
    const pull = this.pull(number);
    const before = this.base;
    const tree = this.treeOf(pull);
    this.base = sha(Number.parseInt(this.base.slice(0, 12), 16) + 1, 'b');
    pull.facts = { ...pull.facts, state: 'merged', mergedAt: this.now, mergeCommitSha: this.base, mergeTreeSha: tree };
    this.send({
      kind: 'pull',
      action: 'closed',
      repository: REPOSITORY,
      pull: number,
      headSha: pull.facts.headSha,
      sender,
    });
    const heads = new Set([...(this.baseTrees.get(before)?.heads ?? []), pull.facts.headSha]);
    this.baseTrees.set(this.base, { tree, heads });
    this.baseDirs.set(this.base, [...(this.baseDirs.get(before) ?? []), pull.dirs]);
    this.send({ kind: 'push', repository: REPOSITORY, branch: 'main', before, after: this.base, sender });
  }

  /** What every merge up to a base changed, in order. */
  readonly baseDirs = new Map<string, readonly (readonly string[])[]>();

  close(number: number, sender: Actor): void {
    const pull = this.pull(number);
    pull.facts = { ...pull.facts, state: 'closed' };
    this.send({
      kind: 'pull',
      action: 'closed',
      repository: REPOSITORY,
      pull: number,
      headSha: pull.facts.headSha,
      sender,
    });
  }

  reopen(number: number, sender: Actor): void {
    const pull = this.pull(number);
    pull.facts = { ...pull.facts, state: 'open' };
    this.send({
      kind: 'pull',
      action: 'reopened',
      repository: REPOSITORY,
      pull: number,
      headSha: pull.facts.headSha,
      sender,
    });
  }

  review(number: number, author: Actor, state: Review['state'] = 'APPROVED'): void {
    const pull = this.pull(number);
    const canWrite = this.permissions.get(author.login) !== 'read';
    pull.reviews.push({
      id: this.nextNumber(),
      author,
      state,
      commitSha: pull.facts.headSha,
      submittedAt: this.now,
      canWrite,
    });
    this.send({ kind: 'review', action: 'submitted', repository: REPOSITORY, pull: number, sender: author });
  }

  /** `lateBy`: so long ago it was made; GitHub's deliveries may be slow, or lost and recovered. */
  comment(number: number, author: Actor, body: string, lateBy = 0): void {
    const commentId = this.nextNumber();
    this.send({
      kind: 'comment',
      repository: REPOSITORY,
      pull: number,
      commentId,
      body,
      author,
      createdAt: this.now - lateBy,
    });
  }

  send(event: Event, key: string | null = null): void {
    if (key !== null && this.done.has(key)) {
      return;
    }
    if (key !== null) {
      this.done.add(key);
    }
    this.waiting.push({ event, at: this.now, key });
  }

  /** Subjects with something to do; the order within one is kept. */
  heads(): readonly Waiting[] {
    const seen = new Set<string>();
    return this.waiting.filter(({ event }) => {
      const subject = subjectOf(event);
      const first = !seen.has(subject);
      seen.add(subject);
      return first;
    });
  }

  /** Handle one waiting event: triage, observe, decide, commit. */
  handle(one: Waiting): Decision | null {
    this.waiting.splice(this.waiting.indexOf(one), 1);
    const triaged = triage(one.event, { botId: 99 });
    if (triaged.do === 'ignore') {
      return null;
    }
    const snapshot = this.snapshot(one.event);
    const decision = this.#decide(snapshot, one.event);
    if (!this.holds(decision)) {
      this.waiting.unshift(one);
      throw new Error(`an assumption of ${decision.reason} does not hold although nobody else was at work`);
    }
    this.decisions.push({ event: one.event, decision, snapshot });
    for (const intent of [...decision.intents].sort((a, b) => (ORDER[a.do] ?? 5) - (ORDER[b.do] ?? 5))) {
      this.carryOut(intent);
    }
    return decision;
  }

  /** Handle everything that waits, the oldest first. */
  settle(limit = 2_000): void {
    for (let steps = 0; this.waiting.length > 0; steps += 1) {
      if (steps > limit) {
        throw new Error(`${this.waiting.length} events do not settle: ${this.waiting[0]?.event.kind}`);
      }
      const [first] = this.heads();
      if (first !== undefined) {
        this.handle(first);
      }
      this.tick(10);
    }
  }

  /** Let everything happen: events, runs that claim and report, until nothing is left to do. */
  quiesce(limit = 500): void {
    for (let rounds = 0; rounds < limit; rounds += 1) {
      this.settle();
      const active = [...this.runs.values()].find((run) => isActive(run.state));
      if (active === undefined) {
        return;
      }
      this.tick();
      this.advance(active.id);
    }
    throw new Error('the runs do not come to an end');
  }

  /** One step of a run on GitHub: dispatched, claimed, (decided again,) running, reported. */
  advance(id: string, outcome: 'good' | 'failed' | 'no-changes' = 'good'): void {
    const run = this.runs.get(id);
    if (run === undefined || !isActive(run.state) || this.killed.has(id)) {
      return;
    }
    if (run.state === 'queued') {
      this.set(run, { state: 'dispatched', dispatchedAt: this.now });
    } else if (run.state === 'dispatched') {
      const state = run.kind === 'plan' ? 'running' : 'claimed';
      this.set(run, { state, claimedAt: this.now, heartbeatAt: this.now });
      if (run.kind === 'apply') {
        this.manifests.set(id, 'withheld');
        this.send({ kind: 'apply-claimed', repository: REPOSITORY, pull: run.pull, run: id });
      }
    } else if (run.state === 'running' && !this.reports.has(id)) {
      this.report(run, outcome);
    }
  }

  report(run: Run, outcome: 'good' | 'failed' | 'no-changes'): void {
    const pull = this.pull(run.pull);
    const outcomes = run.targets.map((target) => {
      const planning = run.kind === 'plan';
      const good = outcome === 'no-changes' ? ('no-changes' as const) : ('planned' as const);
      const state =
        outcome === 'failed'
          ? planning
            ? ('plan-failed' as const)
            : ('apply-failed' as const)
          : planning
            ? good
            : ('applied' as const);
      const serial = this.state.get(dirspaceKey(target)) ?? 0;
      if (state === 'planned') {
        this.storePlan(run, target.planId, pull, serial);
      }
      if (!planning) {
        this.state.set(dirspaceKey(target), serial + 1);
        this.lastApplies.set(dirspaceKey(target), this.now);
        this.applied.push({ pull: run.pull, dir: target.dir, run: run.id, at: this.now });
      }
      return {
        index: target.index,
        state,
        digest: `digest-${target.dir}-${run.headSha}-${serial}`,
        planStored: state === 'planned',
        serial,
      };
    });
    if (run.kind === 'apply') {
      this.set(run, { begun: true });
    }
    this.reports.set(run.id, { runId: run.id, treeSha: this.treeOf(pull), problem: null, outcomes });
    this.send({ kind: 'run-reported', repository: REPOSITORY, pull: run.pull, run: run.id });
  }

  /** Runs whose job is gone on GitHub, with GitHub's conclusion. */
  readonly killed = new Map<string, string>();

  /** The job dies: it never reports, and GitHub says that it is over. An apply may have begun to change things. */
  kill(id: string, conclusion: string, begun: boolean): void {
    const run = this.runs.get(id);
    if (run === undefined || !isActive(run.state) || this.reports.has(id)) {
      return;
    }
    this.killed.set(id, conclusion);
    if (begun && run.kind === 'apply' && run.state === 'running') {
      this.set(run, { begun: true });
      for (const target of run.targets) {
        this.state.set(dirspaceKey(target), (this.state.get(dirspaceKey(target)) ?? 0) + 1);
        this.lastApplies.set(dirspaceKey(target), this.now);
      }
    }
    this.send({ kind: 'run-silent', repository: REPOSITORY, pull: run.pull, run: id });
  }

  /** The serial that each stored plan was made on; a plan of an older state must never be applied. */
  readonly planSerials = new Map<string, number>();
  /** What each plan would do: an erased plan leaves this. */
  readonly digests = new Map<string, { readonly headSha: string; readonly digest: string }>();

  storePlan(run: Run, planId: string, pull: ModelPull, serial: number): void {
    const plan = this.plans.get(planId);
    if (plan === undefined || plan.state === 'erased') {
      return;
    }
    this.planSerials.set(planId, serial);
    const facts = {
      headSha: run.headSha,
      baseSha: run.baseSha,
      treeSha: this.mergedTree(run.headSha, run.baseSha),
      backendFingerprint: 'local',
      tool: 'terraform',
      toolVersion: '1',
      toolSha256: '0'.repeat(64),
      lockFileSha256: '',
      flags: run.flags,
      configDigest: this.configDigests.get(run.id) ?? '',
      planSha256: '1'.repeat(64),
      planBytes: 1,
      digest: `digest-${plan.dir}-${run.headSha}-${serial}`,
      lineage: plan.dir,
      serial,
    };
    this.plans.set(planId, { ...plan, state: 'stored', facts });
    this.digests.set(planId, { headSha: facts.headSha, digest: facts.digest });
    void pull;
  }

  readonly lastApplies = new Map<string, number>();
  readonly configDigests = new Map<string, string>();

  snapshot(event: Event): Snapshot {
    const number = 'pull' in event ? event.pull : 'run' in event ? this.runs.get(event.run)?.pull : undefined;
    const pull = number === undefined ? undefined : this.pulls.get(number);
    const configText = this.config === '' ? null : { path: '.plumbline/config.yml', text: this.config };
    const report = 'run' in event ? (this.reports.get(event.run) ?? null) : null;
    return {
      now: this.now,
      freshIds: Array.from({ length: 40 }, () => this.nextId()),
      app: { appId: 77, botId: 99, botLogin: 'plumbline[bot]', slug: 'plumbline' },
      limits: { planLifeMs: 14 * 86_400_000 },
      ours: this.ours(number ?? -1, report),
      github: {
        repository: { ...REPOSITORY, defaultBranch: 'main', archived: false, ownerId: 5 },
        ...(pull === undefined ? {} : { pull: this.pullFacts(pull) }),
        changedFiles: known((pull?.dirs ?? []).map((dir) => ({ path: `${dir}/main.tf`, status: 'modified' as const }))),
        files: known(['README.md', ...this.dirs.map((dir) => `${dir}/main.tf`)]),
        configHead: known(configText),
        configDefault: known(configText),
        workflowFile: known(WORKFLOW),
        permissions: Object.fromEntries([...this.permissions].map(([login, permission]) => [login, known(permission)])),
        mergeable: 'MERGEABLE',
        reviewDecision: null,
        reviewsRequested: 0,
        reviews: known([...(pull?.reviews ?? [])]),
        lastPusher: known(null),
        checks: known([]),
        rules: known({ requiredChecks: [], mergeQueue: false }),
        baseFilesSince: this.baseFilesSince(),
        ...('run' in event ? this.actionsFact(event.run) : {}),
      },
    };
  }

  /** As after a discovery that found no module. */
  moduleIndex(number: number): OurFacts['moduleIndex'] {
    const pull = this.pulls.get(number);
    if (pull === undefined) {
      return null;
    }
    const { headSha, state, mergeCommitSha } = pull.facts;
    const baseSha = state === 'merged' ? (mergeCommitSha ?? this.base) : this.base;
    return discovery({ headSha, baseSha, treeSha: this.mergedTree(headSha, baseSha) });
  }

  readonly unlockedAt = new Map<number, number>();

  ourPull(number: number): OurFacts['pull'] {
    const facts = this.pulls.get(number)?.facts;
    if (facts === undefined) {
      return null;
    }
    const { headSha, baseRef, state } = facts;
    return {
      number,
      headSha,
      baseRef,
      state,
      firstAppliedAt: null,
      unlockedAt: this.unlockedAt.get(number) ?? null,
      byItself: this.byItself.get(number) ?? false,
    };
  }

  pullFacts(pull: ModelPull): PullFacts {
    const { facts } = pull;
    return { ...facts, baseSha: facts.state === 'open' ? this.base : facts.baseSha, mergeTreeSha: this.treeOf(pull) };
  }

  actionsFact(run: string) {
    const conclusion = this.killed.get(run);
    const status = conclusion === undefined ? 'in_progress' : 'completed';
    return { actionsRun: known({ id: 1, status, conclusion: conclusion ?? null }) };
  }

  ours(number: number, report: RunReport | null): OurFacts {
    const runs = [...this.runs.values()];
    const results = [...this.results.values()];
    return {
      installation: { id: 1, state: 'active', paused: false },
      repositoryPaused: false,
      appliesPaused: this.appliesPaused,
      pull: this.ourPull(number),
      runs: runs.filter((run) => run.pull === number),
      results: results.filter((one) => one.pull === number),
      plans: [...this.plans.values()].filter((plan) => plan.pull === number),
      shownPlans: this.shownPlans(number),
      locks: this.locks,
      others: results.filter((one) => one.pull !== number && this.pulls.get(one.pull)?.facts.state === 'open'),
      moduleIndex: this.moduleIndex(number),
      openPulls: [...this.pulls.values()]
        .filter(({ facts }) => facts.state === 'open')
        .map(({ facts }) => ({ number: facts.number, baseRef: facts.baseRef, headSha: facts.headSha })),
      report,
      discovery: null,
      recentlyRefused: [],
      lastApplies: [...this.lastApplies].map(([key, at]) => {
        const [dir = '', workspace = ''] = key.split('\u0000');
        return { dir, workspace, at };
      }),
      busy: runs
        .filter((run) => run.pull !== number && isActive(run.state))
        .flatMap((run) =>
          run.targets.map(({ dir, workspace }) => ({ dir, workspace, pull: run.pull, run: run.id, kind: run.kind })),
        ),
    };
  }

  shown(plan: string) {
    return this.digests.get(plan) ?? { headSha: '', digest: null };
  }

  shownPlans(number: number): readonly ShownPlan[] {
    return [...this.plans.values()]
      .flatMap(({ id, pull, dir, workspace, publishedAt }) =>
        pull !== number || publishedAt === null ? [] : [{ dir, workspace, at: publishedAt, ...this.shown(id) }],
      )
      .sort((a, b) => a.at - b.at);
  }

  /** Which files each earlier base lacks of the base of now. */
  baseFilesSince() {
    const whole = this.baseDirs.get(this.base) ?? [];
    const since = [[sha(0, 'b'), [] as readonly (readonly string[])[]] as const, ...this.baseDirs];
    return Object.fromEntries(
      since.map(([base, merged]) => {
        const dirs = new Set(whole.slice(merged.length).flat());
        return [base, known([...dirs].map((dir) => ({ path: `${dir}/main.tf`, status: 'modified' as const })))];
      }),
    );
  }

  /** Trees of commits on the base branch, and which heads they contain. */
  readonly baseTrees = new Map<string, { readonly tree: string; readonly heads: ReadonlySet<string> }>();

  mergedTree(head: string, base: string): string {
    const known = this.baseTrees.get(base);
    return known?.heads.has(head) === true ? known.tree : treeName(head, base);
  }

  /** The tree of a merge of head and base; of a merged pull request, what it was merged as. */
  treeOf(pull: ModelPull): string {
    const { facts } = pull;
    return facts.state === 'merged' && facts.mergeTreeSha !== null
      ? facts.mergeTreeSha
      : treeName(facts.headSha, this.base);
  }

  holds(decision: Decision): boolean {
    const stands = (assumption: Decision['assumptions'][number]): boolean => {
      if (assumption.that === 'installation-active') {
        return true;
      }
      switch (assumption.that) {
        case 'no-active-run':
          return !this.activeTargets(assumption.kind).some((key) =>
            assumption.dirspaces.map(dirspaceKey).includes(key),
          );
        case 'run-state':
          return assumption.states.includes(this.runs.get(assumption.run)?.state ?? 'vanished');
        case 'plan-stored':
          return assumption.plans.every((plan) => this.plans.get(plan)?.state === 'stored');
        case 'lock-free':
          return assumption.dirspaces.every((dirspace) =>
            this.locks.every((claim) => claim.pull === assumption.pull || dirspaceKey(claim) !== dirspaceKey(dirspace)),
          );
      }
    };
    return decision.assumptions.every(stands);
  }

  activeTargets(kind: 'apply' | 'any'): readonly string[] {
    return [...this.runs.values()]
      .filter((run) => isActive(run.state) && (kind === 'any' || run.kind === kind))
      .flatMap((run) => run.targets.map(dirspaceKey));
  }

  carryOut(intent: Intent): void {
    switch (intent.do) {
      case 'start-run':
        this.startRun(intent.run);
        return;
      case 'end-run':
        this.endRun(intent.run, intent.state);
        return;
      case 'release-manifest': {
        const run = this.runs.get(intent.run);
        if (run?.state === 'claimed') {
          this.manifests.set(intent.run, 'released');
          this.set(run, { state: 'running' });
        }
        return;
      }
      case 'refuse-manifest':
        this.manifests.set(intent.run, 'refused');
        return;
      case 'record-report':
        this.record(intent.run, intent.superseded);
        return;
      case 'erase-plans':
        for (const id of intent.plans) {
          const plan = this.plans.get(id);
          if (plan !== undefined) {
            this.plans.set(id, { ...plan, state: 'erased', erasedBecause: intent.reason, facts: null });
          }
        }
        return;
      case 'claim-locks':
        this.claimLocks(intent);
        return;
      case 'release-locks': {
        const keys = intent.dirspaces === 'all' ? null : new Set(intent.dirspaces.map(dirspaceKey));
        if (keys === null || intent.byPerson === true) {
          this.unlockedAt.set(intent.pull, this.now);
        }
        this.locks = this.locks.filter(
          (claim) => claim.pull !== intent.pull || (keys !== null && !keys.has(dirspaceKey(claim))),
        );
        return;
      }
      case 'set-timer':
        this.timers.set(intent.key, { event: intent.event, at: intent.at, key: null });
        return;
      case 'clear-timer':
        this.timers.delete(intent.key);
        return;
      case 'emit':
        this.send(intent.event, intent.key);
        return;
      case 'publish':
        this.publish(intent.pull);
        return;
      case 'reply':
        if (!this.replies.some((reply) => reply.key === intent.key)) {
          this.replies.push(intent);
        }
        return;
      case 'merge':
        if (this.pull(intent.pull).facts.state === 'open' && this.pull(intent.pull).facts.headSha === intent.headSha) {
          this.merge(intent.pull, { id: 99, login: 'plumbline[bot]', bot: true });
        }
        return;
      case 'save-change':
        this.byItself.set(intent.pull, intent.byItself ?? this.byItself.get(intent.pull) ?? false);
        return;
      // What people see, and what only the database keeps.
      case 'approve-gates':
      case 'audit':
      case 'cancel-actions-run':
      case 'check':
      case 'dispatch':
      case 'note-actions-run':
      case 'react':
      case 'save-installation':
      case 'save-merge-group':
      case 'save-needs':
      case 'save-review':
        return;
    }
  }

  startRun(run: Extract<Intent, { do: 'start-run' }>['run']): void {
    const { settings: _settings, parallel: _parallel, configDigest, ...rest } = run;
    this.configDigests.set(run.id, configDigest);
    this.runs.set(run.id, {
      ...rest,
      state: 'queued',
      repositoryId: REPOSITORY.repositoryId,
      createdAt: this.now,
      dispatchedAt: null,
      claimedAt: null,
      heartbeatAt: null,
      endedAt: null,
      githubRunId: null,
      githubStatus: null,
      begun: false,
      endReason: null,
    });
    if (run.kind === 'plan') {
      for (const { dir, workspace, planId } of run.targets) {
        this.plans.set(planId, {
          id: planId,
          runId: run.id,
          dir,
          workspace,
          pull: run.pull,
          state: 'expected',
          erasedBecause: null,
          createdAt: this.now,
          publishedAt: null,
          expiresAt: this.now + 14 * 86_400_000,
          facts: null,
        });
      }
    }
  }

  endRun(id: string, state: Run['state']): void {
    const run = this.runs.get(id);
    if (run === undefined || run.endedAt !== null) {
      return;
    }
    this.set(run, { state, endedAt: this.now });
    for (const plan of [...this.plans.values()].filter((one) => one.runId === id && one.state === 'expected')) {
      this.plans.set(plan.id, { ...plan, state: 'erased', erasedBecause: 'run-failed' });
    }
    if (state === 'unknown') {
      for (const target of run.targets) {
        this.saveResult(run, target, 'unknown', null);
      }
    }
  }

  record(id: string, superseded: boolean): void {
    const run = this.runs.get(id);
    const report = this.reports.get(id);
    if (run === undefined || report === undefined || superseded) {
      return;
    }
    for (const outcome of report.outcomes) {
      const target = run.targets.find((one) => one.index === outcome.index);
      if (target !== undefined) {
        this.saveResult(run, target, outcome.state, outcome.digest);
      }
    }
    if (run.kind === 'apply') {
      this.carryOut({ do: 'erase-plans', plans: run.targets.map((target) => target.planId), reason: 'plan-used' });
    }
  }

  saveResult(run: Run, target: Run['targets'][number], state: DirspaceResult['state'], digest: string | null): void {
    this.results.set(`${run.pull} ${dirspaceKey(target)}`, {
      dir: target.dir,
      workspace: target.workspace,
      pull: run.pull,
      runId: run.id,
      kind: run.kind,
      state,
      headSha: run.headSha,
      baseSha: run.baseSha,
      digest,
      planId: target.planId,
      addresses: [],
      counts: null,
      riskPoints: 0,
      endedAt: this.now,
    });
  }

  claimLocks(intent: Extract<Intent, { do: 'claim-locks' }>): void {
    for (const dirspace of intent.dirspaces) {
      const before = this.locks.find(
        (claim) => claim.pull === intent.pull && dirspaceKey(claim) === dirspaceKey(dirspace),
      );
      this.locks = this.locks.filter((claim) => claim !== before);
      this.locks.push({
        ...dirspace,
        pull: intent.pull,
        baseRef: intent.baseRef,
        mergedAt: before?.mergedAt ?? intent.mergedAt,
        appliedAt: before?.appliedAt ?? intent.appliedAt,
        claimedAt: before?.claimedAt ?? this.now,
      });
    }
  }

  readonly byItself = new Map<number, boolean>();

  publish(number: number): void {
    const shown = [...this.plans.values()].filter(
      (plan) => plan.pull === number && plan.state === 'stored' && plan.publishedAt === null,
    );
    for (const plan of shown) {
      this.plans.set(plan.id, { ...plan, publishedAt: this.now });
    }
    if (shown.length > 0 && this.byItself.get(number) === true) {
      this.send({ kind: 'reconsider', repository: REPOSITORY, pull: number, because: 'plan-shown' });
    }
  }

  set(run: Run, more: Partial<Run>): void {
    this.runs.set(run.id, { ...(this.runs.get(run.id) ?? run), ...more });
  }

  pull(number: number): ModelPull {
    const pull = this.pulls.get(number);
    if (pull === undefined) {
      throw new Error(`no pull request ${number}`);
    }
    return pull;
  }

  nextNumber(): number {
    this.#ids += 1;
    return this.#ids;
  }

  nextId(): string {
    return `00000000-0000-4000-8000-${this.nextNumber().toString(16).padStart(12, '0')}`;
  }
}

/** Frees before takes, as the store orders them. */
const ORDER: Partial<Record<Intent['do'], number>> = {
  'record-report': 0,
  'end-run': 1,
  'erase-plans': 1,
  'release-locks': 2,
  'start-run': 4,
  'release-manifest': 4,
  'claim-locks': 4,
  emit: 9,
  merge: 10,
};

function treeName(head: string, base: string): string {
  return `${head.slice(0, 12)}${base.slice(0, 12)}`.padEnd(40, '7');
}

/** A commit id that can be counted on. */
export function sha(number: number, fill: string): string {
  return number.toString(16).padStart(12, '0') + fill.repeat(28);
}

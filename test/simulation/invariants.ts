import { isHolding } from '../../src/decision/locks.ts';
import type { Decision } from '../../src/domain/decision.ts';
import { dirspaceKey } from '../../src/domain/dirspace.ts';
import type { Event } from '../../src/domain/event.ts';
import { REASONS } from '../../src/domain/reason.ts';
import { isActive, type Run, type StoredPlan } from '../../src/domain/run.ts';
import type { Model } from './model.ts';

/** What must hold whatever happens, asked with other words than the rules'. Throws an Error that says what is broken. */
export class Invariants {
  readonly #model: Model;
  readonly #approvalsNeeded: number;
  #appliedSeen = 0;

  constructor(model: Model, approvalsNeeded: number) {
    this.#model = model;
    this.#approvalsNeeded = approvalsNeeded;
  }

  /** After one event was handled. `locksBefore`: the claims as they were when it was decided. */
  afterDecision(event: Event, decision: Decision): void {
    check(Object.hasOwn(REASONS, decision.reason), `no text for ${decision.reason}`);
    for (const { reason } of decision.trace) {
      check(Object.hasOwn(REASONS, reason), `no text for ${reason}`);
    }
    for (const intent of decision.intents) {
      if (intent.do === 'start-run' && intent.run.kind === 'apply') {
        this.#mayHold(intent.run.pull, intent.run.targets.map(dirspaceKey), event);
      }
      if (intent.do === 'release-manifest') {
        const run = this.#model.runs.get(intent.run);
        check(run !== undefined, 'a manifest of no run was released');
        if (run !== undefined && run.kind === 'apply') {
          this.#mayApply(run);
        }
      }
      if (intent.do === 'record-report' && !intent.superseded) {
        const state = this.#model.runs.get(intent.run)?.state;
        check(state !== 'superseded' && state !== 'cancelled', `the report of a run that is ${state} counts`);
        const seen = this.#model.decisions.filter((one) =>
          one.decision.intents.some(
            (other) => other.do === 'record-report' && other.run === intent.run && !other.superseded,
          ),
        );
        check(seen.length === 1, `the report of ${intent.run} counted twice`);
      }
    }
    this.afterStep();
  }

  /** After anything at all. */
  afterStep(): void {
    const { runs, applied, locks, plans } = this.#model;
    const applying = [...runs.values()].filter((run) => run.kind === 'apply' && isActive(run.state));
    const keys = applying.flatMap((run) => run.targets.map(dirspaceKey));
    check(new Set(keys).size === keys.length, 'two applies are at work on one dirspace');
    const planning = [...runs.values()].filter((run) => run.kind === 'plan' && isActive(run.state));
    const planned = planning.flatMap((run) => run.targets.map((target) => `${run.pull} ${dirspaceKey(target)}`));
    check(new Set(planned).size === planned.length, 'two plans of one pull request are at work on one dirspace');
    for (const one of applied.slice(this.#appliedSeen)) {
      const run = runs.get(one.run);
      check(run !== undefined && this.#model.manifests.get(one.run) === 'released', 'applied without a manifest');
      const plan = [...plans.values()].find((candidate) =>
        run?.targets.some((target) => target.planId === candidate.id && candidate.dir === one.dir),
      );
      check(plan !== undefined || run?.autoapprove === true, 'applied without a plan');
      const now = this.#model.state.get(dirspaceKey({ dir: one.dir, workspace: 'default' })) ?? 0;
      const made = plan === undefined ? now - 1 : this.#model.planSerials.get(plan.id);
      check(
        made === now - 1,
        `#${one.pull} applied a plan of ${one.dir} that was made on serial ${made}, at ${now - 1}`,
      );
    }
    this.#appliedSeen = applied.length;
    const claims = locks.map((claim) => `${claim.pull} ${dirspaceKey(claim)}`);
    check(new Set(claims).size === claims.length, 'one pull request has two claims on one dirspace');
  }

  /** When nothing is at work any more. */
  atRest(): void {
    const { runs, locks, pulls, plans, applied } = this.#model;
    check(![...runs.values()].some((run) => isActive(run.state)), 'a run never ends');
    for (const plan of plans.values()) {
      check(
        plan.state !== 'expected' || this.#model.killed.has(plan.runId) || !isOver(runs.get(plan.runId)),
        `plan ${plan.id} of an ended run is still expected`,
      );
      const state = pulls.get(plan.pull)?.facts.state;
      check(plan.state !== 'stored' || state !== 'closed', 'a closed pull request keeps a plan');
      check(
        plan.state !== 'stored' || plan.facts?.headSha === pulls.get(plan.pull)?.facts.headSha || state !== 'open',
        `#${plan.pull} keeps a plan of an older commit: ${plan.dir}`,
      );
    }
    for (const claim of locks) {
      const pull = pulls.get(claim.pull);
      if (isHolding(claim)) {
        const did = applied.some((one) => one.pull === claim.pull) || this.#began(claim.pull);
        check(did || claim.mergedAt !== null, `#${claim.pull} holds ${claim.dir} and never applied anything`);
        continue;
      }
      check(pull?.facts.state !== 'closed', `#${claim.pull} is closed and still waits`);
      const holders = locks.filter((other) => isHolding(other) && other.pull !== claim.pull);
      const firstInLine = !locks.some(
        (other) => !isHolding(other) && dirspaceKey(other) === dirspaceKey(claim) && other.claimedAt < claim.claimedAt,
      );
      check(
        holders.length > 0 || !firstInLine || pull?.facts.draft === true,
        `#${claim.pull} waits for ${claim.dir}, which nobody holds, and was not told`,
      );
    }
    for (const claim of locks.filter((one) => one.appliedAt === null && one.mergedAt !== null)) {
      const policyless = this.#model.results.get(`${claim.pull} ${dirspaceKey(claim)}`);
      check(
        policyless?.state !== 'applied' || this.#leftOver(claim.pull),
        `#${claim.pull} applied all and keeps ${claim.dir}`,
      );
    }
    for (const one of applied) {
      const state = pulls.get(one.pull)?.facts.state;
      const held = locks.some((claim) => claim.pull === one.pull && claim.dir === one.dir && isHolding(claim));
      const given = this.#model.decisions.some((made) => made.decision.reason === 'unlocked');
      check(
        held || state === 'merged' || given,
        `#${one.pull} applied ${one.dir}, is not merged, and holds it no more`,
      );
    }
  }

  #began(pull: number): boolean {
    return [...this.#model.runs.values()].some((run) => run.pull === pull && run.kind === 'apply' && run.begun);
  }

  #leftOver(pull: number): boolean {
    const head = this.#model.pulls.get(pull)?.facts.headSha;
    const layered = this.#model.config.includes('depends_on');
    const done = this.#model.results.get(`${pull} ${dirspaceKey({ dir: 'b', workspace: 'default' })}`);
    if (layered && done?.state !== 'applied' && done?.state !== 'no-changes') {
      return true;
    }
    return [...this.#model.results.values()].some(
      (result) => result.pull === pull && (result.state !== 'applied' || result.headSha !== head),
    );
  }

  /** Nobody with an older right to the dirspace is passed over. */
  #mayHold(pull: number, keys: readonly string[], event: Event): void {
    const merged = (number: number) => this.#model.pulls.get(number)?.facts.mergedAt ?? null;
    for (const claim of this.#locksOf(event)) {
      if (claim.pull === pull || !isHolding(claim) || !keys.includes(dirspaceKey(claim))) {
        continue;
      }
      const mine = merged(pull);
      const theirs = claim.mergedAt;
      const first =
        theirs !== null ? mine !== null && mine <= theirs : mine !== null || this.#appliedBefore(pull, claim.pull);
      check(first, `#${pull} applies ${keys.join(', ')}, which #${claim.pull} holds`);
    }
  }

  #locksOf(event: Event) {
    const made = this.#model.decisions.findLast((one) => one.event === event);
    return made?.snapshot.ours.locks ?? [];
  }

  #appliedBefore(pull: number, other: number): boolean {
    const first = (number: number) =>
      Math.min(
        ...this.#model.locks.flatMap((claim) =>
          claim.pull === number && claim.appliedAt !== null ? [claim.appliedAt] : [],
        ),
      );
    return first(pull) <= first(other);
  }

  /** Permission, head, plan and approvals at the moment in which the plan's key is handed out. */
  #mayApply(run: Run): void {
    const pull = this.#model.pulls.get(run.pull);
    check(pull !== undefined, 'an apply of no pull request');
    if (pull === undefined) {
      return;
    }
    check(!this.#model.appliesPaused, 'applied while applies are paused');
    check(pull.facts.state !== 'closed', 'applied for a closed pull request');
    check(pull.facts.headSha === run.headSha, 'applied an older commit');
    const permission = this.#model.permissions.get(run.requestedBy.login);
    check(
      permission === 'write' || permission === 'maintain' || permission === 'admin',
      `${run.requestedBy.login} may not apply`,
    );
    for (const target of run.targets) {
      const plan = this.#model.plans.get(target.planId);
      check(run.autoapprove || plan?.state === 'stored', `the plan of ${target.dir} is gone`);
      check(
        run.autoapprove || (plan?.publishedAt ?? Number.POSITIVE_INFINITY) <= run.requestedAt + 1_000,
        'asked for before the plan was shown',
      );
      check(run.autoapprove || plan?.facts?.headSha === run.headSha, 'the plan is of another commit');
      const approvers = new Set(
        latest(pull.reviews)
          .filter(
            (review) =>
              review.state === 'APPROVED' &&
              review.canWrite &&
              review.author.id !== pull.facts.author.id &&
              review.commitSha === run.headSha,
          )
          .filter((review) => this.#sawDigest(plan, review.submittedAt))
          .map((review) => review.author.id),
      );
      const against = latest(pull.reviews).some((review) => review.state === 'CHANGES_REQUESTED' && review.canWrite);
      check(this.#approvalsNeeded === 0 || !against, 'applied although somebody requested changes');
      check(approvers.size >= this.#approvalsNeeded, `${approvers.size} of ${this.#approvalsNeeded} approvals`);
    }
  }

  /** Did the pull request show a plan with this content when somebody looked? */
  #sawDigest(plan: StoredPlan | undefined, at: number): boolean {
    const shown = [...this.#model.plans.values()]
      .filter(
        (one) =>
          one.pull === plan?.pull && one.dir === plan?.dir && one.publishedAt !== null && one.publishedAt < at + 1_000,
      )
      .sort((a, b) => (a.publishedAt ?? 0) - (b.publishedAt ?? 0))
      .at(-1);
    return this.#model.shown(shown?.id ?? '').digest === this.#model.shown(plan?.id ?? '').digest;
  }
}

function latest<T extends { readonly author: { readonly id: number }; readonly state: string }>(
  reviews: readonly T[],
): readonly T[] {
  return [
    ...new Map(
      reviews.filter((review) => review.state !== 'COMMENTED').map((review) => [review.author.id, review]),
    ).values(),
  ];
}

function isOver(run: Run | undefined): boolean {
  return run === undefined || !isActive(run.state);
}

function check(holds: boolean, message: string): void {
  if (!holds) {
    throw new Error(message);
  }
}

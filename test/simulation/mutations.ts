import { decide } from '../../src/decision/decide.ts';
import type { Decision, Intent } from '../../src/domain/decision.ts';
import type { Event } from '../../src/domain/event.ts';
import { known } from '../../src/domain/known.ts';
import type { PlanFacts } from '../../src/domain/run.ts';
import type { GitHubFacts, OurFacts, Snapshot } from '../../src/domain/snapshot.ts';
import { configDigestOf, planFacts } from '../decision/build.ts';
import { play } from './history.ts';
import type { Decide } from './model.ts';

/** A bug, planted: a rule that does not see what it must see, or whose word is not carried out. */
export interface Mutation {
  readonly name: string;
  readonly decide: Decide;
  /** Shows in so few histories that every test run can plant it. */
  readonly early?: boolean;
}

function blind(name: string, see: (snapshot: Snapshot, event: Event) => Snapshot): Mutation {
  return { name, decide: (snapshot, event) => decide(see(snapshot, event), event) };
}

function lost(name: string, isLost: (intent: Intent, snapshot: Snapshot, event: Event) => boolean): Mutation {
  const without = (decision: Decision, snapshot: Snapshot, event: Event): Decision => ({
    ...decision,
    intents: decision.intents.filter((intent) => !isLost(intent, snapshot, event)),
  });
  return { name, decide: (snapshot, event) => without(decide(snapshot, event), snapshot, event) };
}

const withOurs = (snapshot: Snapshot, more: Partial<OurFacts>): Snapshot => ({
  ...snapshot,
  ours: { ...snapshot.ours, ...more },
});
const withGitHub = (snapshot: Snapshot, more: Partial<GitHubFacts>): Snapshot =>
  snapshot.github === null ? snapshot : { ...snapshot, github: { ...snapshot.github, ...more } };

const factsOfNow = (snapshot: Snapshot): PlanFacts => {
  const pull = snapshot.github?.pull;
  const [headSha, baseSha, treeSha] = [pull?.headSha ?? '', pull?.baseSha ?? '', pull?.mergeTreeSha ?? ''];
  return planFacts({ headSha, baseSha, treeSha, configDigest: configDigestOf(snapshot) });
};
const headOf = (snapshot: Snapshot) => snapshot.github?.pull?.headSha ?? '';

const EARLY: ReadonlySet<string> = new Set([
  'permissions: everybody may write',
  'locks: nobody else is seen',
  'locks: never released',
  'plans: not erased',
  'runs: those at work are not seen',
  'kill switch: not seen',
  'approvals: none is required',
]);

/** One for each rule whose failing a history can show. */
const PLANTED: readonly Mutation[] = [
  blind('permissions: everybody may write', (snapshot) =>
    withGitHub(snapshot, {
      permissions: Object.fromEntries(
        Object.keys(snapshot.github?.permissions ?? {}).map((login) => [login, known('write' as const)]),
      ),
    }),
  ),
  blind('locks: nobody else is seen', (snapshot) =>
    withOurs(snapshot, {
      locks: snapshot.ours.locks.filter((claim) => claim.pull === snapshot.ours.pull?.number),
      others: [],
    }),
  ),
  blind('locks: the merge gives no rank', (snapshot) =>
    withOurs(snapshot, {
      locks: snapshot.ours.locks.map((claim) => ({
        ...claim,
        mergedAt: null,
        appliedAt: claim.appliedAt ?? claim.mergedAt,
      })),
    }),
  ),
  blind('locks: a place in line holds', (snapshot) =>
    withOurs(snapshot, {
      locks: snapshot.ours.locks.map((claim) => ({ ...claim, appliedAt: claim.appliedAt ?? claim.claimedAt })),
    }),
  ),
  blind('approvals: none is required', (snapshot) => {
    const config = snapshot.github?.configDefault;
    if (config?.known !== true || config.value === null) {
      return snapshot;
    }
    const text = known({
      ...config.value,
      text: config.value.text.replace('enabled: true, any_of_count', 'enabled: false, any_of_count'),
    });
    return withGitHub(snapshot, { configDefault: text, configHead: text });
  }),
  blind('approvals: the author counts', (snapshot) => {
    const pull = snapshot.github?.pull;
    return pull === undefined
      ? snapshot
      : withGitHub(snapshot, { pull: { ...pull, author: { ...pull.author, id: -1 } } });
  }),
  blind('approvals: every review is by somebody who may write', (snapshot) => {
    const reviews = snapshot.github?.reviews;
    return reviews?.known === true
      ? withGitHub(snapshot, { reviews: known(reviews.value.map((review) => ({ ...review, canWrite: true }))) })
      : snapshot;
  }),
  blind('approvals: changes requested later are not seen', (snapshot) => {
    const reviews = snapshot.github?.reviews;
    return reviews?.known === true
      ? withGitHub(snapshot, { reviews: known(reviews.value.filter((review) => review.state === 'APPROVED')) })
      : snapshot;
  }),
  blind('approvals: those of older commits count', (snapshot) => {
    const reviews = snapshot.github?.reviews;
    return reviews?.known === true
      ? withGitHub(snapshot, {
          reviews: known(
            reviews.value.map((review) => ({ ...review, commitSha: headOf(snapshot), submittedAt: snapshot.now })),
          ),
        })
      : snapshot;
  }),
  blind('plans: those of older commits are valid', (snapshot) => {
    const headSha = headOf(snapshot);
    return withOurs(snapshot, {
      results: snapshot.ours.results.map((result) => ({ ...result, headSha })),
      plans: snapshot.ours.plans.map((plan) =>
        plan.facts === null ? plan : { ...plan, facts: { ...plan.facts, headSha } },
      ),
    });
  }),
  blind('plans: applies by others do not make them stale', (snapshot) =>
    withOurs(snapshot, {
      lastApplies: [],
      locks: snapshot.ours.locks.map((claim) => (claim.appliedAt === null ? claim : { ...claim, appliedAt: 1 })),
    }),
  ),
  blind('plans: erased ones are valid', (snapshot) =>
    withOurs(snapshot, {
      plans: snapshot.ours.plans.map((plan) =>
        plan.state === 'erased' ? { ...plan, state: 'stored' as const, facts: factsOfNow(snapshot) } : plan,
      ),
    }),
  ),
  blind('commands: made before the plan was shown', (snapshot) =>
    withOurs(snapshot, {
      plans: snapshot.ours.plans.map((plan) => (plan.publishedAt === null ? plan : { ...plan, publishedAt: 1 })),
    }),
  ),
  blind('kill switch: not seen', (snapshot) => withOurs(snapshot, { appliesPaused: false })),
  blind('runs: those at work are not seen', (snapshot, event) =>
    withOurs(snapshot, { runs: snapshot.ours.runs.filter((run) => 'run' in event && run.id === event.run), busy: [] }),
  ),
  {
    name: 'claims: released without being decided again',
    decide: (snapshot, event) => {
      const decision = decide(snapshot, event);
      return event.kind === 'apply-claimed' && decision.intents.some((intent) => intent.do === 'refuse-manifest')
        ? { ...decision, intents: [{ do: 'release-manifest', run: event.run }] }
        : decision;
    },
  },
  {
    name: 'reports: late ones of plans count',
    decide: (snapshot, event) => {
      const decision = decide(snapshot, event);
      const counted = (intent: Intent): Intent =>
        intent.do === 'record-report' ? { ...intent, superseded: false } : intent;
      return { ...decision, intents: decision.intents.map(counted) };
    },
  },
  lost('locks: never released', (intent) => intent.do === 'release-locks'),
  lost('locks: never claimed', (intent) => intent.do === 'claim-locks'),
  {
    name: 'locks: released when closed after an apply',
    decide: (snapshot, event) => {
      const decision = decide(snapshot, event);
      return decision.reason === 'lock-kept-after-close' && 'pull' in event
        ? { ...decision, intents: [...decision.intents, { do: 'release-locks', pull: event.pull, dirspaces: 'all' }] }
        : decision;
    },
  },
  lost(
    'waiting line: never woken',
    (intent) => intent.do === 'emit' && intent.event.kind === 'reconsider' && intent.event.because === 'lock-freed',
  ),
  lost('plans: not erased', (intent) => intent.do === 'erase-plans'),
  lost(
    'runs: silent ones are not settled',
    (intent, _snapshot, event) => event.kind === 'run-silent' && intent.do === 'end-run',
  ),
  lost('runs: replaced ones go on', (intent) => intent.do === 'end-run' && intent.state === 'superseded'),
  lost(
    'runs: ended without a report being recorded',
    (intent) => intent.do === 'end-run' && intent.state === 'succeeded',
  ),
];

export const MUTATIONS: readonly Mutation[] = PLANTED.map((one) =>
  EARLY.has(one.name) ? { ...one, early: true } : one,
);

/** The first seed whose history shows the bug; undefined: none of so many. */
export function firstCatch(mutation: Mutation, seeds: number, steps: number): number | undefined {
  for (let seed = 1; seed <= seeds; seed += 1) {
    for (const disorder of [0, 1]) {
      try {
        play({ seed, steps, disorder, decide: mutation.decide });
      } catch {
        return seed;
      }
    }
  }
  return undefined;
}

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Change } from '../../src/domain/change.ts';
import { pullSubject, type RepositoryRef } from '../../src/domain/event.ts';
import { commitDecision } from '../../src/store/commit.ts';
import type { Database } from '../../src/store/database.ts';
import type { SubjectLease } from '../../src/store/inbox-lease.ts';
import { holderOf } from '../../src/store/locks.ts';
import { readOurFacts } from '../../src/store/our-facts.ts';
import { pullsWithHead } from '../../src/store/pull-rows.ts';
import { readRun } from '../../src/store/runs.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import {
  decide,
  decision,
  deliver,
  dirspaces,
  freshRepository,
  githubFacts,
  LEASE,
  mustLease,
  newRun,
  PLAN_LIFE_MS,
  pullEvent,
  pullFacts,
  SHA,
} from './store-world.ts';

describeDatabases('a commit', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  const drain = async () => {
    await database.db.deleteFrom('inbox_event').execute();
    await database.db.deleteFrom('subject').execute();
  };
  const applyOf = (pull: number, dir: string) => {
    const run = newRun('apply', pull, [dir]);
    return decision(
      [
        { do: 'start-run', run },
        { do: 'dispatch', run: run.id },
      ],
      {
        assumptions: [
          { that: 'installation-active' },
          { that: 'no-active-run', kind: 'apply', dirspaces: dirspaces(dir) },
          { that: 'lock-free', pull, dirspaces: dirspaces(dir) },
        ],
      },
    );
  };

  it('makes the whole decision true at once: state, trace, effects, timers, follow-ups, and the event done', async () => {
    const repository = await freshRepository(database.db);
    const run = newRun('plan', 1, ['prod', 'dev']);
    const follow = { kind: 'reconsider' as const, repository, pull: 2, because: 'lock-freed' as const };
    const answer = await decide(
      database.db,
      repository,
      1,
      decision([
        { do: 'start-run', run },
        { do: 'set-timer', key: `claim ${run.id}`, at: Date.now() + 60_000, event: follow },
        { do: 'emit', key: `freed ${run.id}`, event: follow },
        { do: 'audit', action: 'plan', actor: 'ann', detail: { run: run.id } },
        { do: 'dispatch', run: run.id },
        { do: 'publish', pull: 1, headSha: run.headSha },
        { do: 'reply', pull: 1, key: 'no', body: 'No.', refusedLogin: 'eve' },
      ]),
    );
    expect(answer).toBe('committed');
    const { ours } = await readOurFacts(database.db, pullEvent(repository));
    expect(ours).toMatchObject({
      installation: { state: 'active' },
      pull: { number: 1, state: 'open' },
      runs: [{ id: run.id, state: 'queued', targets: run.targets, requestedAt: run.requestedAt, begun: false }],
      plans: [{ state: 'expected' }, { state: 'expected' }],
      recentlyRefused: ['eve'],
    });
    const outbox = await database.db.selectFrom('outbox').select('intent').orderBy('id').execute();
    expect(outbox.map(({ intent }) => intent.do)).toEqual(['dispatch', 'publish', 'reply']);
    const lease = await mustLease(database.db);
    expect(lease.subject).toBe(pullSubject(repository.repositoryId, 2));
    await drain();
  });

  it('notes that somebody unlocked, also when it was a part only', async () => {
    const repository = await freshRepository(database.db);
    const claims = { do: 'claim-locks', pull: 1, baseRef: 'main', mergedAt: null, appliedAt: 5 } as const;
    await decide(database.db, repository, 1, decision([{ ...claims, dirspaces: dirspaces('prod', 'dev', 'test') }]));
    const after = async (more: { readonly byPerson?: true }, dir: string) => {
      const release = { do: 'release-locks', pull: 1, dirspaces: dirspaces(dir), ...more } as const;
      await decide(database.db, repository, 1, decision([release]));
      const { ours } = await readOurFacts(database.db, pullEvent(repository));
      return { held: ours.locks.map((lock) => lock.dir), unlocked: ours.pull?.unlockedAt != null };
    };
    expect(await after({}, 'dev')).toEqual({ held: ['prod', 'test'], unlocked: false });
    expect(await after({ byPerson: true }, 'prod')).toEqual({ held: ['test'], unlocked: true });
  });

  it('writes nothing under a lease that another has by now', async () => {
    const repository = await freshRepository(database.db);
    const event = pullEvent(repository);
    await deliver(database.db, event);
    const lease = await mustLease(database.db);
    const stale = { ...lease, token: 'somebody else' };
    const made = applyOf(1, 'prod');
    const commitment = {
      event,
      decision: made,
      github: githubFacts(repository, pullFacts(1)),
      planLifeMs: PLAN_LIFE_MS,
    };
    expect(await commitDecision(database.db, { ...commitment, lease: stale })).toBe('lost');
    expect(
      await database.db.selectFrom('run').selectAll().where('repository_id', '=', repository.repositoryId).execute(),
    ).toEqual([]);
    expect(await commitDecision(database.db, { ...commitment, lease })).toBe('committed');
    expect(await commitDecision(database.db, { ...commitment, lease })).toBe('lost');
  });

  it('lets one of two racing applies of a dirspace win, and tells the other what it assumed wrongly', async () => {
    for (let round = 0; round < 5; round += 1) {
      const repository = await freshRepository(database.db);
      const answers = await race(
        repository,
        [1, 2, 3].map((pull) => ({ pull, made: applyOf(pull, 'prod') })),
      );
      expect(answers.filter((answer) => answer === 'committed')).toHaveLength(1);
      for (const answer of answers.filter((other) => other !== 'committed')) {
        expect(answer).toMatchObject({ conflict: { that: 'no-active-run' } });
      }
      await drain();
    }
  });

  it('is held back by the unique index even where a decision assumed nothing', async () => {
    const repository = await freshRepository(database.db);
    const careless = (pull: number) => decision([{ do: 'start-run', run: newRun('apply', pull, ['prod']) }]);
    const answers = await race(
      repository,
      [1, 2].map((pull) => ({ pull, made: careless(pull) })),
    );
    expect(answers).toContain('committed');
    expect(answers).toContainEqual({
      conflict: { that: 'no-active-run', kind: 'apply', dirspaces: dirspaces('prod') },
    });
    await drain();
  });

  it('does not let commits that emit to each other wait for each other for ever', async () => {
    const repository = await freshRepository(database.db);
    for (let round = 0; round < 5; round += 1) {
      const emitting = (pull: number, to: number) =>
        decision([
          {
            do: 'emit',
            key: `cross ${round} ${pull}`,
            event: { kind: 'reconsider', repository, pull: to, because: 'lock-freed' },
          },
        ]);
      const answers = await race(repository, [
        { pull: 1, made: emitting(1, 2) },
        { pull: 2, made: emitting(2, 1) },
      ]);
      expect(answers).toEqual(['committed', 'committed']);
      await drain();
    }
  });

  it('refuses a lock that a better rank holds, and lets it pass when that is released', async () => {
    const repository = await freshRepository(database.db);
    const claim = (pull: number, mergedAt: number | null, appliedAt: number | null) =>
      decision([{ do: 'claim-locks', pull, dirspaces: dirspaces('prod'), baseRef: 'main', mergedAt, appliedAt }]);
    await decide(database.db, repository, 1, claim(1, null, 1_000));
    await decide(database.db, repository, 2, claim(2, 5_000, null));
    const { ours } = await readOurFacts(database.db, pullEvent(repository));
    expect(
      ours.locks.map(({ pull }) => pull),
      'merged ranks before applied',
    ).toEqual([2, 1]);
    const [place = { dir: '', workspace: '' }] = dirspaces('prod');
    expect(await holderOf(database.db, repository.repositoryId, place)).toBe(2);
    expect(await holderOf(database.db, repository.repositoryId, place, 'release')).toBeUndefined();
    expect(await pullsWithHead(database.db, repository.repositoryId, SHA)).toEqual([1, 2]);
    expect(ours.pull?.firstAppliedAt).toBe(1_000);
    expect(await decide(database.db, repository, 1, applyOf(1, 'prod'))).toMatchObject({
      conflict: { that: 'lock-free' },
    });
    await drain();
    await decide(database.db, repository, 2, decision([{ do: 'release-locks', pull: 2, dirspaces: 'all' }]));
    expect(await decide(database.db, repository, 1, applyOf(1, 'prod'))).toBe('committed');
  });

  it('does not count another branch’s claim where the lock is per branch', async () => {
    const repository = await freshRepository(database.db);
    await decide(
      database.db,
      repository,
      1,
      decision([
        { do: 'claim-locks', pull: 1, dirspaces: dirspaces('prod'), baseRef: 'release', mergedAt: 1, appliedAt: null },
      ]),
      { baseRef: 'release' },
    );
    const change: Change = {
      dirspaces: [
        {
          dir: 'prod',
          workspace: 'default',
          tags: [],
          workflow: null,
          layer: 0,
          autoplan: true,
          autoplanDraftPr: false,
          autoapply: false,
          stack: 'default',
          stackVariables: {},
          applyAfter: [],
          createIfMissing: false,
          createAndSelectWorkspace: false,
          lockBranchTarget: 'dest_branch',
          because: [],
        },
      ],
      layers: [],
      unmatched: [],
      errors: [],
    };
    await decide(database.db, repository, 2, decision([{ do: 'save-change', pull: 2, change, notices: [] }]));
    expect(await decide(database.db, repository, 2, applyOf(2, 'prod'))).toBe('committed');
  });

  it.each([
    [
      'a run that is in another state',
      (id: string) => ({ that: 'run-state' as const, run: id, states: ['running' as const] }),
    ],
    ['a plan that is not there', (id: string) => ({ that: 'plan-stored' as const, plans: [id] })],
  ])('refuses when the decision assumed %s', async (_name, assumption) => {
    const repository = await freshRepository(database.db);
    const run = newRun('plan', 1, ['prod']);
    await decide(database.db, repository, 1, decision([{ do: 'start-run', run }]));
    const made = decision([{ do: 'dispatch', run: run.id }], { assumptions: [assumption(run.id)] });
    expect(await decide(database.db, repository, 1, made)).toEqual({ conflict: assumption(run.id) });
    await drain();
  });

  it('frees the dirspaces of a run that ends, and starts its successor in the same commit, whatever the order of the intents', async () => {
    const repository = await freshRepository(database.db);
    const old = newRun('plan', 1, ['prod']);
    await decide(database.db, repository, 1, decision([{ do: 'start-run', run: old }]));
    const fresh = newRun('plan', 1, ['prod']);
    const made = decision([
      { do: 'start-run', run: fresh },
      { do: 'end-run', run: old.id, state: 'superseded', reason: 'run-superseded' },
      { do: 'cancel-actions-run', run: old.id },
    ]);
    expect(await decide(database.db, repository, 1, made)).toBe('committed');
    expect(await readRun(database.db, old.id)).toMatchObject({ cancel: true, run: { state: 'superseded' } });
    expect(await readRun(database.db, fresh.id)).toMatchObject({ run: { state: 'queued' } });
    const { ours } = await readOurFacts(database.db, pullEvent(repository));
    expect(
      ours.plans.map(({ runId }) => runId),
      'the plan that will not come is erased',
    ).toEqual([fresh.id]);
  });

  it('leaves the word "unknown" on every dirspace of an apply that nobody knows the end of', async () => {
    const repository = await freshRepository(database.db);
    const run = newRun('apply', 1, ['prod']);
    await decide(database.db, repository, 1, decision([{ do: 'start-run', run }]));
    await decide(
      database.db,
      repository,
      1,
      decision([{ do: 'end-run', run: run.id, state: 'unknown', reason: 'run-unknown' }]),
    );
    const { ours } = await readOurFacts(database.db, pullEvent(repository));
    expect(ours.results).toMatchObject([{ dir: 'prod', state: 'unknown', kind: 'apply', runId: run.id }]);
  });

  /** Each pull request's event is leased first; then all commit at the same moment. */
  async function race(
    repository: RepositoryRef,
    entries: readonly { readonly pull: number; readonly made: ReturnType<typeof decision> }[],
  ) {
    for (const { pull } of entries) {
      await deliver(database.db, pullEvent(repository, pull));
    }
    const leases: SubjectLease[] = [];
    for (const _ of entries) {
      leases.push(await mustLease(database.db, LEASE));
    }
    return Promise.all(
      entries.map(({ pull, made }) => {
        const lease = leases.find(({ subject }) => subject === pullSubject(repository.repositoryId, pull));
        if (lease === undefined) {
          throw new Error('no lease for the pull request');
        }
        return commitDecision(database.db, {
          lease,
          event: pullEvent(repository, pull),
          decision: made,
          github: githubFacts(repository, pullFacts(pull)),
          planLifeMs: PLAN_LIFE_MS,
        });
      }),
    );
  }
});

import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { triage } from '../../src/decision/triage.ts';
import type { Actor } from '../../src/domain/event.ts';
import { MINUTE } from '../../src/domain/instant.ts';
import { known } from '../../src/domain/known.ts';
import { Model } from '../simulation/model.ts';
import {
  ALICE,
  BOB,
  BOT,
  CAROL,
  claim,
  comment,
  HEAD,
  id,
  intents,
  NOW,
  planned,
  pullEvent,
  REPOSITORY,
  result,
  run,
  STRANGER,
  snapshotOf,
} from './build.ts';

const MERGED = { state: 'merged', mergedAt: NOW - MINUTE, mergeCommitSha: 'e'.repeat(40) } as const;

describe('a pull request that is not open any more', () => {
  it.each([
    ['labeled', MERGED],
    ['unlabeled', MERGED],
    ['converted_to_draft', MERGED],
    ['labeled', { state: 'closed' }],
    ['converted_to_draft', { state: 'closed' }],
  ] as const)('is left as it is when it is %s', (action, pull) => {
    // Only the pull request was read for it: the configuration must not be taken for broken.
    const { config: _config, ...ready } = { config: undefined, ...planned({ pull }) };
    const {
      configDefault: _default,
      configHead: _head,
      files: _files,
      changedFiles: _changed,
      ...github
    } = ready.github ?? expect.fail('there is a snapshot of GitHub');
    const decision = decide({ ...ready, github }, pullEvent(action, { label: 'plumbline:skip' }));
    expect(decision.reason).toBe('pull-closed');
    expect(decision.intents).toEqual([]);
  });
});

describe('a pull request whose base is changed', () => {
  const holding = claim(7, 'prod', { appliedAt: NOW - 5 * MINUTE, baseRef: 'main' });
  const waiting = claim(8, 'prod', { baseRef: 'main' });
  const ours = { locks: [holding, waiting] };

  it('holds for its new base what it held for the old one, and whoever waited is told', () => {
    const config = 'destination_branches: [main, develop]\n';
    const ready = planned({ config, ours: {} });
    const decision = decide(
      planned({ config, pull: { baseRef: 'develop' }, ours: { ...ready.ours, ...ours } }),
      pullEvent('base-edited'),
    );
    expect(intents(decision, 'claim-locks')).toMatchObject([
      { pull: 7, dirspaces: [{ dir: 'prod' }], baseRef: 'develop', mergedAt: null, appliedAt: holding.appliedAt },
    ]);
    expect(intents(decision, 'emit').map(({ event }) => event)).toMatchObject([
      { kind: 'reconsider', pull: 8, because: 'lock-freed' },
    ]);
  });

  it('to one that is not ours keeps no plan that was made for the old one', () => {
    const ready = planned();
    const decision = decide(
      planned({
        pull: { baseRef: 'gh-pages' },
        ours: { ...ready.ours, runs: [run({ id: id(3), headSha: 'a'.repeat(40) })] },
      }),
      pullEvent('base-edited'),
    );
    expect(decision.reason).toBe('branch-not-ours');
    expect(intents(decision, 'erase-plans')).toContainEqual({
      do: 'erase-plans',
      plans: ['plan-prod'],
      reason: 'branch-not-ours',
    });
    expect(intents(decision, 'end-run')).toMatchObject([{ run: id(3), state: 'superseded' }]);
    expect(intents(decision, 'save-change').at(-1)?.notices).toMatchObject([{ reason: 'branch-not-ours' }]);
  });

  it('says nothing where Plumbline never did anything', () => {
    const decision = decide(snapshotOf({ pull: { baseRef: 'gh-pages' } }), pullEvent('base-edited'));
    expect(decision).toMatchObject({ reason: 'branch-not-ours', intents: [] });
  });
});

describe('a dirspace that the holder touches no more', () => {
  function world() {
    const model = new Model();
    model.dirs = ['ds1', 'ds2'];
    for (const { login } of [ALICE, BOB, CAROL]) {
      model.permissions.set(login, 'write');
    }
    return model;
  }

  it('wakes the first who waits for it', () => {
    const model = world();
    model.openPull(1, ['ds1', 'ds2'], ALICE);
    model.openPull(2, ['ds2'], BOB);
    model.quiesce();
    model.tick();
    model.comment(1, ALICE, 'plumbline apply dir:ds1');
    model.quiesce();
    model.comment(2, BOB, 'plumbline apply');
    model.quiesce();
    expect(model.locks.some(({ pull, appliedAt }) => pull === 2 && appliedAt === null)).toBe(true);
    model.push(1, ALICE, ['ds1']);
    model.quiesce();
    expect(model.replies.filter(({ body }) => body.includes('@bob')).map(({ pull }) => pull)).toEqual([2]);
  });
});

describe('an installation that is suspended', () => {
  it.each([comment('plumbline plan'), pullEvent('synchronize')])(
    'is told apart from a missing pull request',
    (event) => {
      const snapshot = snapshotOf({ ours: { installation: { id: 1, state: 'suspended', paused: false } } });
      expect(decide({ ...snapshot, github: null }, event)).toMatchObject({
        reason: 'installation-suspended',
        intents: [],
      });
    },
  );
});

describe('unlocking', () => {
  it('says of each pull request named what was done', () => {
    const locks = [claim(8, 'prod', { appliedAt: NOW - MINUTE }), claim(9, 'stage', { appliedAt: NOW - MINUTE })];
    const decision = decide(snapshotOf({ ours: { locks } }), comment('plumbline unlock #8 #9 #10'));
    expect(intents(decision, 'release-locks').map(({ pull }) => pull)).toEqual([8, 9]);
    const [reply] = intents(decision, 'reply');
    for (const part of ['what #8 held', 'what #9 held', '10 holds nothing']) {
      expect(reply?.body).toContain(part);
    }
    expect(decision.reason).toBe('unlocked');
  });

  it('a part of what a merge claimed is for good', () => {
    const locks = [claim(7, 'prod', { mergedAt: MERGED.mergedAt }), claim(7, 'stage', { mergedAt: MERGED.mergedAt })];
    const ours = { locks, results: [result('prod'), result('stage')] };
    const decision = decide(snapshotOf({ pull: MERGED, ours }), comment('plumbline unlock stage'));
    expect(intents(decision, 'release-locks')).toEqual([
      { do: 'release-locks', pull: 7, dirspaces: [{ dir: 'stage', workspace: 'default' }], byPerson: true },
    ]);
  });
});

describe('what applies by itself', () => {
  const STACK = 'stacks:\n  names:\n    quick:\n      tag_query: "dir:a"\n      rules: {auto_apply: true}\n';
  const APPROVED =
    'apply_requirements:\n  checks:\n    - tag_query: ""\n      approved: {enabled: true, any_of_count: 1}\n';

  function opened(config: string, dirs: readonly string[] = ['a']): Model {
    const model = new Model();
    model.config = config;
    for (const { login } of [ALICE, BOB]) {
      model.permissions.set(login, 'write');
    }
    model.openPull(1, dirs, ALICE);
    model.quiesce();
    return model;
  }
  const applied = ({ applied: all }: Model) => all.map(({ dir }) => dir);

  it('is applied when its plan was shown', () => {
    expect(applied(opened(STACK))).toEqual(['a']);
  });

  it('is applied when the approval comes that it waited for', () => {
    const model = opened(`${STACK}${APPROVED}`);
    expect(applied(model)).toEqual([]);
    model.tick();
    model.review(1, BOB);
    model.quiesce();
    expect(applied(model)).toEqual(['a']);
  });

  it('is applied after the merge when it had to be planned again', () => {
    const model = opened('when_modified: {autoapply: true}\nbase_moved: strict\n');
    model.openPull(2, ['b'], ALICE);
    model.quiesce();
    model.tick();
    model.merge(2, ALICE);
    model.merge(1, ALICE);
    model.quiesce();
    expect([...new Set(applied(model))].sort()).toEqual(['a', 'b']);
  });

  it('a plan of the merge goes on when the closing is told twice', () => {
    const ours = { runs: [run({ baseSha: MERGED.mergeCommitSha }), run({ id: id(2) })] };
    const decision = decide(snapshotOf({ pull: MERGED, ours }), pullEvent('closed'));
    expect(intents(decision, 'end-run')).toMatchObject([{ run: id(2), state: 'superseded' }]);
  });

  it('looks again while another check is not ready, ever more seldom, and not for ever', () => {
    const config = `${STACK.replace('dir:a', 'dir:prod')}apply_requirements:\n  checks: [{tag_query: "", status_checks: {enabled: true}}]\n`;
    const pending = {
      checks: known([{ name: 'ci', state: 'pending' as const, required: false, appId: 15, ours: false }]),
    };
    const event = { kind: 'reconsider', repository: REPOSITORY, pull: 7, because: 'asked-again' } as const;
    const looks = [0, 1, 10, 119, 121].map((minutes) => {
      const endedAt = NOW - minutes * MINUTE;
      const ready = planned({ config, github: pending });
      const results = ready.ours.results.map((one) => ({ ...one, endedAt }));
      const decision = decide({ ...ready, ours: { ...ready.ours, results } }, event);
      expect(decision.reason).toBe('nothing-to-do');
      return intents(decision, 'set-timer').map(({ at }) => (at - NOW) / 1_000);
    });
    expect(looks).toEqual([[15], [60], [600], [900], []]);
  });

  it('merges only after what people read is true, and says when GitHub refuses', () => {
    const done = planned({
      config: 'automerge: {enabled: true}\n',
      ours: { results: [result('prod', { state: 'applied', kind: 'apply' })], runs: [], plans: [] },
    });
    const event = { kind: 'reconsider', repository: REPOSITORY, pull: 7, because: 'asked-again' } as const;
    const decision = decide(done, event);
    expect(decision.reason).toBe('automerge-started');
    const effects = decision.intents
      .map((intent) => intent.do)
      .filter((what) => what === 'publish' || what === 'merge');
    expect(effects).toEqual(['publish', 'merge']);
    const refused = {
      kind: 'merge-refused',
      repository: REPOSITORY,
      pull: 7,
      headSha: HEAD,
      why: '405: Rebase merges are not allowed',
    } as const;
    const told = decide(done, refused);
    expect(told.reason).toBe('merge-refused');
    expect(intents(told, 'reply')).toMatchObject([
      { key: `merge-refused/${HEAD}`, body: expect.stringContaining('Rebase merges') },
    ]);
    expect(intents(told, 'set-timer')).toHaveLength(1);
    expect(decide(done, { ...refused, headSha: 'f'.repeat(40) }).reason).toBe('event-outdated');
    expect(decide(snapshotOf({ pull: MERGED }), refused).reason).toBe('pull-closed');
  });
});

describe('after a pause', () => {
  const event = { kind: 'reconsider', repository: REPOSITORY, pull: 7, because: 'resumed' } as const;

  it('what was pushed meanwhile is planned by the leave of who pushed it', () => {
    const pushed = (who: Actor) => snapshotOf({ github: { lastPusher: known(who) } });
    expect(decide(pushed(ALICE), event).reason).toBe('plan-started');
    expect(decide(pushed(STRANGER), event).reason).toBe('untrusted-author');
    expect(triage(event, { botId: BOT.id })).toMatchObject({ need: { lastPusher: true } });
  });

  it('whose turn had come is told', () => {
    const ready = planned();
    const locks = [claim(7, 'prod')];
    const decision = decide(planned({ ours: { ...ready.ours, locks } }), event);
    expect(decision.reason).toBe('lock-freed');
    expect(intents(decision, 'reply')).toMatchObject([{ body: expect.stringContaining('@alice') }]);
  });
});

describe('a label', () => {
  it('keeps what is planned, and planning goes on when it is taken off', () => {
    const labelled = decide(
      planned({ pull: { labels: ['plumbline:skip'] } }),
      pullEvent('labeled', { label: 'plumbline:skip' }),
    );
    expect(labelled.reason).toBe('skip-label');
    expect(intents(labelled, 'erase-plans')).toEqual([]);
    const taken = decide(snapshotOf(), pullEvent('unlabeled', { label: 'plumbline:skip' }));
    expect(taken.reason).toBe('plan-started');
  });
});

describe('a draft', () => {
  it('that it became while a plan was being made lets the plan end', () => {
    const decision = decide(
      snapshotOf({ pull: { draft: true }, ours: { runs: [run()] } }),
      pullEvent('converted_to_draft'),
    );
    expect(decision.reason).toBe('draft');
    expect(intents(decision, 'end-run')).toEqual([]);
  });
});

it('layers: what can be planned only after the merge is said to be, where the first is applied only then', () => {
  const layers = 'dirs:\n  stage:\n    when_modified:\n      depends_on: "dir:prod"\n';
  const afterMerge = 'apply_requirements:\n  checks: [{tag_query: "", apply_after_merge: {enabled: true}}]\n';
  const later = (config: string) => {
    const decision = decide(snapshotOf({ config, changed: ['prod/main.tf', 'stage/main.tf'] }), pullEvent('opened'));
    return intents(decision, 'save-change').map(({ change }) => change?.plannedAfterMerge);
  };
  expect(later(layers)).toEqual([undefined]);
  expect(later(`${layers}${afterMerge}`)).toEqual([1]);
});

it('layers: the second is not planned when the apply of the first fails', () => {
  const model = new Model();
  model.config = 'dirs:\n  b:\n    when_modified:\n      depends_on: "dir:a"\n';
  model.permissions.set('alice', 'write');
  model.openPull(1, ['a', 'b'], ALICE);
  model.quiesce();
  model.tick();
  model.comment(1, ALICE, 'plumbline apply');
  model.settle();
  const apply = [...model.runs.values()].find(({ kind }) => kind === 'apply');
  for (let step = 0; step < 4; step += 1) {
    model.advance(apply?.id ?? '', 'failed');
    model.settle();
  }
  expect([...model.runs.values()].map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    'plan succeeded',
    'apply failed',
  ]);
  expect(known(model.results.get(`1 b\u0000default`))).toEqual(known(undefined));
});

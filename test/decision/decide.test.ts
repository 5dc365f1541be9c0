import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { needFor } from '../../src/decision/need-for.ts';
import { MINUTE } from '../../src/domain/instant.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { GitHubFacts } from '../../src/domain/snapshot.ts';
import {
  ALICE,
  BASE,
  BOB,
  BOT,
  claim,
  comment,
  HEAD,
  id,
  intents,
  NOW,
  planned,
  pullEvent,
  REPOSITORY,
  reasons,
  result,
  review,
  run,
  STRANGER,
  snapshotOf,
  storedPlan,
} from './build.ts';

const RUN = id(1);

describe('a pull request is opened', () => {
  it.each(['opened', 'reopened', 'synchronize', 'ready_for_review', 'base-edited'] as const)(
    '%s starts one plan run over what changed',
    (action) => {
      const decision = decide(snapshotOf({ changed: ['prod/main.tf', 'stage/main.tf'] }), pullEvent(action));
      expect(decision.reason).toBe('plan-started');
      const [started, ...more] = intents(decision, 'start-run');
      expect(more).toEqual([]);
      expect(started?.run).toMatchObject({
        kind: 'plan',
        pull: 7,
        headSha: HEAD,
        baseSha: BASE,
        requestedBy: { login: 'alice' },
        environment: null,
      });
      expect(started?.run.targets.map(({ dir, index }) => [dir, index])).toEqual([
        ['prod', 0],
        ['stage', 1],
      ]);
      expect(new Set(started?.run.targets.map(({ planId }) => planId)).size).toBe(2);
      expect(intents(decision, 'dispatch')).toEqual([{ do: 'dispatch', run: started?.run.id }]);
      expect(intents(decision, 'set-timer').map(({ event }) => event.kind)).toEqual(['run-silent']);
      expect(intents(decision, 'publish')).toEqual([{ do: 'publish', pull: 7, headSha: HEAD }]);
    },
  );

  it.each([
    ['synchronize', 'plan-failed', 'already-planned'],
    ['reopened', 'plan-failed', 'plan-started'],
    ['reopened', 'unknown', 'already-planned'],
  ] as const)('%s of a commit whose result is %s: %s', (action, state, reason) => {
    const ours = { results: [result('prod', { state })], plans: [] };
    expect(decide(snapshotOf({ ours }), pullEvent(action)).reason).toBe(reason);
  });

  it('is decided the same way twice', () => {
    expect(decide(snapshotOf(), pullEvent('opened'))).toEqual(decide(snapshotOf(), pullEvent('opened')));
  });

  it.each([
    ['only a text file changed', { changed: ['README.md'] }, 'no-directories'],
    ['the base is another branch', { pull: { baseRef: 'develop' } }, 'branch-not-ours'],
    ['the head is in a fork', { pull: { headRepositoryId: 11 } }, 'fork-off'],
    ['the fork was deleted', { pull: { headRepositoryId: null } }, 'fork-off'],
    ['the label says so', { pull: { labels: ['plumbline:skip'] } }, 'skip-label'],
    ['the pusher cannot write', { github: { permissions: { alice: known('read' as const) } } }, 'untrusted-author'],
    [
      'nobody knows whether the pusher can write',
      { github: { permissions: { alice: unknown('502') } } },
      'permission-unknown',
    ],
    ['it is switched off', { config: 'enabled: false\n' }, 'disabled'],
    ['the configuration is broken', { config: 'dirs: [1\n' }, 'config-broken'],
    ['the configuration could not be read', { github: { configHead: unknown('502') } }, 'config-unreadable'],
    ['the files could not all be read', { github: { changedFiles: unknown('too many') } }, 'files-unknown'],
    ['the tree could not all be read', { github: { files: unknown('truncated') } }, 'files-unknown'],
    ['the workflow file is missing', { github: { workflowFile: known(null) } }, 'workflow-missing'],
    ['no pattern is planned by itself', { config: 'when_modified: {autoplan: false}\n' }, 'autoplan-off'],
    [
      'it is a draft, and drafts are not planned by themselves',
      { config: 'when_modified: {autoplan_draft_pr: false}\n', pull: { draft: true } },
      'draft',
    ],
    [
      'the repository is archived',
      {
        github: {
          repository: { ...REPOSITORY, defaultBranch: 'main', archived: true, ownerId: 5 },
        },
      },
      'repository-archived',
    ],
    [
      'the installation is suspended',
      { ours: { installation: { id: 1, state: 'suspended' as const, paused: false } } },
      'installation-suspended',
    ],
    ['the repository is paused', { ours: { repositoryPaused: true } }, 'repository-paused'],
    [
      'the installation is paused',
      { ours: { installation: { id: 1, state: 'active' as const, paused: true } } },
      'installation-paused',
    ],
    [
      'the installation is gone',
      { ours: { installation: { id: 1, state: 'deleted' as const, paused: false } } },
      'installation-gone',
    ],
  ])('runs nothing when %s', (_name, given, reason) => {
    const decision = decide(snapshotOf(given), pullEvent('opened'));
    expect(decision.reason).toBe(reason);
    expect(intents(decision, 'start-run')).toEqual([]);
    expect(intents(decision, 'dispatch')).toEqual([]);
  });

  it('shows a broken configuration with file, line and column', () => {
    const [saved] = intents(
      decide(snapshotOf({ config: 'enabled: true\nworkflws: []\n' }), pullEvent('opened')),
      'save-change',
    );
    expect(saved?.notices).toMatchObject([
      { kind: 'config', problems: [{ file: '.plumbline/config.yml', line: 2, column: 1 }] },
    ]);
  });

  it('plans the pushes of a bot only when the default branch lists it', () => {
    const sender = { id: 50, login: 'renovate[bot]', bot: true };
    expect(decide(snapshotOf(), pullEvent('opened', { sender })).reason).toBe('untrusted-author');
    const config = 'trusted_bots: ["renovate[bot]"]\n';
    expect(decide(snapshotOf({ config }), pullEvent('opened', { sender })).reason).toBe('plan-started');
    expect(decide(snapshotOf({ config: '', head: config }), pullEvent('opened', { sender })).reason).toBe(
      'untrusted-author',
    );
  });

  it('replaces a plan run of an older commit and erases what it was to store', () => {
    const old = run({ headSha: 'e'.repeat(40), state: 'running' });
    const decision = decide(
      snapshotOf({ ours: { runs: [old], plans: [storedPlan('prod', { state: 'expected', facts: null })] } }),
      pullEvent('synchronize'),
    );
    expect(intents(decision, 'end-run')).toEqual([
      { do: 'end-run', run: RUN, state: 'superseded', reason: 'run-superseded' },
    ]);
    expect(intents(decision, 'cancel-actions-run')).toHaveLength(1);
    expect(intents(decision, 'erase-plans').flatMap(({ plans }) => plans)).toContain('plan-prod');
    expect(intents(decision, 'start-run')).toHaveLength(1);
  });

  it('does not plan again what is planned or being planned for this commit', () => {
    expect(decide(planned(), pullEvent('synchronize')).reason).toBe('already-planned');
    expect(decide(snapshotOf({ ours: { runs: [run()] } }), pullEvent('opened')).reason).toBe('already-planned');
  });
});

describe('the runner reports a plan', () => {
  const report = {
    runId: RUN,
    treeSha: 'c'.repeat(40),
    problem: null,
    outcomes: [{ index: 0, state: 'planned', digest: 'd', planStored: true, serial: 1 }],
  } as const;
  const event = { kind: 'run-reported', repository: REPOSITORY, pull: 7, run: RUN } as const;

  it('records it, ends the run and publishes, without a look at GitHub', () => {
    const decision = decide({ ...snapshotOf({ ours: { runs: [run()], report } }), github: null }, event);
    expect(decision.reason).toBe('report-recorded');
    expect(decision.intents.map((intent) => intent.do)).toEqual(['record-report', 'end-run', 'clear-timer', 'publish']);
    expect(intents(decision, 'end-run')[0]).toMatchObject({ state: 'succeeded', reason: 'run-done' });
  });

  it('keeps the report of a replaced run as superseded', () => {
    const decision = decide(snapshotOf({ ours: { runs: [run({ state: 'superseded' })], report } }), event);
    expect(decision.reason).toBe('report-superseded');
    expect(intents(decision, 'record-report')).toEqual([{ do: 'record-report', run: RUN, superseded: true }]);
  });

  it('fails the run when one dirspace failed, and leaves the others as they are', () => {
    const outcomes = [
      ...report.outcomes,
      { index: 1, state: 'plan-failed', digest: null, planStored: false, serial: null },
    ] as const;
    const decision = decide(snapshotOf({ ours: { runs: [run()], report: { ...report, outcomes } } }), event);
    expect(intents(decision, 'end-run')[0]).toMatchObject({ state: 'failed' });
  });
});

describe('somebody comments', () => {
  it('plans on `plumbline plan` and reacts', () => {
    const decision = decide(snapshotOf(), comment('plumbline plan'));
    expect(decision.reason).toBe('plan-started');
    expect(intents(decision, 'react')).toEqual([{ do: 'react', commentId: 501, content: 'rocket' }]);
    expect(intents(decision, 'start-run')[0]?.run.requestedBy.login).toBe('bob');
    expect(intents(decision, 'reply')).toEqual([]);
  });

  it('applies what is planned, claims the lock, and writes a new comment', () => {
    const decision = decide(planned(), comment('plumbline apply'));
    expect(decision.reason).toBe('apply-started');
    const [started] = intents(decision, 'start-run');
    expect(started?.run).toMatchObject({
      kind: 'apply',
      targets: [{ dir: 'prod', planId: 'plan-prod' }],
      autoapprove: false,
      force: false,
    });
    expect(intents(decision, 'claim-locks')).toMatchObject([
      { pull: 7, dirspaces: [{ dir: 'prod', workspace: 'default' }], mergedAt: null, appliedAt: NOW },
    ]);
    expect(intents(decision, 'publish')[0]?.newComment).toBe(true);
    expect(decision.assumptions).toEqual(
      expect.arrayContaining([
        { that: 'installation-active' },
        { that: 'lock-free', pull: 7, dirspaces: [{ dir: 'prod', workspace: 'default' }] },
        { that: 'no-active-run', kind: 'apply', dirspaces: [{ dir: 'prod', workspace: 'default' }] },
        { that: 'plan-stored', plans: ['plan-prod'] },
      ]),
    );
    expect(intents(decision, 'audit')).toHaveLength(1);
  });

  it.each([
    [
      'before the newest plan was shown',
      planned({}, ['prod']),
      comment('plumbline apply', BOB, { createdAt: NOW - 11 * MINUTE }),
      'comment-before-plan',
    ],
    ['while a plan runs', snapshotOf({ ours: { runs: [run()] } }), comment('plumbline apply'), 'plan-running'],
    ['without a plan', snapshotOf(), comment('plumbline apply'), 'plan-missing'],
    [
      'with a plan of an older commit',
      planned({ pull: { headSha: 'e'.repeat(40) } }),
      comment('plumbline apply'),
      'plan-stale-head',
    ],
    [
      'when the plan ran out',
      planned({ ours: { plans: [storedPlan('prod', { expiresAt: NOW - 1 })] } }),
      comment('plumbline apply'),
      'plan-expired',
    ],
    [
      'more than a quarter of an hour ago',
      planned(),
      comment('plumbline apply', BOB, { createdAt: NOW - 16 * MINUTE }),
      'command-too-old',
    ],
    ['on a closed pull request', planned({ pull: { state: 'closed' } }), comment('plumbline apply'), 'pull-closed'],
    ['in a fork', planned({ pull: { headRepositoryId: 11 } }), comment('plumbline apply'), 'fork-no-apply'],
    [
      'with a conflict',
      planned({ github: { mergeable: 'CONFLICTING' } }),
      comment('plumbline apply'),
      'merge-conflict',
    ],
    [
      'when GitHub does not know the mergeability for minutes',
      planned({ github: { mergeable: 'UNKNOWN' } }),
      comment('plumbline apply', BOB, { createdAt: NOW - 3 * MINUTE }),
      'mergeability-unknown',
    ],
    [
      'when another pull request holds it',
      planned({ ours: { locks: [claim(5, 'prod', { appliedAt: NOW - MINUTE * 20 })] } }),
      comment('plumbline apply'),
      'locked-by-pull',
    ],
    ['when nothing matches', planned(), comment('plumbline apply dir:nowhere'), 'no-match'],
    [
      'when all applies are paused',
      planned({ ours: { appliesPaused: true } }),
      comment('plumbline apply'),
      'applies-paused',
    ],
    ['with force, which nobody may by default', planned(), comment('plumbline apply-force'), 'force-not-granted'],
    [
      'without a plan, which nobody may by default',
      planned(),
      comment('plumbline apply-autoapprove'),
      'autoapprove-not-granted',
    ],
    ['by somebody without write permission', planned(), comment('plumbline apply', STRANGER), 'permission-missing'],
    [
      'by somebody whose permission is not known',
      planned({ github: { permissions: {} } }),
      comment('plumbline apply'),
      'permission-unknown',
    ],
  ])('refuses an apply %s', (_name, snapshot, event, reason) => {
    const decision = decide(snapshot, event);
    expect([decision.reason, ...reasons(decision)]).toContain(reason);
    expect(intents(decision, 'start-run')).toEqual([]);
    expect(intents(decision, 'reply')).toHaveLength(1);
  });

  it('collects every refusal and not only the first', () => {
    const decision = decide(
      planned({ pull: { draft: true }, github: { mergeable: 'CONFLICTING' }, ours: { appliesPaused: true } }),
      comment('plumbline apply dir:prod'),
    );
    expect(decision.reason).toBe('applies-paused');
  });

  it('answers a stranger once an hour and only reacts otherwise', () => {
    const first = decide(planned(), comment('plumbline apply', STRANGER));
    expect(intents(first, 'reply')).toMatchObject([{ refusedLogin: 'stranger' }]);
    expect(intents(first, 'reply')[0]?.body).toContain('write permission');
    const second = decide(planned({ ours: { recentlyRefused: ['Stranger'] } }), comment('plumbline apply', STRANGER));
    expect(intents(second, 'reply')).toEqual([]);
    expect(intents(second, 'react')).toHaveLength(1);
  });

  it('answers help without asking for a permission', () => {
    const decision = decide(snapshotOf({ github: { permissions: {} } }), comment('plumbline help', STRANGER));
    expect(decision.reason).toBe('answered');
    expect(intents(decision, 'reply')[0]?.body).toContain('plumbline apply');
  });

  it('never hears a bot', () => {
    expect(decide(planned(), comment('plumbline apply', BOT)).reason).toBe('bot-comment');
  });

  it('knows an alias only when the default branch names it', () => {
    expect(decide(planned(), comment('terraform apply')).reason).toBe('not-a-command');
    expect(decide(planned({ config: 'command_aliases: [terraform]\n' }), comment('terraform apply')).reason).toBe(
      'apply-started',
    );
    expect(
      decide(planned({ config: 'command_aliases: [terraform]\n' }), comment('terraform apply is broken again')).reason,
    ).toBe('not-a-command');
  });

  it('does not take a sentence for a command, whoever says it, and takes a command for one', () => {
    const config = 'command_aliases: [terraform, atlantis]\n';
    const heard = (body: string, author = BOB) => decide(planned({ config }), comment(body, author)).reason;
    for (const said of [
      'terraform plan looks good to me',
      'terraform apply failed',
      'terraform explain please',
      'terraform unlock this',
      'terraform approve that',
    ]) {
      expect([heard(said), heard(said, STRANGER)], said).toEqual(['not-a-command', 'not-a-command']);
    }
    expect(heard('terraform plan dir:nowhere')).toBe('no-match');
    expect(heard('terraform explain prod')).toBe('answered');
    expect(heard('terraform plan prod in dir')).toBe('plan-started');
    expect(heard('terraform plan', STRANGER)).toBe('permission-missing');
  });

  it('carries out the commands that it knows and answers the one that it does not, in one reply', () => {
    const body = 'Two things:\r\nplumbline aply\r\nplumbline plan dir:prod\r\n';
    const decision = decide(planned(), comment(body));
    expect(decision.reason).toBe('plan-started');
    expect(intents(decision, 'start-run')).toHaveLength(1);
    expect(intents(decision, 'react')).toMatchObject([{ content: 'eyes' }]);
    expect(intents(decision, 'reply')).toHaveLength(1);
    expect(intents(decision, 'reply')[0]?.body).toContain('`plumbline apply`');
  });

  it('needs an approval after the plan where one is required', () => {
    const config = 'apply_requirements:\n  checks:\n    - tag_query: ""\n      approved:\n        enabled: true\n';
    expect(reasons(decide(planned({ config }), comment('plumbline apply')))).toContain('approval-missing');
    const old = known([review(BOB, { submittedAt: NOW - 20 * MINUTE })]);
    expect(reasons(decide(planned({ config, github: { reviews: old } }), comment('plumbline apply')))).toContain(
      'approval-stale',
    );
    const good = known([review(BOB)]);
    expect(decide(planned({ config, github: { reviews: good } }), comment('plumbline apply')).reason).toBe(
      'apply-started',
    );
    const own = known([review(ALICE)]);
    expect(reasons(decide(planned({ config, github: { reviews: own } }), comment('plumbline apply')))).toContain(
      'approval-missing',
    );
  });

  it('runs several commands in order and tells each of what the ones before it started', () => {
    const decision = decide(
      planned({}, ['prod', 'stage']),
      comment('plumbline plan dir:prod\nplumbline apply dir:prod'),
    );
    expect(intents(decision, 'start-run').map(({ run: started }) => started.kind)).toEqual(['plan']);
    expect(reasons(decision)).toContain('plan-running');
  });

  it('applies only what a tag query selects', () => {
    const decision = decide(planned({}, ['prod', 'stage']), comment('plumbline apply dir:stage'));
    expect(intents(decision, 'start-run')[0]?.run.targets.map(({ dir }) => dir)).toEqual(['stage']);
  });

  it('stops the runs of the pull request on cancel, and only asks an apply that has begun', () => {
    const begun = run({ id: id(3), kind: 'apply', begun: true });
    const decision = decide(snapshotOf({ ours: { runs: [run(), begun] } }), comment('plumbline cancel'));
    expect(decision.reason).toBe('cancelled-by-person');
    expect(intents(decision, 'end-run')).toEqual([
      { do: 'end-run', run: RUN, state: 'cancelled', reason: 'cancelled-by-person' },
    ]);
    expect(intents(decision, 'cancel-actions-run').map((intent) => intent.run)).toEqual([RUN, begun.id]);
    expect(decide(snapshotOf(), comment('plumbline cancel')).reason).toBe('nothing-to-do');
  });

  it.each([
    ['user:carol', 'unlock-denied'],
    ['team:ops', 'access-unknown'],
    ['user:bob', 'unlocked'],
    ['role:write', 'unlocked'],
  ])('releases the locks only for those whom the configuration names: %s', (match, reason) => {
    const config = `access_control: {unlock: ["${match}"]}\n`;
    const ours = { locks: [claim(7, 'prod', { appliedAt: NOW - MINUTE })] };
    const decision = decide(planned({ config, ours }), comment('plumbline unlock', BOB));
    expect(decision.reason).toBe(reason);
    expect(intents(decision, 'release-locks')).toHaveLength(reason === 'unlocked' ? 1 : 0);
  });

  it('knows the owners of what is unlocked, and asks for their teams', () => {
    const config = 'access_control: {unlock: ["codeowners"]}\n';
    const ours = { locks: [claim(7, 'prod', { appliedAt: NOW - MINUTE }), claim(8, 'stage', { appliedAt: NOW })] };
    const given = (codeowners: string) => planned({ config, ours, github: { codeowners: known(codeowners) } });
    const unlock = (codeowners: string, asked = '') =>
      decide(given(codeowners), comment(`plumbline unlock ${asked}`)).reason;
    expect(unlock('/prod/ @bob\n')).toBe('unlocked');
    expect(unlock('/prod/ @bob\n', '#8')).toBe('unlock-denied');
    expect(unlock('*.tf @acme/ops\n')).toBe('access-unknown');
    const light = (more: Partial<GitHubFacts>) => {
      const { github, ...snapshot } = planned({ config, ours });
      if (github === null) {
        throw new TypeError('nothing was read from GitHub');
      }
      const { files: _files, changedFiles: _changed, ...few } = github;
      return { ...snapshot, github: { ...few, ...more } };
    };
    const event = comment('plumbline unlock');
    expect(needFor(event, light({}))).toEqual({ pull: 7, config: true, codeowners: true });
    expect(needFor(event, light({ codeowners: known('*.tf @acme/ops\n') }))).toMatchObject({
      teams: [{ org: 'acme', slug: 'ops', login: 'bob' }],
    });
  });

  it('says of each pull request whether it was unlocked', () => {
    const ours = { locks: [claim(8, 'stage', { appliedAt: NOW - MINUTE })] };
    const decision = decide(planned({ ours }), comment('plumbline unlock #8 #9'));
    expect(decision.reason).toBe('unlocked');
    expect(intents(decision, 'reply')[0]?.body).toMatch(/Unlocked\*\* what #8[\s\S]*Not done[\s\S]*9 holds nothing/u);
  });

  it('releases no lock under an apply that runs', () => {
    const locks = [claim(7, 'prod', { appliedAt: NOW - MINUTE })];
    const runs = [run({ kind: 'apply' })];
    const decision = decide(planned({ ours: { locks, runs } }), comment('plumbline unlock'));
    expect(decision.reason).toBe('lock-in-use');
    expect(intents(decision, 'release-locks')).toEqual([]);
  });

  it('releases the locks on unlock, and wakes who waits', () => {
    const locks = [claim(7, 'prod', { appliedAt: NOW - MINUTE }), claim(8, 'prod')];
    const decision = decide(planned({ ours: { locks } }), comment('plumbline unlock'));
    expect(decision.reason).toBe('unlocked');
    expect(intents(decision, 'release-locks')).toEqual([{ do: 'release-locks', pull: 7, dirspaces: 'all' }]);
    expect(intents(decision, 'emit')).toMatchObject([
      { event: { kind: 'reconsider', pull: 8, because: 'lock-freed' } },
    ]);
  });
});

describe('the runner claims its apply', () => {
  const event = { kind: 'apply-claimed', repository: REPOSITORY, pull: 7, run: id(2) } as const;
  const applying = run({
    id: id(2),
    kind: 'apply',
    state: 'claimed',
    requestedBy: { id: BOB.id, login: BOB.login },
    requestedAt: NOW - MINUTE,
    createdAt: NOW - MINUTE,
  });
  const mine = claim(7, 'prod', { appliedAt: NOW - MINUTE });
  const given = { ours: { runs: [applying], locks: [mine] } };

  it('gets its manifest when everything still holds', () => {
    const decision = decide(planned(given), event);
    expect(decision.reason).toBe('manifest-released');
    expect(intents(decision, 'release-manifest')).toEqual([{ do: 'release-manifest', run: id(2) }]);
    expect(decision.assumptions).toContainEqual({ that: 'run-state', run: id(2), states: ['claimed'] });
  });

  it.each([
    ['the head moved', { pull: { headSha: 'e'.repeat(40) } }, 'head-moved'],
    [
      'the permission was taken away',
      { github: { permissions: { bob: known('read' as const) } } },
      'permission-missing',
    ],
    ['the permission cannot be read', { github: { permissions: { bob: unknown('502') } } }, 'permission-unknown'],
    ['a conflict appeared', { github: { mergeable: 'CONFLICTING' as const } }, 'merge-conflict'],
    ['applies were paused', { ours: { ...given.ours, appliesPaused: true } }, 'applies-paused'],
    [
      'somebody of a better rank holds it',
      { ours: { runs: [applying], locks: [mine, claim(3, 'prod', { mergedAt: NOW - MINUTE * 2 })] } },
      'locked-by-pull',
    ],
    [
      'the plan was erased',
      { ours: { ...given.ours, plans: [storedPlan('prod', { state: 'erased', erasedBecause: 'plan-superseded' })] } },
      'plan-superseded',
    ],
    ['the pull request was closed', { pull: { state: 'closed' as const } }, 'pull-closed'],
  ])('is refused when %s, and gives the lock back', (_name, more, reason) => {
    const decision = decide(planned({ ...given, ...more }), event);
    expect(decision.reason).toBe(reason);
    expect(intents(decision, 'release-manifest')).toEqual([]);
    expect(intents(decision, 'refuse-manifest')).toHaveLength(1);
    expect(intents(decision, 'reply')[0]?.body).toContain('request-lost');
    expect(intents(decision, 'end-run')).toMatchObject([{ run: id(2), state: 'refused' }]);
    expect(intents(decision, 'release-locks')).toMatchObject([{ pull: 7 }]);
  });

  it('gives nothing to a run that nobody here decided about', () => {
    expect(decide(planned(), event).reason).toBe('not-our-run');
    expect(decide(planned({ ours: { runs: [{ ...applying, state: 'running' }] } }), event).reason).toBe('run-over');
  });
});

describe('the runner reports an apply', () => {
  const event = { kind: 'run-reported', repository: REPOSITORY, pull: 7, run: id(2) } as const;
  const applying = run({ id: id(2), kind: 'apply', state: 'running', begun: true, createdAt: NOW - MINUTE });
  const report = (state: 'applied' | 'apply-failed' | 'unknown') => ({
    runId: id(2),
    treeSha: null,
    problem: null,
    outcomes: [{ index: 0, state, digest: null, planStored: false, serial: 2 }],
  });
  const planning = run({ id: id(2), createdAt: NOW - MINUTE });
  const noChanges = [{ index: 0, state: 'no-changes', digest: null, planStored: false, serial: 2 }] as const;
  const ours = (state: 'applied' | 'apply-failed' | 'unknown') => ({
    runs: [applying],
    report: report(state),
    locks: [claim(7, 'prod', { appliedAt: NOW - MINUTE })],
    others: [{ ...result('prod'), pull: 8 }],
  });

  it('keeps the lock until the merge and tells the others that their plans are stale', () => {
    const decision = decide(planned({ ours: ours('applied') }), event);
    expect(decision.reason).toBe('report-recorded');
    expect(intents(decision, 'release-locks')).toEqual([]);
    expect(intents(decision, 'emit')).toMatchObject([
      { event: { kind: 'reconsider', pull: 8, because: 'state-changed' } },
    ]);
    expect(intents(decision, 'merge')).toEqual([]);
  });

  it('merges by itself only where automerge is on', () => {
    const config = 'automerge:\n  enabled: true\n  delete_branch: true\n';
    const decision = decide(planned({ config, ours: ours('applied') }), event);
    expect(decision.trace.at(-1)).toMatchObject({ rule: 'automerge', says: 'pass', reason: 'automerge-started' });
    expect(intents(decision, 'merge')).toMatchObject([
      { pull: 7, headSha: HEAD, method: 'auto', deleteBranch: 'change-prod' },
    ]);
    expect(intents(decide(planned({ config, ours: ours('apply-failed') }), event), 'merge')).toEqual([]);
  });

  it('leaves the merge to a merge queue, and to somebody who applies, where that is asked for', () => {
    const config = (more: string) => `automerge: {enabled: true${more}}\n`;
    const rules = known({ requiredChecks: [], mergeQueue: true });
    const queued = decide(planned({ config: config(''), github: { rules }, ours: ours('applied') }), event);
    expect(intents(queued, 'merge')).toEqual([]);
    expect(queued.trace.at(-1)).toMatchObject({ rule: 'automerge', reason: 'merge-queue-merges' });
    const unchanged = { ...ours('applied'), locks: [], report: { ...report('applied'), outcomes: noChanges } };
    const explicit = decide(
      planned({ config: config(', require_explicit_apply: true'), ours: { ...unchanged, runs: [planning] } }),
      event,
    );
    expect(intents(explicit, 'merge')).toEqual([]);
    expect(explicit.trace.at(-1)).toMatchObject({ rule: 'automerge', reason: 'nothing-to-apply' });
  });

  it('releases everything when the pull request was merged meanwhile', () => {
    const decision = decide(
      planned({ pull: { state: 'merged', mergedAt: NOW - 1_000 }, ours: ours('applied') }),
      event,
    );
    expect(intents(decision, 'release-locks')).toEqual([{ do: 'release-locks', pull: 7, dirspaces: 'all' }]);
  });

  it('ends unknown when the runner does not know', () => {
    expect(intents(decide(planned({ ours: ours('unknown') }), event), 'end-run')[0]).toMatchObject({
      state: 'unknown',
      reason: 'run-unknown',
    });
  });
});

describe('the pull request is closed', () => {
  const applied = {
    results: [result('prod', { state: 'applied' })],
    locks: [claim(7, 'prod', { appliedAt: NOW - MINUTE })],
  };

  it('releases and erases everything when all is applied and merged', () => {
    const decision = decide(planned({ pull: { state: 'merged', mergedAt: NOW }, ours: applied }), pullEvent('closed'));
    expect(decision.reason).toBe('pull-merged');
    expect(intents(decision, 'release-locks')).toEqual([{ do: 'release-locks', pull: 7, dirspaces: 'all' }]);
    expect(intents(decision, 'erase-plans').flatMap(({ plans }) => plans)).toEqual(['plan-prod']);
  });

  it('keeps the plan and takes the lock when it is merged with something unapplied', () => {
    const decision = decide(planned({ pull: { state: 'merged', mergedAt: NOW } }), pullEvent('closed'));
    expect(intents(decision, 'claim-locks')).toMatchObject([{ mergedAt: NOW, appliedAt: null }]);
    expect(intents(decision, 'erase-plans')).toEqual([]);
  });

  it('keeps its locks and says so when it had applied and was not merged', () => {
    const decision = decide(planned({ pull: { state: 'closed' }, ours: applied }), pullEvent('closed'));
    expect(decision.reason).toBe('lock-kept-after-close');
    expect(intents(decision, 'release-locks')).toEqual([]);
    expect(intents(decision, 'reply')).toHaveLength(1);
    expect(intents(decision, 'erase-plans').flatMap(({ plans }) => plans)).toEqual(['plan-prod']);
  });

  it('gives up everything when nothing was applied', () => {
    const decision = decide(planned({ pull: { state: 'closed' } }), pullEvent('closed'));
    expect(decision.reason).toBe('pull-closed-unmerged');
    expect(intents(decision, 'release-locks')).toHaveLength(1);
  });
});

describe('other events', () => {
  it('lets open pull requests into a pushed branch look again', () => {
    const openPulls = [1, 2, 3].map((number) => ({
      number,
      baseRef: number === 3 ? 'develop' : 'main',
      headSha: HEAD,
    }));
    const event = {
      kind: 'push',
      repository: REPOSITORY,
      branch: 'main',
      before: BASE,
      after: HEAD,
      sender: ALICE,
    } as const;
    const decision = decide(snapshotOf({ ours: { openPulls } }), event);
    expect(intents(decision, 'emit').map(({ event: follow }) => 'pull' in follow && follow.pull)).toEqual([1, 2]);
  });

  it('shows anew what an apply needs when somebody reviewed, as far as there is something to show', () => {
    const event = { kind: 'review', action: 'submitted', repository: REPOSITORY, pull: 7, sender: BOB } as const;
    const approved = decide(planned(), { ...event, approvedAt: NOW });
    expect(approved.reason).toBe('published');
    expect(intents(approved, 'save-review')).toMatchObject([{ review: { by: 'bob', headSha: HEAD } }]);
    expect(intents(approved, 'publish')).toHaveLength(1);
    expect(decide(snapshotOf(), event).reason).toBe('nothing-to-do');
    expect(decide(planned({ pull: { state: 'closed' } }), event).reason).toBe('nothing-to-do');
  });

  it('drops a late word that a pull request was closed when it is open again', () => {
    const decision = decide(planned(), pullEvent('closed'));
    expect(decision.reason).toBe('event-outdated');
    expect(decision.intents).toEqual([]);
  });

  it('gives a turn that was not used to the next in line', () => {
    const event = { kind: 'reconsider', repository: REPOSITORY, pull: 7, because: 'lock-freed' } as const;
    const decision = decide(planned({ ours: { ...planned().ours, locks: [claim(8, 'prod')] } }), event);
    expect(decision.reason).toBe('turn-passed');
    expect(intents(decision, 'emit')).toMatchObject([{ event: { pull: 8, because: 'lock-freed' } }]);
  });

  it('saves an installation without assuming that it lives', () => {
    const account = { id: 1, login: 'acme', type: 'Organization' };
    const event = {
      kind: 'installation',
      action: 'deleted',
      installationId: 1,
      account,
      repositories: [],
      sender: ALICE,
    } as const;
    const decision = decide(snapshotOf({ ours: { installation: { id: 1, state: 'deleted', paused: false } } }), event);
    expect(decision.reason).toBe('installation-saved');
    expect(decision.assumptions).toEqual([]);
    expect(intents(decision, 'save-installation')).toHaveLength(1);
  });
});

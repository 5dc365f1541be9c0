import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { needFor } from '../../src/decision/need-for.ts';
import { silenceVerdict } from '../../src/decision/run-lifecycle.ts';
import { triage } from '../../src/decision/triage.ts';
import { parseWaivers } from '../../src/decision/waivers.ts';
import { workflowFit } from '../../src/decision/workflow-file.ts';
import { DAY, MINUTE, SECOND } from '../../src/domain/instant.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { CheckState, GitHubFacts, Review } from '../../src/domain/snapshot.ts';
import {
  ALICE,
  BOB,
  BOT,
  CAROL,
  comment,
  HEAD,
  intents,
  NOW,
  OUR_APP,
  planFacts,
  planned,
  pullEvent,
  REPOSITORY,
  reasons,
  result,
  review,
  run,
  STRANGER,
  snapshotOf,
  WORKFLOW,
} from './build.ts';

function apply(given: Parameters<typeof planned>[0], dirs?: readonly string[]) {
  return decide(planned(given, dirs), comment('plumbline apply'));
}

describe('mergeability', () => {
  const ACTIONS = 15;
  const check = (name: string, state: CheckState['state'], ours = false): CheckState => ({
    name,
    state,
    required: true,
    appId: ours ? OUR_APP : ACTIONS,
    ours,
  });
  const status = (name: string, required: boolean): CheckState => ({
    name,
    state: 'success',
    required,
    appId: null,
    ours: false,
  });
  const pinned = (name: string, appId: number | null) =>
    known({ requiredChecks: [{ name, appId }], mergeQueue: false });
  const rules = (...names: string[]) =>
    known({ requiredChecks: names.map((name) => ({ name, appId: null })), mergeQueue: false });

  it.each<[string, Partial<GitHubFacts>, readonly string[]]>([
    ['nothing else is required', {}, []],
    [
      'our own required check waits for this very apply',
      { checks: known([check('plumbline/apply', 'pending', true)]), rules: rules('plumbline/apply') },
      [],
    ],
    ['our own required check never reported', { rules: rules('plumbline/apply', 'plumbline/plan') }, []],
    ['our own check failed', { checks: known([check('plumbline/plan', 'failure', true)]) }, []],
    [
      'another check passed, was neutral or skipped',
      { checks: known([check('a', 'success'), check('b', 'neutral'), check('c', 'skipped')]) },
      [],
    ],
    ['another check failed', { checks: known([check('tests', 'failure')]) }, ['check-failed']],
    ['an Actions job failed', { checks: known([check('build (ubuntu)', 'failure')]) }, ['check-failed']],
    [
      'a foreign check bears our name and failed',
      { checks: known([check('plumbline/apply', 'failure', false)]) },
      ['check-failed'],
    ],
    ['another check has not finished', { checks: known([check('tests', 'pending')]) }, ['check-pending']],
    ['a required check never reported', { rules: rules('security') }, ['check-missing']],
    ['our own required check is asked for from our App', { rules: pinned('plumbline/apply', OUR_APP) }, []],
    [
      'a check with our name is asked for from another App',
      { checks: known([check('plumbline/apply', 'success', true)]), rules: pinned('plumbline/apply', 123) },
      ['check-missing'],
    ],
    [
      'a required check passed, made by the App that is asked for',
      { checks: known([check('tests', 'success')]), rules: pinned('tests', ACTIONS) },
      [],
    ],
    [
      'a required check passed, but of another App than is asked for',
      { checks: known([check('tests', 'success')]), rules: pinned('tests', 123) },
      ['check-missing'],
    ],
    [
      'a required check is a status, and GitHub says that it is the one',
      { checks: known([status('tests', true)]), rules: pinned('tests', 123) },
      [],
    ],
    [
      'a status bears the name of a required check, and GitHub does not say that it is the one',
      { checks: known([status('tests', false)]), rules: pinned('tests', 123) },
      ['check-missing'],
    ],
    [
      'the branch is merged by a queue',
      { rules: known({ requiredChecks: [{ name: 'plumbline/apply', appId: null }], mergeQueue: true }) },
      [],
    ],
    ['the checks cannot be read', { checks: unknown('truncated') }, ['checks-unknown']],
    ['the branch rules cannot be read', { rules: unknown('403') }, ['rules-unknown']],
    ['there is a conflict', { mergeable: 'CONFLICTING' }, ['merge-conflict']],
    ['GitHub still computes', { mergeable: 'UNKNOWN' }, ['mergeability-unknown']],
    [
      'several things are wrong',
      { mergeable: 'CONFLICTING', checks: known([check('tests', 'failure'), check('lint', 'pending')]) },
      ['merge-conflict', 'check-failed', 'check-pending'],
    ],
  ])('%s', (_name, github, wanted) => {
    const decision = apply({ github });
    expect(reasons(decision).filter((reason, at, all) => all.indexOf(reason) === at)).toEqual(wanted);
    expect(intents(decision, 'start-run')).toHaveLength(wanted.length === 0 ? 1 : 0);
  });

  it('leaves out the checks that `ignore_matching` names', () => {
    const config =
      'apply_requirements:\n  checks:\n    - tag_query: ""\n      status_checks: {ignore_matching: ["^slow-", exact]}\n';
    const checks = known([check('slow-tests', 'pending'), check('exact', 'failure')]);
    expect(apply({ config, github: { checks } }).reason).toBe('apply-started');
  });

  it('is asked per dirspace, and the refusal names those whose requirements ask for it', () => {
    const config =
      'apply_partially: true\napply_requirements:\n  checks:\n    - {tag_query: "dir:stage", status_checks: {enabled: false}}\n    - {tag_query: ""}\n';
    const decision = apply({ config, github: { checks: known([check('tests', 'failure')]) } }, ['prod', 'stage']);
    expect(intents(decision, 'start-run')[0]?.run.targets.map(({ dir }) => dir)).toEqual(['stage']);
    const [reply] = intents(decision, 'reply');
    expect(reply?.body).toContain('Partly done');
    expect(reply?.body).toContain('- `prod`: Another check failed. tests');
    expect(reply?.body).not.toContain('stage');
  });

  it.each<[Partial<GitHubFacts>, string]>([
    [{ reviewDecision: 'REVIEW_REQUIRED' }, 'reviews-incomplete'],
    [{ reviewDecision: 'CHANGES_REQUESTED' }, 'reviews-incomplete'],
    [{ reviewDecision: 'APPROVED', reviewsRequested: 1 }, 'apply-started'],
    [{ reviewDecision: null, reviewsRequested: 0 }, 'apply-started'],
    [{ reviewDecision: null, reviewsRequested: 1 }, 'reviews-incomplete'],
  ])('is blocked by reviews where `require_completed_reviews` says so: %j', (github, reason) => {
    const config =
      'apply_requirements:\n  checks:\n    - tag_query: ""\n      approved: {enabled: true, any_of_count: 0, require_completed_reviews: true}\n';
    const decision = apply({ config, github });
    expect([decision.reason, ...reasons(decision)]).toContain(reason);
  });
});

describe('approvals', () => {
  const config = (more = '') =>
    `apply_requirements:\n${more}  checks:\n    - tag_query: ""\n      approved: {enabled: true, any_of_count: 2}\n`;
  const counted = (reviews: readonly Review[], more: Partial<GitHubFacts> = {}, text = config()) =>
    apply({ config: text, github: { reviews: known(reviews), ...more } });

  it.each<[string, readonly Review[], string]>([
    ['two people', [review(BOB), review(CAROL)], 'apply-started'],
    ['the same person twice', [review(BOB), review(BOB, { id: 20 })], 'approval-missing'],
    ['the author', [review(BOB), review(ALICE)], 'approval-missing'],
    ['somebody who cannot write', [review(BOB), review(STRANGER, { canWrite: false })], 'approval-missing'],
    ['a bot', [review(BOB), review(BOT)], 'approval-missing'],
    [
      'one who then asked for changes',
      [review(BOB), review(CAROL), review(CAROL, { id: 30, state: 'CHANGES_REQUESTED', submittedAt: NOW - MINUTE })],
      'changes-requested',
    ],
    [
      'one who asked for changes and then approved',
      [review(BOB), review(CAROL, { id: 1, state: 'CHANGES_REQUESTED', submittedAt: NOW - 5 * MINUTE }), review(CAROL)],
      'apply-started',
    ],
    [
      'one who approved and then only commented',
      [review(BOB), review(CAROL), review(CAROL, { id: 31, state: 'COMMENTED', submittedAt: NOW - MINUTE })],
      'apply-started',
    ],
    ['one whose approval was dismissed', [review(BOB), review(CAROL, { state: 'DISMISSED' })], 'approval-missing'],
    ['one of an older commit', [review(BOB), review(CAROL, { commitSha: 'e'.repeat(40) })], 'approval-stale'],
    [
      'one that is older than the plan',
      [review(BOB), review(CAROL, { submittedAt: NOW - 10 * MINUTE })],
      'approval-stale',
    ],
    [
      'one of the second in which the plan was shown',
      [review(BOB), review(CAROL, { submittedAt: NOW - 9 * MINUTE })],
      'apply-started',
    ],
    [
      'one of the second before the plan was shown',
      [review(BOB), review(CAROL, { submittedAt: NOW - 9 * MINUTE - SECOND })],
      'approval-stale',
    ],
    [
      'one whose request for changes was dismissed, which gives no approval back',
      [
        review(BOB),
        review(CAROL, { id: 1, submittedAt: NOW - 5 * MINUTE }),
        review(CAROL, { id: 2, state: 'DISMISSED', submittedAt: NOW - MINUTE }),
      ],
      'approval-missing',
    ],
  ])('%s', (_name, reviews, reason) => {
    const decision = counted(reviews);
    expect([decision.reason, ...reasons(decision)]).toContain(reason);
  });

  it('leave out who pushed last, and refuse when that is not known', () => {
    const reviews = [review(BOB), review(CAROL)];
    expect(reasons(counted(reviews, { lastPusher: known(CAROL) }))).toContain('approval-missing');
    expect(reasons(counted(reviews, { lastPusher: unknown('502') }))).toContain('last-pusher-unknown');
  });

  it('refuse when the reviews cannot be read', () => {
    expect(reasons(apply({ config: config(), github: { reviews: unknown('502') } }))).toContain('approvals-unknown');
  });

  it('of older commits count with `stale_approvals: keep`', () => {
    const reviews = [review(BOB), review(CAROL, { commitSha: 'e'.repeat(40) })];
    expect(counted(reviews, {}, config('  stale_approvals: keep\n')).reason).toBe('apply-started');
  });

  it('stay while the content of the plan stays, and fall with it (`approvals: plan`)', () => {
    const text = config('  approvals: plan\n');
    const old = [
      review(BOB, { commitSha: 'e'.repeat(40), submittedAt: NOW - 20 * MINUTE }),
      review(CAROL, { commitSha: 'e'.repeat(40), submittedAt: NOW - 20 * MINUTE }),
    ];
    const given = (digest: string) => {
      const snapshot = planned({ config: text, github: { reviews: known(old) } });
      const before = { dir: 'prod', workspace: 'default', at: NOW - 30 * MINUTE, headSha: 'e'.repeat(40), digest };
      return decide(
        { ...snapshot, ours: { ...snapshot.ours, shownPlans: [before, ...snapshot.ours.shownPlans] } },
        comment('plumbline apply'),
      );
    };
    expect(given('d'.repeat(64)).reason).toBe('apply-started');
    expect(reasons(given('0'.repeat(64)))).toContain('approval-stale');
  });

  it('of a plan with flags that change its content must come after it', () => {
    const snapshot = planned({
      config: config(),
      github: { reviews: known([review(BOB), review(CAROL, { submittedAt: NOW - 20 * MINUTE })]) },
    });
    const plans = snapshot.ours.plans.map((plan) => ({
      ...plan,
      facts: { ...planFacts(plan.facts ?? {}), flags: ['-target=a'] },
    }));
    expect(reasons(decide({ ...snapshot, ours: { ...snapshot.ours, plans } }, comment('plumbline apply')))).toContain(
      'approval-stale',
    );
  });

  it('are needed after the merge too, for an administrator can merge without them', () => {
    expect(reasons(apply({ config: config(), pull: { state: 'merged', mergedAt: NOW - MINUTE } }))).toContain(
      'approval-missing',
    );
  });
});

describe('access control', () => {
  const config = (policies: string, more = '') => `access_control:\n  enabled: true\n${more}  policies:\n${policies}`;
  const policy = (line: string) =>
    config(`    - tag_query: "dir:prod"\n      ${line}\n    - tag_query: "dir:stage"\n      apply: ["*"]\n`);

  it.each([
    ['user:bob', 'apply-started'],
    ['user:BOB', 'apply-started'],
    ['user:carol', 'access-denied'],
    ['role:write', 'apply-started'],
    ['role:admin', 'access-denied'],
    ['team:ops', 'access-unknown'],
    ['*', 'apply-started'],
  ])('apply: %s', (match, reason) => {
    const decision = apply({ config: policy(`apply: ["${match}"]`) });
    expect([decision.reason, ...reasons(decision)]).toContain(reason);
  });

  it('asks for team membership and then decides by it', () => {
    const snapshot = planned({ config: policy('apply: ["team:ops"]') });
    const event = comment('plumbline apply');
    expect(needFor(event, snapshot)).toMatchObject({ teams: [{ org: 'acme', slug: 'ops', login: 'bob' }] });
    const github = { teams: { 'acme/ops bob': known(true) } };
    expect(apply({ config: policy('apply: ["team:ops"]'), github }).reason).toBe('apply-started');
    expect(
      reasons(apply({ config: policy('apply: ["team:ops"]'), github: { teams: { 'acme/ops bob': known(false) } } })),
    ).toContain('access-denied');
  });

  it('denies everybody where there is no policy at all', () => {
    const none = 'access_control: {enabled: true, policies: []}\n';
    expect(apply({ config: none }).reason).toBe('access-no-policy');
    expect(decide(snapshotOf({ config: none }), comment('plumbline plan')).reason).toBe('access-no-policy');
    expect(apply({ config: 'access_control: {enabled: false, policies: []}\n' }).reason).toBe('apply-started');
  });

  it('denies where no policy covers the dirspace', () => {
    expect(reasons(apply({ config: config('    - tag_query: "dir:other"\n      apply: ["*"]\n') }))).toContain(
      'access-no-policy',
    );
  });

  it('refuses all when one is denied, unless told otherwise', () => {
    const text = policy('apply: ["user:carol"]');
    expect(intents(apply({ config: text }, ['prod', 'stage']), 'start-run')).toEqual([]);
    const loose = `${text}  apply_require_all_dirspace_access: false\napply_partially: true\n`;
    expect(
      intents(apply({ config: loose }, ['prod', 'stage']), 'start-run')[0]?.run.targets.map(({ dir }) => dir),
    ).toEqual(['stage']);
  });

  it('lets superapproval help who is named for it', () => {
    const text = policy(
      'apply: ["user:carol"]\n      superapproval: ["user:carol"]\n      apply_with_superapproval: ["user:bob"]',
    );
    expect(reasons(apply({ config: text }))).toContain('access-denied');
    expect(apply({ config: text, github: { reviews: known([review(CAROL)]) } }).reason).toBe('apply-started');
  });

  it.each<[string, Partial<GitHubFacts>, string]>([
    ['of an older commit', { reviews: known([review(CAROL, { commitSha: 'e'.repeat(40) })]) }, 'access-denied'],
    [
      'that is older than the plan',
      { reviews: known([review(CAROL, { submittedAt: NOW - 20 * MINUTE })]) },
      'access-denied',
    ],
    [
      'of somebody who lost write permission',
      { reviews: known([review(CAROL, { canWrite: false })]) },
      'access-denied',
    ],
    ['of who pushed last', { reviews: known([review(CAROL)]), lastPusher: known(CAROL) }, 'access-denied'],
    ['that cannot be read', { reviews: unknown('502') }, 'access-unknown'],
    [
      'while nobody knows who pushed last',
      { reviews: known([review(CAROL)]), lastPusher: unknown('502') },
      'access-unknown',
    ],
  ])('is not helped by a superapproval %s', (_name, github, reason) => {
    const text = policy(
      'apply: ["user:carol"]\n      superapproval: ["user:carol"]\n      apply_with_superapproval: ["user:bob"]',
    );
    expect(new Set(reasons(apply({ config: text, github })))).toEqual(new Set([reason]));
  });

  it('cannot be loosened by the pull request', () => {
    const strict = policy('apply: ["user:carol"]');
    expect(
      reasons(decide(planned({ config: strict, head: policy('apply: ["*"]') }), comment('plumbline apply'))),
    ).toContain('access-denied');
  });

  it('guards the configuration and the workflow file', () => {
    const text = config(
      '    - tag_query: ""\n      plan: ["*"]\n',
      '  config_update: ["user:carol"]\n  ci_config_update: []\n',
    );
    const waivers = decide(
      snapshotOf({ config: text, changed: ['prod/main.tf', '.plumbline/waivers.yml'] }),
      comment('plumbline plan'),
    );
    expect(waivers.reason).toBe('config-update-denied');
    const changed = ['prod/main.tf', '.plumbline/config.yml', '.github/workflows/plumbline.yml'];
    expect(reasons(decide(snapshotOf({ config: text, changed }), comment('plumbline plan')))).toEqual(
      expect.arrayContaining(['config-update-denied', 'ci-config-update-denied']),
    );
  });

  it('takes the files in the directory of a dirspace that only another one pulled in', () => {
    const text =
      `${policy('apply: ["codeowners"]')}dirs:\n  stage: {when_modified: {depends_on: "dir:prod"}}\n`.replace(
        'apply: ["*"]',
        'apply: ["codeowners"]',
      );
    const owned = (file: string) => {
      const github = { codeowners: known(file) };
      const bare = planned({ config: text, changed: ['prod/main.tf'], github }, ['prod', 'stage']);
      const results = [result('prod', { kind: 'apply', state: 'applied' }), result('stage')];
      return decide({ ...bare, ours: { ...bare.ours, results } }, comment('plumbline apply'));
    };
    expect(owned('/stage/ @bob\n').reason).toBe('apply-started');
    expect(owned('/prod/ @bob\n/stage/ @carol\n').reason).toBe('access-denied');
  });

  it('knows the owners of the files', () => {
    const text = policy('apply: ["codeowners"]');
    const codeowners = (file: string) => ({ codeowners: known(file) });
    expect(reasons(apply({ config: text }))).toContain('access-unknown');
    expect(apply({ config: text, github: codeowners('* @carol\n/prod/ @bob\n') }).reason).toBe('apply-started');
    expect(reasons(apply({ config: text, github: codeowners('/prod/ @bob\n*.tf @carol\n') }))).toContain(
      'access-denied',
    );
  });
});

describe('gates and waivers', () => {
  const gate = {
    dir: 'prod',
    workspace: 'default',
    headSha: HEAD,
    planId: 'plan-prod',
    policy: 'no-public-buckets',
    gate: { token: 'security', allOf: [], anyOf: [{ kind: 'user', login: 'carol' }], anyOfCount: 1 },
  } as const;
  const approval = { token: 'security', headSha: HEAD, by: { id: CAROL.id, login: 'carol' }, at: NOW - MINUTE };
  const given = (more: object = {}, github: Partial<GitHubFacts> = {}) => {
    const snapshot = planned({ github });
    return { ...snapshot, ours: { ...snapshot.ours, gates: [gate], ...more } };
  };

  it.each([
    ['is not approved', {}, {}, 'gate-missing'],
    ['is approved', { gateApprovals: [approval] }, {}, 'apply-started'],
    [
      'was approved for an older commit',
      { gateApprovals: [{ ...approval, headSha: 'e'.repeat(40) }] },
      {},
      'gate-missing',
    ],
    [
      'was approved by somebody else',
      { gateApprovals: [{ ...approval, by: { id: 9, login: 'mallory' } }] },
      {},
      'gate-missing',
    ],
    ['was approved before the plan', { gateApprovals: [{ ...approval, at: NOW - 20 * MINUTE }] }, {}, 'gate-missing'],
  ])('a gate that %s', (_name, ours, github, reason) => {
    const decision = decide(given(ours, github), comment('plumbline apply'));
    expect([decision.reason, ...reasons(decision)]).toContain(reason);
  });

  it('is approved by comment, by whom it names and by nobody else', () => {
    expect(intents(decide(given(), comment('plumbline approve security', CAROL)), 'approve-gates')).toMatchObject([
      { tokens: ['security'], by: { login: 'carol' } },
    ]);
    expect(reasons(decide(given(), comment('plumbline approve security', BOB)))).toContain('gate-denied');
    expect(reasons(decide(given(), comment('plumbline approve nothing', CAROL)))).toContain('gate-unknown-token');
  });

  const until = '2027-02-01';
  const entry = (more = '') =>
    `waivers:\n  - policy: no-public-buckets\n    dir: prod\n    owner: carol\n    reason: migration\n    until: "${until}"\n${more}`;

  it('is let pass by a waiver of the default branch until it runs out', () => {
    expect(decide(given({}, { waivers: known(entry()) }), comment('plumbline apply')).reason).toBe('apply-started');
    expect(
      reasons(
        decide(
          { ...given({}, { waivers: known(entry()) }), now: NOW + 60 * DAY },
          comment('plumbline apply', BOB, { createdAt: NOW + 60 * DAY }),
        ),
      ),
    ).toContain('gate-missing');
  });

  it.each([
    ['today', '2027-01-15', true],
    ['yesterday', '2027-01-14', false],
    ['on the ninetieth day from now', '2027-04-15', true],
    ['on the day after that', '2027-04-16', false],
  ])('a waiver that ends %s, written without quotes', (_name, day, counts) => {
    const text = entry().replace(`"${until}"`, day);
    const decision = decide(given({}, { waivers: known(text) }), comment('plumbline apply'));
    expect(decision.reason).toBe(counts ? 'apply-started' : 'gate-missing');
  });

  it.each<[string, GitHubFacts['waivers'], string]>([
    ['it has ended', known(entry().replace(until, '2027-01-14')), 'The waiver for it has ended.'],
    ['it does not count', known(entry().replace('    owner: carol\n', '')), 'waiver 1: `owner` is missing.'],
    ['it could not be read', unknown('502'), 'Waivers could not be read: 502.'],
  ])('a gate whose waiver does not help says so: %s', (_name, waivers, says) => {
    const [reply] = intents(
      decide(given({}, waivers === undefined ? {} : { waivers }), comment('plumbline apply')),
      'reply',
    );
    expect(reply?.body).toContain('gate-missing');
    expect(reply?.body).toContain(says);
  });

  it.each([
    ['no owner', entry().replace('    owner: carol\n', ''), 'owner'],
    ['no date', entry().replace(`    until: "${until}"\n`, ''), 'until'],
    ['more than 90 days', entry().replace(until, '2027-04-16'), '90 days'],
    ['a day that is not there', entry().replace(until, '2027-02-30'), 'until'],
    ['no reason', entry().replace('    reason: migration\n', ''), 'reason'],
    ['an owner of white space', entry().replace('owner: carol', 'owner: "  "'), 'owner'],
    ['everything', entry().replace('dir: prod', 'dir: "**"'), 'too wide'],
    ['no list', 'waivers: 3\n', 'list'],
    ['broken YAML', 'waivers: [', 'line'],
  ])('a waiver with %s does not count', (_name, text, says) => {
    const read = parseWaivers(text, NOW);
    expect(read.waivers).toEqual([]);
    expect(read.problems.join()).toContain(says);
  });
});

describe('the base moves', () => {
  const moved = { pull: { baseSha: '9'.repeat(40), mergeTreeSha: '8'.repeat(40) } };
  const files = (...paths: string[]) => ({
    github: {
      baseFilesSince: { ['b'.repeat(40)]: known(paths.map((path) => ({ path, status: 'modified' as const }))) },
    },
  });
  const event = { kind: 'reconsider', repository: REPOSITORY, pull: 7, because: 'base-moved' } as const;

  it.each([
    ['elsewhere: the plan stays', { ...moved, ...files('stage/main.tf') }, 'apply-started'],
    ['in the same directory: the plan is stale', { ...moved, ...files('prod/other.tf') }, 'plan-stale-base'],
    ['and nobody knows where: the plan is stale', moved, 'plan-stale-base'],
    [
      'elsewhere, with base_moved strict: the plan is stale',
      { ...moved, ...files('stage/main.tf'), config: 'base_moved: strict\n' },
      'plan-stale-base',
    ],
    ['and comes to the same tree: the plan stays', { pull: { baseSha: '9'.repeat(40) } }, 'apply-started'],
  ])('%s', (_name, given, reason) => {
    const decision = apply(given);
    expect([decision.reason, ...reasons(decision)]).toContain(reason);
  });

  it('plans again by itself, or only marks, and not without end', () => {
    const started = decide(planned({ ...moved, ...files('prod/x.tf') }), event);
    expect(started.reason).toBe('base-moved');
    expect(intents(started, 'erase-plans')).toMatchObject([
      { reason: 'plan-stale-base' },
      { reason: 'plan-superseded' },
    ]);
    expect(intents(started, 'start-run')).toHaveLength(1);
    expect(
      intents(decide(planned({ ...moved, ...files('prod/x.tf'), config: 'stale_plans: mark\n' }), event), 'start-run'),
    ).toEqual([]);
    const runs = Array.from({ length: 6 }, (_, at) =>
      run({ id: `run-${at}`, state: 'succeeded', createdAt: NOW - MINUTE }),
    );
    expect(intents(decide(planned({ ...moved, ...files('prod/x.tf'), ours: { runs } }), event), 'start-run')).toEqual(
      [],
    );
  });

  it('asks what moved before it decides', () => {
    expect(needFor(event, planned(moved))).toMatchObject({ baseFilesSince: ['b'.repeat(40)] });
  });
});

describe('layers', () => {
  const config = 'dirs:\n  stage:\n    when_modified:\n      depends_on: "dir:prod"\n';

  it('plan the first and then the second', () => {
    const changed = ['prod/main.tf', 'stage/main.tf'];
    const first = decide(snapshotOf({ config, changed }), pullEvent('opened'));
    expect(intents(first, 'start-run')[0]?.run.targets.map(({ dir }) => dir)).toEqual(['prod']);
    const second = decide(
      snapshotOf({ config, changed, ours: { results: [result('prod', { state: 'applied' })] } }),
      pullEvent('synchronize'),
    );
    expect(intents(second, 'start-run')[0]?.run.targets.map(({ dir }) => dir)).toEqual(['stage']);
  });

  it('are not jumped over by a command', () => {
    const changed = ['prod/main.tf', 'stage/main.tf'];
    expect(reasons(decide(snapshotOf({ config, changed }), comment('plumbline plan dir:stage')))).toContain(
      'layer-waits',
    );
  });
});

describe('runs are split', () => {
  it('by environment, which the default branch alone chooses', () => {
    const config = 'workflows:\n  - tag_query: "dir:prod"\n    environment: {plan: prod-plan, apply: prod}\n';
    const decision = decide(
      snapshotOf({ config, head: 'enabled: true\n', changed: ['prod/main.tf', 'stage/main.tf'] }),
      pullEvent('opened'),
    );
    expect(
      intents(decision, 'start-run')
        .map(({ run: started }) => started.environment)
        .sort(),
    ).toEqual([null, 'prod-plan'].sort());
  });

  it('into batches when asked for', () => {
    const config = 'batch_runs: {enabled: true, max_workspaces_per_batch: 1}\n';
    expect(
      intents(
        decide(snapshotOf({ config, changed: ['prod/main.tf', 'stage/main.tf'] }), pullEvent('opened')),
        'start-run',
      ),
    ).toHaveLength(2);
  });
});

describe('forks', () => {
  const config = 'forks: {plan: sandbox}\n';
  const headSha = '1a'.repeat(20);
  const pull = { headRepositoryId: 77, headSha };

  it.each([
    ['is not planned by itself', pullEvent('opened', { headSha }), 'fork-needs-sha'],
    ['is not planned without the commit', comment('plumbline plan'), 'fork-needs-sha'],
    ['is not planned for another commit', comment('plumbline plan 1234567'), 'sha-not-head'],
    ['is never applied', comment('plumbline apply'), 'fork-no-apply'],
  ])('a fork %s', (_name, event, reason) => {
    for (const snapshot of [snapshotOf({ config, pull }), planned({ config, pull })]) {
      const decision = decide(snapshot, event);
      expect([decision.reason, ...reasons(decision)]).toContain(reason);
      expect(intents(decision, 'start-run')).toEqual([]);
    }
    expect(decide(snapshotOf({ pull }), pullEvent('opened')).reason).toBe('fork-off');
  });

  it('a fork is planned for the commit that was named, in its own environment and no other', () => {
    const placed = `${config}workflows:\n  - tag_query: "dir:prod"\n    environment: production\n`;
    const decision = decide(snapshotOf({ config: placed, pull }), comment(`plumbline plan ${headSha.slice(0, 7)}`));
    expect(intents(decision, 'start-run')).toMatchObject([{ run: { kind: 'plan', environment: 'sandbox', headSha } }]);
  });
});

describe('silence', () => {
  const github = (status: string, conclusion: string | null = null) => known({ id: 5, status, conclusion });

  it.each([
    ['GitHub says cancelled', run({ state: 'dispatched' }), github('completed', 'cancelled'), 'end', 'run-cancelled'],
    ['GitHub says timed out', run(), github('completed', 'timed_out'), 'end', 'run-timed-out'],
    [
      'GitHub could not start it',
      run({ state: 'dispatched' }),
      github('completed', 'startup_failure'),
      'end',
      'run-startup-failure',
    ],
    ['it ended without a report', run({ claimedAt: NOW }), github('completed', 'success'), 'end', 'run-lost'],
    [
      'two minutes after the last heartbeat',
      run({ claimedAt: NOW - 10 * MINUTE, heartbeatAt: NOW - 2 * MINUTE }),
      undefined,
      'end',
      'run-silent',
    ],
    [
      'a minute after the last heartbeat',
      run({ claimedAt: NOW - 10 * MINUTE, heartbeatAt: NOW - MINUTE }),
      github('in_progress'),
      'wait',
      'run-noted',
    ],
    [
      'it waits for reviewers of the environment',
      run({ state: 'dispatched', dispatchedAt: NOW - 60 * MINUTE }),
      github('waiting'),
      'wait',
      'run-waiting',
    ],
    [
      'it waits for a runner',
      run({ state: 'dispatched', dispatchedAt: NOW - 60 * MINUTE }),
      github('queued'),
      'wait',
      'run-waiting',
    ],
    [
      'GitHub knows nothing of it, at first',
      run({ state: 'dispatched', dispatchedAt: NOW - MINUTE }),
      known(null),
      'wait',
      'run-noted',
    ],
    [
      'GitHub knows nothing of it after ten minutes',
      run({ state: 'dispatched', dispatchedAt: NOW - 10 * MINUTE }),
      known(null),
      'end',
      'run-never-started',
    ],
    ['GitHub cannot be asked', run({ state: 'dispatched' }), unknown('502', true), 'wait', 'asked-again'],
  ] as const)('%s', (_name, silent, fact, kind, reason) => {
    expect(silenceVerdict(silent, NOW, fact)).toMatchObject({ kind, reason });
  });

  it('makes an apply that had begun unknown, and blocks its dirspaces', () => {
    const silent = run({ kind: 'apply', begun: true, claimedAt: NOW - 5 * MINUTE, heartbeatAt: NOW - 3 * MINUTE });
    const event = { kind: 'run-silent', repository: REPOSITORY, pull: 7, run: silent.id } as const;
    const decision = decide(snapshotOf({ ours: { runs: [silent] } }), event);
    expect(intents(decision, 'end-run')[0]).toMatchObject({ state: 'unknown', reason: 'run-unknown' });
    expect(
      reasons(
        decide(
          snapshotOf({ ours: { results: [result('prod', { kind: 'apply', state: 'unknown' })] } }),
          comment('plumbline apply'),
        ),
      ),
    ).toContain('apply-unknown');
    expect(
      decide(
        snapshotOf({ ours: { results: [result('prod', { kind: 'apply', state: 'unknown' })] } }),
        comment('plumbline plan'),
      ).reason,
    ).toBe('plan-started');
  });

  it('asks GitHub only when the runner is not heard of', () => {
    const event = { kind: 'run-silent', repository: REPOSITORY, pull: 7, run: run().id } as const;
    const heard = { ...snapshotOf({ ours: { runs: [run({ heartbeatAt: NOW - 15 * SECOND })] } }), github: null };
    expect(needFor(event, heard)).toBeUndefined();
    expect(needFor(event, { ...heard, ours: { ...heard.ours, runs: [run()] } })).toEqual({ actionsRun: run().id });
  });
});

describe('triage', () => {
  it.each([
    ['a bot talks', comment('plumbline plan', BOT), 'own-event'],
    ['another bot talks', comment('plumbline plan', { id: 60, login: 'dependabot[bot]', bot: true }), 'bot-comment'],
    ['people talk', comment('LGTM, nice terraforming'), 'not-a-command'],
    ['some label is set', pullEvent('labeled', { label: 'bug' }), 'label-without-meaning'],
    ['a team changes', { kind: 'membership', installationId: 1, what: 'team' } as const, 'caches-dropped'],
  ])('ignores when %s', (_name, event, reason) => {
    expect(triage(event, { botId: BOT.id })).toMatchObject({ do: 'ignore', reason });
  });

  it('reads for help no more than it needs', () => {
    expect(triage(comment('plumbline help'), { botId: BOT.id })).toEqual({
      do: 'observe',
      need: { pull: 7, config: true },
    });
  });

  it('asks for a permission where one is needed', () => {
    expect(triage(comment('plumbline apply'), { botId: BOT.id })).toMatchObject({
      need: { permissionsOf: ['bob'], mergeability: true, checks: true },
    });
    expect(triage(pullEvent('closed'), { botId: BOT.id })).toMatchObject({ need: { permissionsOf: [] } });
  });
});

describe('the workflow file', () => {
  const none = { environment: false, runsOn: false };
  const without = (text: string) =>
    known(
      WORKFLOW.split('\n')
        .filter((line) => !line.includes(text))
        .join('\n'),
    );

  it('that users copy is fit', () => {
    expect(workflowFit(known(WORKFLOW), { environment: true, runsOn: true })).toEqual({ fit: true });
  });

  it.each([
    ['no run-name', without('run-name'), `run-name: plumbline $\{{ inputs.run-id }}`],
    ['no id-token', without('id-token'), '  id-token: write'],
    ['no contents', without('contents: read'), '  contents: read'],
    ['no dispatch', without('workflow_dispatch'), '  workflow_dispatch:'],
    ['no environment input', known(WORKFLOW.replace(/ {6}environment:\n(?: {8}.*\n)+/u, '')), '      environment:'],
  ])('with %s names the lines to add', (_name, fact, line) => {
    expect(workflowFit(fact, { environment: true, runsOn: false })).toMatchObject({
      fit: false,
      reason: 'workflow-unfit',
      lines: expect.arrayContaining([line]),
    });
  });

  it('with more permissions than it needs is refused', () => {
    const fit = workflowFit(known(WORKFLOW.replace('contents: read', 'contents: write')), none);
    expect(fit).toMatchObject({ fit: false, text: expect.stringContaining('contents: write') });
  });

  it('that is missing or unreadable is said', () => {
    expect(workflowFit(known(null), none)).toMatchObject({ reason: 'workflow-missing' });
    expect(workflowFit(unknown('502'), none)).toMatchObject({ reason: 'workflow-unreadable' });
  });
});

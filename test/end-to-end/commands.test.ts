import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../action/src/target-outcome.ts';
import { EMPTY_PLAN } from '../../src/plans/read-plan.ts';
import type { Pull } from '../world/world-state.ts';
import { type HandRunner, Hands, must } from './hand-runner.ts';
import { openStage } from './open-stage.ts';
import { AUTHOR, decided, REVIEWER, STRANGER, type Stage, waitForRows } from './stage.ts';
import { backdate, checked, commentLate, letTimePass, quiet, reacted, said, shown } from './watching.ts';

const LONG = 90_000;
const CONFIG = `apply_requirements:
  checks:
    - tag_query: ''
      approved:
        enabled: true
        any_of_count: 1
`;
let stage: Stage;
let hands: Hands;
let pull: Pull;
let first: HandRunner;
const files = (value: string) => ({
  'network/main.tf': stage.rootModule('network', value),
  'app/main.tf': stage.rootModule('app', value),
});
const comment = (user: string, body: string) => stage.world.comment(stage.repository, pull.number, user, body);

/** Comment, and wait until everything that follows from it has happened. */
async function ask(user: string, body: string): Promise<readonly string[]> {
  const before = stage.commentsOf(pull).length;
  await reacted(stage, comment(user, body));
  await quiet(stage);
  return stage.commentsOf(pull).slice(before);
}

beforeAll(async () => {
  stage = await openStage({ world: { runner: { kind: 'manual' } }, config: CONFIG });
  hands = new Hands(stage);
  pull = await stage.world.openPullRequest(stage.repository, { author: AUTHOR, files: files('two') });
  first = await hands.next();
}, LONG);
afterAll(() => stage?.close());

// One life of one pull request: each test begins where the one before it ended.
describe('while a plan runs', { timeout: LONG }, () => {
  it('a stranger is refused once, with the permission that is needed, and then by a reaction only', async () => {
    const [refusal, ...more] = await ask(STRANGER, 'plumbline apply');
    expect(refusal).toContain('This needs write permission on the repository.');
    expect(more).toEqual([]);
    const again = comment(STRANGER, 'plumbline plan');
    expect(await reacted(stage, again)).toBe('-1');
    await quiet(stage);
    expect(stage.commentsOf(pull).filter((body) => body.includes('permission-missing'))).toHaveLength(1);
    expect(stage.world.runs).toHaveLength(1);
  });

  it('anybody may ask for help', async () => {
    const [help] = await ask(STRANGER, 'plumbline help');
    expect(help).toContain('plumbline apply');
  });

  it('an apply is refused with that reason', async () => {
    await first.claim();
    const [refusal] = await ask(AUTHOR, 'plumbline apply');
    expect(refusal).toContain('plan-running');
    expect(stage.world.runs).toHaveLength(1);
  });

  it('a new push cancels it, and what it reports late is kept and does not count', async () => {
    const manifest = await first.manifest();
    await stage.world.push(stage.repository, pull, files('three'));
    const second = await hands.next();
    expect((await first.route('POST', 'heartbeat', {})).body).toEqual({ cancel: true });
    await stage.world.waitFor(() => first.actions.conclusion === 'cancelled', 'the cancelled run', LONG);
    const { db } = stage.service.database;
    const late = manifest.targets.map(
      ({ index }) => ({ index, state: 'no-changes', phase: 'done', model: EMPTY_PLAN }) as const,
    );
    must(
      await first.report(
        manifest,
        late.map((one) => outcomeOf(one.index, 1, one)),
      ),
      204,
    );
    await decided(stage, 'report-superseded');
    const kept = await db
      .selectFrom('dirspace_result')
      .select(['superseded', 'newest'])
      .where('run_id', '=', first.id)
      .execute();
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every(({ superseded, newest }) => superseded && !newest)).toBe(true);
    const approval = await stage.world.review(stage.repository, pull, REVIEWER, 'APPROVED');
    backdate(approval);
    await second.plan();
    await said(stage, pull, 'terraform_data.this');
    await shown(stage, pull);
    await checked(stage, pull.headSha, 'plumbline/plan', /^success$/);
  });
});

describe('an apply', { timeout: LONG }, () => {
  it('is refused when the approval is older than the plan', async () => {
    expect(await said(stage, pull, 'still needs')).toContain('1 approval');
    const [refusal] = await ask(AUTHOR, 'plumbline apply');
    expect(refusal).toContain('approval-stale');
  });

  it('is refused when it was asked for before the newest plan was shown', async () => {
    await stage.world.review(stage.repository, pull, REVIEWER, 'APPROVED');
    expect(await said(stage, pull, 'Approved by')).toContain(REVIEWER);
    commentLate(stage, pull, AUTHOR, 'plumbline apply');
    expect(await said(stage, pull, 'comment-before-plan')).toContain('Read the plan, then comment again.');
  });

  it('is refused at its claim when the head moved after it was asked for', async () => {
    comment(AUTHOR, 'plumbline apply');
    const apply = await hands.next();
    await stage.world.push(stage.repository, pull, files('four'));
    const step = await apply.take();
    expect(step).toMatchObject({ next: 'stop', code: expect.stringMatching(/head-moved|request-lost|run-superseded/) });
    await said(stage, pull, 'head-moved');
    apply.finish();
    await letTimePass(stage);
    const plan = await hands.next();
    await plan.plan();
    await shown(stage, pull);
    const chunks = await stage.service.database.db
      .selectFrom('plan')
      .select('erased_because')
      .where('erased_because', '=', 'plan-used')
      .execute();
    expect(chunks).toEqual([]);
  });

  it('is refused at its claim when the one who asked may not write any more', async () => {
    await stage.world.review(stage.repository, pull, REVIEWER, 'APPROVED');
    comment(AUTHOR, 'plumbline apply');
    const apply = await hands.next();
    stage.world.setPermission(stage.repository, AUTHOR, 'read');
    expect(await apply.take()).toMatchObject({ next: 'stop' });
    apply.finish();
    await said(stage, pull, 'request-lost');
    stage.world.setPermission(stage.repository, AUTHOR, 'write');
    await quiet(stage);
  });

  it('uses the plans and then destroys them', async () => {
    comment(AUTHOR, 'plumbline apply dir:app');
    const apply = await hands.next();
    const manifest = await apply.manifest();
    expect(manifest.targets.map(({ dir }) => dir)).toEqual(['app']);
    const planId = manifest.targets[0]?.plan?.planId ?? '';
    must(await apply.route('GET', `plans/${planId}`), 200);
    must(await apply.route('POST', 'begun', { indexes: [0] }), 204);
    expect((await apply.route('GET', `plans/${planId}`)).status).toBe(404);
    const { db } = stage.service.database;
    expect(await db.selectFrom('plan_key').select('plan_id').where('plan_id', '=', planId).execute()).toEqual([]);
    expect(await db.selectFrom('plan_chunk').select('plan_id').where('plan_id', '=', planId).execute()).toEqual([]);
    must(await apply.report(manifest, [outcomeOf(0, 1, { state: 'applied', phase: 'done', serial: 2 })]), 204);
    apply.finish();
    await said(stage, pull, '1 of 2 dirspaces applied');
  });
});

describe('closing', { timeout: LONG }, () => {
  it('without a merge erases the plans and keeps the locks of what was applied', async () => {
    await quiet(stage);
    await stage.world.closePullRequest(stage.repository, pull, AUTHOR);
    await decided(stage, 'lock-kept-after-close');
    const { db } = stage.service.database;
    const plans = await db.selectFrom('plan').select('state').execute();
    expect(plans.every(({ state }) => state === 'erased')).toBe(true);
    expect(await db.selectFrom('plan_chunk').select('plan_id').execute()).toEqual([]);
    expect(await db.selectFrom('lock_claim').select('dir').execute()).toEqual([{ dir: 'app' }]);
    await said(stage, pull, 'lock-kept-after-close');
  });

  it('leaves what it holds to `plumbline unlock`', async () => {
    const [answer] = await ask(AUTHOR, 'plumbline unlock');
    expect(answer).toContain('Unlocked');
    await waitForRows(
      stage,
      async (db) => (await db.selectFrom('lock_claim').select('dir').execute()).length === 0,
      'the freed lock',
    );
    expect(stage.world.errors).toEqual([]);
  });
});

import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MINUTE } from '../../src/domain/instant.ts';
import type { Pull } from '../world/world-state.ts';
import { type HandRunner, Hands } from './hand-runner.ts';
import { openStage } from './open-stage.ts';
import { AUTHOR, STRANGER, type Stage, waitForRows } from './stage.ts';
import { quiet, said, shown } from './watching.ts';

const LONG = 300_000;
let stage: Stage;
let hands: Hands;
let pull: Pull;
let plan: HandRunner;

beforeAll(async () => {
  stage = await openStage({ world: { runner: { kind: 'manual' } }, config: "modules: 'off'\n" });
  hands = new Hands(stage);
  await quiet(stage);
}, LONG);
afterAll(() => stage?.close());

/** Everything that waits has waited so much longer. The service's clock is the database's, and that one cannot be turned. */
async function pass(ms: number): Promise<void> {
  const { db } = stage.service.database;
  const by = sql`${ms}::float8 * interval '1 millisecond'`;
  await sql`update inbox_event set received_at = received_at - ${by}`.execute(db);
  await sql`update subject set due_at = due_at - ${by} where lease_token is null`.execute(db);
  await sql`update outbox set due_at = due_at - ${by} where state = 'pending'`.execute(db);
  await sql`update outbox_lane set paused_until = paused_until - ${by}`.execute(db);
  await sql`update timer set due_at = due_at - ${by}`.execute(db);
}

/** Nothing is in hand, and nothing could be done now. */
async function everythingWaits(): Promise<void> {
  const due = (name: string) => sql<boolean>`${sql.ref(name)} <= clock_timestamp()`;
  await waitForRows(
    stage,
    async (db) => {
      const lines = await db
        .selectFrom('subject')
        .select('name')
        .where((where) => where.or([where('lease_token', 'is not', null), due('due_at')]))
        .execute();
      const lanes = await db
        .selectFrom('outbox_lane')
        .select('lease_token')
        .where('lease_token', 'is not', null)
        .execute();
      const writes = await db
        .selectFrom('outbox')
        .select('id')
        .where('state', '=', 'pending')
        .where(due('due_at'))
        .execute();
      return lines.length + lanes.length + writes.length === 0;
    },
    'that everything waits',
  );
}

const STEP = MINUTE / 2;

/** GitHub answers every call with 503 for ten minutes; `meanwhile` is what people and runners do at its beginning. */
async function tenMinutesDown(meanwhile: () => Promise<void>): Promise<number> {
  const { world } = stage;
  world.faults.onCall(/^(GET|POST|PATCH|PUT|DELETE) \/(api|graphql)/, { kind: 'server-error', status: 503 }, 1_000_000);
  const before = world.faults.struck.length;
  await meanwhile();
  for (let passed = 0; passed < 10 * MINUTE; passed += STEP) {
    await everythingWaits();
    await pass(STEP);
  }
  await everythingWaits();
  world.faults.clear();
  const struck = world.faults.struck.length - before;
  await pass(20 * MINUTE);
  return struck;
}

async function givenUp(): Promise<number> {
  const { db } = stage.service.database;
  const dead = await Promise.all([
    db.selectFrom('inbox_event').select('id').where('state', '=', 'dead').execute(),
    db.selectFrom('outbox').select('id').where('state', '=', 'dead').execute(),
  ]);
  return dead.flat().length;
}

it(
  'a pull request and what people say in ten minutes without GitHub is handled after them, in order',
  async () => {
    const { world, repository, rootModule } = stage;
    const struck = await tenMinutesDown(async () => {
      pull = await world.openPullRequest(repository, {
        author: AUTHOR,
        files: { 'app/main.tf': rootModule('app', 'two') },
      });
      world.comment(repository, pull.number, STRANGER, 'plumbline help');
      world.comment(repository, pull.number, STRANGER, 'plumbline apply');
      await world.deliveriesSettled();
    });
    expect(struck, 'GitHub is asked again and again, and not without a pause').toBeGreaterThan(5);
    expect(struck).toBeLessThan(400);
    plan = await hands.next();
    await quiet(stage);
    const [help, refusal, ...more] = stage.commentsOf(pull);
    expect(help).toContain('plumbline unlock');
    expect(refusal).toContain('This needs write permission');
    expect(more).toEqual([]);
    expect(await givenUp()).toBe(0);
  },
  LONG,
);

it(
  'a plan and an apply that are done meanwhile are shown after them, each once',
  async () => {
    const { world, repository } = stage;
    await tenMinutesDown(async () => {
      await plan.plan();
      await world.deliveriesSettled();
    });
    await shown(stage, pull);
    await said(stage, pull, 'terraform_data.this');
    world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
    const apply = await hands.next();
    const manifest = await apply.manifest();
    expect(manifest.kind).toBe('apply');
    await tenMinutesDown(async () => {
      await apply.apply();
      await world.deliveriesSettled();
    });
    await said(stage, pull, '1 of 1 dirspace applied');
    await quiet(stage);
    expect(world.runs.map(({ conclusion }) => conclusion)).toEqual(['success', 'success']);
    const ours = stage.commentsOf(pull);
    expect(ours.filter((body) => body.includes('dirspace applied'))).toHaveLength(1);
    expect(ours).toHaveLength(4);
    expect(await givenUp()).toBe(0);
  },
  LONG,
);

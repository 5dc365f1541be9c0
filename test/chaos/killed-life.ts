import { sql } from 'kysely';
import type { Service } from '../../src/service.ts';
import { openPostgres } from '../../src/store/open-postgres.ts';
import { Hands } from '../end-to-end/hand-runner.ts';
import { AUTHOR, decided, REVIEWER, type Stage, startStage } from '../end-to-end/stage.ts';
import { checked, quiet, said, shown } from '../end-to-end/watching.ts';
import { Random } from '../simulation/random.ts';
import type { Pull } from '../world/world-state.ts';
import { ServiceProcess } from './service-process.ts';

/** What the life of a pull request leaves, without the ids and times that differ from life to life. */
export interface EndState {
  readonly comments: readonly string[];
  readonly reactions: readonly string[];
  readonly checks: readonly string[];
  /** Actions runs by how they ended: each dispatch is one. */
  readonly runs: readonly string[];
  readonly plans: readonly string[];
  readonly results: readonly string[];
  readonly locks: number;
  /** Effects that were given up, and events. */
  readonly dead: number;
  /** Events of GitHub and of runners that were decided other than once. */
  readonly notOnce: readonly string[];
}

export interface Life {
  /** A migrated PostgreSQL database of its own. */
  readonly databaseUrl: string;
  /** The service is killed when GitHub has been called so often since the stage was set; ascending. */
  readonly killAfterCalls: readonly number[];
  /** Hears of each kill: the last call to GitHub before it. */
  readonly onKill?: (call: string) => void;
}

/** About as many calls to GitHub as a life takes. */
const CALLS = 60;
const MOST_KILLS = 5;

/** The moments that a seed stands for, in calls to GitHub. */
export function killPoints(seed: number): readonly number[] {
  const random = new Random(seed);
  return Array.from({ length: 1 + random.below(MOST_KILLS) }, () => 1 + random.below(CALLS)).sort((a, b) => a - b);
}

/** Open, plan, approve, apply, merge: with a service that is killed at the moments named, and started again each time. */
export async function liveThrough({ databaseUrl, killAfterCalls, onKill }: Life): Promise<EndState> {
  const database = await openPostgres({ databaseUrl });
  let service: ServiceProcess | undefined;
  const start = async (environment: Readonly<Record<string, string>>, url: string): Promise<Service> => {
    service = new ServiceProcess(environment);
    await service.start();
    return { url, database, close: () => database.close() };
  };
  const stage = await startStage({
    world: { runner: { kind: 'manual' } },
    environment: { DATABASE_URL: databaseUrl, LOG_LEVEL: 'info' },
    start,
  });
  const abort = new AbortController();
  try {
    const killed = kill(stage, killAfterCalls, abort.signal, async (call) => {
      onKill?.(call);
      await service?.kill();
      await letLeasesEnd(stage);
      await service?.start();
    });
    const pull = await Promise.race([live(stage), killed.then(() => new Promise<never>(() => undefined))]);
    abort.abort();
    await killed;
    await quiet(stage);
    return await endState(stage, pull);
  } catch (error) {
    throw new Error(`the life was cut short: ${service?.output.slice(-6_000) ?? ''}`, { cause: error });
  } finally {
    abort.abort();
    await service?.stop();
    await stage.close();
  }
}

async function kill(
  { world }: Stage,
  points: readonly number[],
  over: AbortSignal,
  murder: (call: string) => Promise<void>,
): Promise<void> {
  const from = world.calls.length;
  for (const point of points) {
    await world.waitFor(() => over.aborted || world.calls.length >= from + point, `call ${point}`, 600_000);
    if (over.aborted) {
      return;
    }
    await murder(world.calls.at(-1)?.route ?? '');
  }
}

/** As if so much time had passed that nobody waits for the process that is gone. */
async function letLeasesEnd({ service }: Stage): Promise<void> {
  const { db } = service.database;
  const past = sql<never>`clock_timestamp() - interval '1 second'`;
  await db.updateTable('subject').set({ due_at: past }).where('lease_token', 'is not', null).execute();
  await db.updateTable('outbox_lane').set({ lease_until: past }).where('lease_token', 'is not', null).execute();
  await db.updateTable('delivery_look').set({ lease_until: past }).where('lease_token', 'is not', null).execute();
}

async function live(stage: Stage): Promise<Pull> {
  const { world, repository, rootModule } = stage;
  const hands = new Hands(stage);
  const pull = await world.openPullRequest(repository, {
    author: AUTHOR,
    files: { 'network/main.tf': rootModule('network', 'two'), 'app/main.tf': rootModule('app', 'two') },
  });
  const plan = await hands.next();
  await plan.plan();
  await said(stage, pull, 'terraform_data.this');
  await shown(stage, pull);
  await world.review(repository, pull, REVIEWER, 'APPROVED');
  world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
  const apply = await hands.next();
  await apply.apply();
  await said(stage, pull, '2 of 2 dirspaces applied');
  await checked(stage, pull.headSha, 'plumbline/apply', /^success$/);
  await world.merge(repository, pull, AUTHOR);
  await decided(stage, 'pull-merged');
  return pull;
}

async function endState({ world, repository, service }: Stage, pull: Pull): Promise<EndState> {
  const { db } = service.database;
  const ours = (login: string) => login.endsWith('[bot]');
  const comments = world.commentsOn(repository, pull.number).filter(({ author }) => ours(author));
  const dead = await Promise.all([
    db.selectFrom('outbox').select('id').where('state', '=', 'dead').execute(),
    db.selectFrom('inbox_event').select('id').where('state', '=', 'dead').execute(),
  ]);
  const decisions = await db.selectFrom('decision').select(['event_key', 'event_kind']).execute();
  const byEvent = Map.groupBy(decisions, ({ event_key }) => event_key);
  const plans = await db.selectFrom('plan').select(['dir', 'state', 'erased_because']).execute();
  const results = await db.selectFrom('dirspace_result').select(['dir', 'kind', 'state', 'newest']).execute();
  return {
    comments: comments.map(({ body, minimized }) => `${headline(body)} ${minimized ?? ''}`).sort(),
    reactions: repository.reactions.filter(({ author }) => ours(author)).map(({ content }) => content),
    checks: world
      .checksOf(repository, pull.headSha)
      .map(({ name, conclusion }) => `${name} ${conclusion}`)
      .sort(),
    runs: world.runs.map(({ conclusion }) => `${conclusion}`).sort(),
    plans: plans.map(({ dir, state, erased_because }) => `${dir} ${state} ${erased_because}`).sort(),
    results: results.map(({ dir, kind, state, newest }) => `${dir} ${kind} ${state} ${newest}`).sort(),
    locks: (await db.selectFrom('lock_claim').select('dir').execute()).length,
    dead: dead.flat().length,
    notOnce: [...byEvent].flatMap(([key, rows]) => (rows.length === 1 ? [] : [`${rows[0]?.event_kind} ${key}`])),
  };
}

/** The first line that people see, without the commit. */
function headline(body: string): string {
  const line = body.split('\n').find((text) => text.trim() !== '' && !text.startsWith('<!--')) ?? '';
  return line.replaceAll(/`[0-9a-f]{7}`/g, '');
}

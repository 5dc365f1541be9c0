import type { Actor } from '../../src/domain/event.ts';
import { isActive } from '../../src/domain/run.ts';
import { Invariants } from './invariants.ts';
import { type Decide, Model } from './model.ts';
import { Random } from './random.ts';

const person = (id: number, login: string): Actor => ({ id, login, bot: false });
const PEOPLE: readonly [Actor, ...Actor[]] = [
  person(1, 'alice'),
  person(2, 'bob'),
  person(3, 'carol'),
  person(4, 'dave'),
];

const APPROVED =
  'apply_requirements:\n  checks:\n    - tag_query: ""\n      approved: {enabled: true, any_of_count: 1}\n';
const CONFIGS = [
  { text: '', approvals: 0 },
  { text: APPROVED, approvals: 1 },
  { text: 'automerge: {enabled: true}\n', approvals: 0 },
  { text: 'apply_partially: true\n', approvals: 0 },
  { text: 'base_moved: strict\n', approvals: 0 },
  { text: 'dirs:\n  b:\n    when_modified:\n      depends_on: "dir:a"\n', approvals: 0 },
  { text: `${APPROVED}when_modified: {autoapply: true}\n`, approvals: 1 },
] as const;

export interface Story {
  readonly seed: number;
  readonly steps: number;
  /** How far things may be under way at the same time: 0 handles everything after each step. */
  readonly disorder: number;
  /** Handle what waits of different subjects in another order, and pull request events twice. */
  readonly shuffle?: boolean;
  readonly decide?: Decide;
}

/** One random history; throws when an invariant breaks. Returns the model at rest. */
export function play(story: Story): Model {
  const random = new Random(story.seed);
  const model = new Model(story.decide);
  const config = CONFIGS[random.below(CONFIGS.length)] ?? CONFIGS[0];
  model.config = config.text;
  for (const { login } of PEOPLE) {
    model.permissions.set(login, 'write');
  }
  model.permissions.set('dave', 'read');
  const invariants = new Invariants(model, config.approvals);
  const telling: string[] = [];
  try {
    for (let step = 0; step < story.steps; step += 1) {
      telling.push(act(model, random));
      invariants.afterStep();
      const order = story.shuffle === true ? new Random(story.seed + step) : null;
      proceed(model, random, invariants, story.disorder, order);
    }
    model.appliesPaused = false;
    rest(model, random, invariants);
    invariants.atRest();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(
      `seed ${story.seed}: ${said}\n  config: ${JSON.stringify(config.text)}\n  ${telling.join('\n  ')}`,
      { cause: error },
    );
  }
  return model;
}

/** Something that people or GitHub do. Returns it in words. */
function act(model: Model, random: Random): string {
  model.tick(1_000 + random.below(20_000));
  const who = random.pick(PEOPLE);
  const open = [...model.pulls.values()].filter((pull) => pull.facts.state === 'open');
  const pull = random.pick([...model.pulls.values()]);
  const choice = random.below(100);
  if (pull === undefined || (choice < 10 && model.pulls.size < 5)) {
    const number = model.pulls.size + 1;
    const dirs = someDirs(model, random);
    const author = random.pick(PEOPLE.slice(0, 3)) ?? PEOPLE[0];
    model.openPull(number, dirs, author);
    return `${author.login} opens #${number} over ${dirs.join(', ')}`;
  }
  const { number } = pull.facts;
  if (choice < 38) {
    const body = random.pick([
      'plumbline apply',
      'plumbline apply',
      'plumbline apply dir:a',
      'plumbline apply dir:b',
      'plumbline apply-force',
    ] as const);
    const lateBy = random.chance(0.15) ? random.below(90_000) : 0;
    model.comment(number, who, body, lateBy);
    return `${who.login}: ${body} on #${number}${lateBy > 0 ? ` (${lateBy} ms late)` : ''}`;
  }
  if (choice < 45) {
    model.comment(number, who, 'plumbline plan');
    return `${who.login}: plan on #${number}`;
  }
  if (choice < 57) {
    const state = random.chance(0.75) ? ('APPROVED' as const) : ('CHANGES_REQUESTED' as const);
    model.review(number, who, state);
    return `${who.login} reviews #${number}: ${state}`;
  }
  if (choice < 64) {
    const target = random.pick(open);
    if (target !== undefined) {
      model.merge(target.facts.number, who);
      return `${who.login} merges #${target.facts.number}`;
    }
  }
  if (choice < 70 && pull.facts.state === 'open') {
    const author = random.pick(PEOPLE.slice(0, 3)) ?? PEOPLE[0];
    const dirs = random.chance(0.5) ? pull.dirs : someDirs(model, random);
    model.push(number, author, dirs);
    return `${author.login} pushes to #${number}: ${dirs.join(', ')}`;
  }
  if (choice < 74 && pull.facts.state === 'open') {
    model.close(number, who);
    return `${who.login} closes #${number}`;
  }
  if (choice < 77 && pull.facts.state === 'closed') {
    model.reopen(number, who);
    return `${who.login} reopens #${number}`;
  }
  if (choice < 82) {
    const other = random.pick([...model.pulls.keys()]) ?? number;
    model.comment(number, who, `plumbline unlock #${other}`);
    return `${who.login}: unlock #${other} on #${number}`;
  }
  if (choice < 84) {
    model.comment(number, who, 'plumbline cancel');
    return `${who.login}: cancel on #${number}`;
  }
  if (choice < 88) {
    const login = random.pick(['bob', 'carol'] as const);
    const now = model.permissions.get(login) === 'write' ? 'read' : 'write';
    model.permissions.set(login, now);
    return `${login} has ${now} now`;
  }
  if (choice < 90) {
    model.appliesPaused = !model.appliesPaused;
    return `applies paused: ${model.appliesPaused}`;
  }
  const active = [...model.runs.values()].filter((run) => isActive(run.state));
  const run = random.pick(active);
  if (run !== undefined && choice < 95) {
    const conclusion = random.pick(['cancelled', 'timed_out', 'startup_failure', 'failure'] as const);
    model.kill(run.id, conclusion, random.chance(0.5));
    return `${run.kind} of #${run.pull} dies: ${conclusion}`;
  }
  if (run !== undefined) {
    model.advance(run.id, random.pick(['good', 'good', 'no-changes', 'failed'] as const));
    return `${run.kind} of #${run.pull} goes on`;
  }
  const event = {
    kind: 'pull',
    action: 'synchronize',
    repository: { installationId: 1, repositoryId: 10, owner: 'acme', name: 'infra' },
    pull: number,
    headSha: pull.facts.headSha,
    sender: pull.facts.author,
  } as const;
  model.send(event);
  return `a repeated delivery for #${number}`;
}

function someDirs(model: Model, random: Random): readonly string[] {
  const chosen = model.dirs.filter(() => random.chance(0.5));
  return chosen.length === 0 ? [model.dirs[random.below(model.dirs.length)] ?? 'a'] : chosen;
}

/** Handle some of what waits, in any order that keeps each subject's own. */
function proceed(
  model: Model,
  random: Random,
  invariants: Invariants,
  disorder: number,
  order: Random | null = null,
): void {
  if (order !== null) {
    repeat(model);
  }
  const all = disorder === 0;
  for (let turns = all ? 10_000 : random.below(6); turns > 0; turns -= 1) {
    const heads = model.heads();
    const active = [...model.runs.values()].filter((run) => isActive(run.state));
    if (heads.length > 0 && (all || random.chance(0.7))) {
      const one = (order !== null ? order.pick(heads) : all ? heads[0] : random.pick(heads)) ?? heads[0];
      if (one !== undefined) {
        handle(model, one, invariants);
      }
    } else if (active.length > 0) {
      const run = all ? active[0] : random.pick(active);
      if (run !== undefined) {
        model.advance(run.id, all || random.chance(0.8) ? 'good' : random.pick(['no-changes', 'failed'] as const));
        invariants.afterStep();
      }
    } else if (heads.length === 0) {
      return;
    }
    model.tick(50);
  }
}

/** GitHub delivers hints twice; a command or a report is told apart by its key and never comes twice. */
function repeat(model: Model): void {
  for (const { event } of [...model.waiting]) {
    if (event.kind === 'pull' || event.kind === 'push' || event.kind === 'review') {
      model.send(event);
    }
  }
}

function handle(model: Model, one: ReturnType<Model['heads']>[number], invariants: Invariants): void {
  const decision = model.handle(one);
  if (decision !== null) {
    invariants.afterDecision(one.event, decision);
  }
}

/** Let everything come to an end: events, runs, and the timers that look at runs of which nothing is heard. */
function rest(model: Model, random: Random, invariants: Invariants): void {
  for (let rounds = 0; rounds < 200; rounds += 1) {
    proceed(model, random, invariants, 0);
    const due = [...model.timers].filter(
      ([, timer]) => timer.event.kind !== 'run-silent' || isOpen(model, timer.event.run),
    );
    if (due.length === 0 && model.waiting.length === 0) {
      return;
    }
    for (const [key, timer] of due) {
      model.timers.delete(key);
      model.now = Math.max(model.now, timer.at);
      model.send(timer.event);
    }
  }
  throw new Error('it never comes to rest');
}

function isOpen(model: Model, run: string): boolean {
  const found = model.runs.get(run);
  return found !== undefined && isActive(found.state);
}

/** What the world looks like to people, without ids and times: for comparing two orders of the same events. */
export function outcomeOf(model: Model): unknown {
  const results = [...model.results.values()].map(({ pull, dir, state }) => `#${pull} ${dir}: ${state}`).sort();
  const locks = model.locks
    .map(
      (claim) =>
        `#${claim.pull} ${claim.dir} ${claim.mergedAt === null ? '' : 'merged'} ${claim.appliedAt === null ? '' : 'applied'}`,
    )
    .sort();
  const plans = [...model.plans.values()]
    .filter((plan) => plan.state === 'stored')
    .map((plan) => `#${plan.pull} ${plan.dir}`)
    .sort();
  return { results, locks, plans, applied: model.applied.map(({ pull, dir }) => `#${pull} ${dir}`).sort() };
}

import { renderTerminal } from '../../src/report/terminal.ts';
import { AUTHOR, decided, REVIEWER, type Stage, waitForRows } from '../end-to-end/stage.ts';
import type { Pull } from '../world/world-state.ts';
import type { Steps } from './demo-steps.ts';

/** A machine that does nothing else needs a few seconds; a busy one may take its time. */
const PATIENCE_MS = 90_000;

/** An approval is required, so that there is something to be refused. */
export function demoConfig(engine: 'terraform' | 'tofu'): string {
  return `version: "1"
engine:
  name: ${engine}
apply_requirements:
  checks:
    - tag_query: ""
      approved:
        enabled: true
        any_of_count: 1
`;
}

/** The main job, step by step: a pull request from its opening to the erasing of its plans, and a second one that waits for it. */
export async function play(stage: Stage, { step }: Steps): Promise<void> {
  const { world, repository, rootModule } = stage;
  const first = await step(
    'pull request',
    () =>
      world.openPullRequest(repository, {
        author: AUTHOR,
        title: 'Second address for network and app',
        files: { 'network/main.tf': rootModule('network', 'two'), 'app/main.tf': rootModule('app', 'two') },
      }),
    (pull) => `#${pull.number} by ${AUTHOR} changes network and app`,
  );
  await step(
    'delivery',
    () =>
      world.waitFor(
        () => world.deliveries.find(({ event, outcome }) => event === 'pull_request' && typeof outcome === 'number'),
        'the delivery',
        PATIENCE_MS,
      ),
    (delivery) =>
      `${delivery.event} ${delivery.action ?? ''}: answered ${delivery.outcome} in ${Math.round(delivery.durationMs)} ms`,
  );
  await step(
    'decision',
    () => traceOf(stage, 'plan-started'),
    (rules) => `plan-started; rules asked: ${rules.join(', ')}`,
  );
  await step(
    'dispatch',
    () => world.waitFor(() => world.runs[0], 'the Actions run', PATIENCE_MS),
    (run) => `Actions run ${run.id} of .github/workflows/plumbline.yml`,
  );
  await step(
    'plan',
    () => decided(stage, 'report-recorded'),
    () => 'the dirspaces were planned; the runner reported, plans stored encrypted',
  );
  const plan = await step(
    'comment',
    () => commentWith(stage, first, '2 of 2 dirspaces change'),
    () => 'the plan is on the pull request',
  );
  show(plan);

  await step(
    'early apply',
    async () => {
      world.comment(repository, first.number, AUTHOR, 'plumbline apply');
      return commentWith(stage, first, 'approv');
    },
    () => 'refused: an approval is missing',
  );
  await step(
    'approval',
    () => world.review(repository, first, REVIEWER, 'APPROVED'),
    () => `by ${REVIEWER}`,
  );
  const applied = await step(
    'apply',
    async () => {
      world.comment(repository, first.number, AUTHOR, 'plumbline apply');
      return commentWith(stage, first, '2 of 2 dirspaces applied');
    },
    () => 'the stored plans were applied',
  );
  show(applied);

  const second = await step(
    'second pull',
    async () => {
      const pull = await world.openPullRequest(repository, {
        author: REVIEWER,
        title: 'Third address for network',
        files: { 'network/main.tf': rootModule('network', 'three') },
      });
      await commentWith(stage, pull, 'terraform_data.this');
      await world.review(repository, pull, AUTHOR, 'APPROVED');
      world.comment(repository, pull.number, REVIEWER, 'plumbline apply');
      await commentWith(stage, pull, `#${first.number}`);
      return pull;
    },
    (pull) => `#${pull.number} wants network too, and waits for #${first.number}`,
  );
  await step(
    'merge',
    async () => {
      await world.merge(repository, first, AUTHOR);
      await decided(stage, 'pull-merged');
    },
    () => `#${first.number} by ${AUTHOR}; its locks are free`,
  );
  await step(
    'waiting line',
    () =>
      waitForRows(
        stage,
        async (db) =>
          (
            await db
              .selectFrom('run')
              .select('id')
              .where('pull', '=', second.number)
              .where('kind', '=', 'plan')
              .execute()
          ).length >= 2,
        'the second plan',
      ),
    () => `#${second.number} is planned again by itself`,
  );
  await step(
    'plans erased',
    () =>
      waitForRows(
        stage,
        async (db) => {
          const plans = await db.selectFrom('plan').select(['state']).where('pull', '=', first.number).execute();
          const keys = await db
            .selectFrom('plan_key')
            .innerJoin('plan', 'plan.id', 'plan_key.plan_id')
            .select('plan_id')
            .where('pull', '=', first.number)
            .execute();
          return (
            plans.length > 0 && plans.every(({ state }) => state === 'erased') && keys.length === 0 && plans.length
          );
        },
        'erased plans',
      ),
    (count) => `${count} plan files and their keys are gone; digests and times stay`,
  );
}

async function traceOf(stage: Stage, reason: 'plan-started'): Promise<readonly string[]> {
  await decided(stage, reason);
  const row = await stage.service.database.db
    .selectFrom('decision')
    .select('trace')
    .where('reason', '=', reason)
    .executeTakeFirstOrThrow();
  return [...new Set(row.trace.map(({ rule }) => rule))];
}

function commentWith(stage: Stage, pull: Pull, text: string): Promise<string> {
  return stage.world.waitFor(
    () => stage.commentsOf(pull).find((body) => body.includes(text)),
    `a comment with “${text}”`,
    PATIENCE_MS,
  );
}

function show(markdown: string): void {
  const text = renderTerminal(markdown, {
    color: process.stderr.isTTY === true,
    width: Math.min(process.stderr.columns ?? 100, 110),
  });
  process.stderr.write(`\n${text.replace(/^/gm, '    ')}\n\n`);
}

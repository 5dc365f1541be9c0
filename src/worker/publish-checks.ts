import { dirspaceName } from '../domain/dirspace.ts';
import { Failure } from '../domain/failure.ts';
import { type RenderedCheck, renderCheck } from '../report/check.ts';
import { renderStatuses } from '../report/statuses.ts';
import { type CheckRunPlace, readCheckRun, saveCheckRun } from '../store/check-runs.ts';
import { pullsWithHead } from '../store/pull-rows.ts';
import type { EffectOutcome } from './effect-outcome.ts';
import type { Publication } from './publication.ts';
import { type CheckContent, sendCheck } from './send-check.ts';
import { hasNews, hasPlans, type Shown, showPull } from './shown-pull.ts';
import type { WorkerDeps } from './worker-deps.ts';

type Which = 'plan' | 'apply';

/** Checks belong to commits: where several open pull requests have this head, each check shows the worst of them. */
export async function publishChecks(deps: WorkerDeps, publication: Publication, shown: Shown): Promise<EffectOutcome> {
  const { repositoryId, headSha, pull, send } = publication;
  const superseded = shown.rows.pull.head_sha !== headSha;
  const all = superseded ? [] : await allWithHead(deps, publication, shown);
  for (const which of ['plan', 'apply'] as const) {
    if (which === 'apply' && (superseded || !hasPlans(shown.view))) {
      continue;
    }
    const contents = superseded ? [SUPERSEDED] : all.map((one) => contentFrom(renderCheck(one.view, which)));
    const content = contents.reduce(worse);
    const place = { repositoryId, sha: headSha, name: `plumbline/${which}` };
    if (content.status !== 'completed' && !hasNews(shown.view) && (await isOpen(deps, place))) {
      continue;
    }
    const sent = await sendCheck(deps, place, { ...content, pull }, send);
    if (!sent.ok) {
      return sent;
    }
    if (!superseded) {
      await publishEach(deps, publication, { all, checks: shown.display.checks }, which);
    }
  }
  return { ok: true };
}

/** That a run got from queued to running is no news to anybody, and would be a call for each run. */
async function isOpen({ database }: WorkerDeps, place: CheckRunPlace): Promise<boolean> {
  const before = await readCheckRun(database.db, place);
  return before !== undefined && before.status !== 'completed';
}

/** Every open pull request with this head. One that is closed says something only when no other is left. */
async function allWithHead(
  deps: WorkerDeps,
  { repositoryId, headSha, pull }: Publication,
  shown: Shown,
): Promise<readonly Shown[]> {
  const numbers = await pullsWithHead(deps.database.db, repositoryId, headSha);
  const others = await Promise.all(
    numbers.filter((number) => number !== pull).map((number) => showPull(deps, repositoryId, number)),
  );
  const open = others.flatMap((other) => other ?? []);
  return shown.rows.pull.state === 'open' || open.length === 0 ? [shown, ...open] : open;
}

const SUPERSEDED: CheckContent = {
  status: 'completed',
  conclusion: 'cancelled',
  title: 'A newer commit replaced this one',
  summary: 'Nothing more is planned for this commit.',
  text: '',
  annotations: [],
  actions: [],
};

function contentFrom({ status, conclusion, title, summary, text, annotations, actions }: RenderedCheck): CheckContent {
  return { status, conclusion: conclusion ?? null, title, summary, text, annotations, actions };
}

function badness({ status, conclusion }: CheckContent): number {
  return status === 'completed'
    ? { failure: 4, action_required: 3, cancelled: 2, success: 0 }[conclusion ?? 'success']
    : 1;
}

function worse(one: CheckContent, other: CheckContent): CheckContent {
  return badness(other) > badness(one) ? other : one;
}

/** One check or status per dirspace, for repositories that asked for it: their number grows with the dirspaces. */
async function publishEach(
  deps: WorkerDeps,
  publication: Publication,
  { all, checks }: { readonly all: readonly Shown[]; readonly checks: Shown['display']['checks'] },
  which: Which,
): Promise<void> {
  const { repositoryId, headSha, send } = publication;
  if (checks === 'per-dirspace') {
    const contents = all.flatMap(({ view }) =>
      view.dirspaces.map((one) => ({
        name: dirspaceName(one.dirspace),
        content: contentFrom(renderCheck({ ...view, dirspaces: [one] }, which)),
      })),
    );
    for (const [name, same] of Map.groupBy(contents, (one) => one.name)) {
      const place = { repositoryId, sha: headSha, name: `plumbline/${which}: ${name}` };
      await sendCheck(deps, place, same.map(({ content }) => content).reduce(worse), send);
    }
  }
  if (checks === 'statuses') {
    const statuses = all.flatMap(({ view }) => renderStatuses(view, which));
    const worst = [...Map.groupBy(statuses, ({ context }) => context).values()].map((same) =>
      same.reduce((one, other) => (STATUS_BADNESS[other.state] > STATUS_BADNESS[one.state] ? other : one)),
    );
    await publishStatuses(deps, publication, worst);
  }
}

const STATUS_BADNESS = { success: 0, pending: 1, failure: 2, error: 3 } as const;

/** Statuses need a permission that the App does not have by itself; without it they are left out, and the checks say all. */
async function publishStatuses(
  { database, log }: WorkerDeps,
  { repositoryId, headSha, send }: Publication,
  statuses: ReturnType<typeof renderStatuses>,
): Promise<void> {
  try {
    for (const { context, state, description, targetUrl } of statuses) {
      const place = { repositoryId, sha: headSha, name: `status ${context}` };
      const digest = `${state} ${description}`;
      if ((await readCheckRun(database.db, place))?.digest === digest) {
        continue;
      }
      const sent = await send({
        write: 'status',
        sha: headSha,
        context,
        state,
        description,
        targetUrl: targetUrl ?? null,
      });
      if (sent.ok) {
        await saveCheckRun(database.db, place, { checkRunId: 0, status: 'completed', conclusion: null, digest });
      }
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'github-forbidden') {
      throw error;
    }
    log.warn(
      { repository: repositoryId },
      'the App may not write statuses; grant it "Commit statuses: write", or leave `checks: statuses` out',
    );
  }
}

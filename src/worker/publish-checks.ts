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
  const all = superseded ? [] : [shown, ...(await othersWithHead(deps, publication))];
  for (const which of ['plan', 'apply'] as const) {
    if (which === 'apply' && (superseded || !hasPlans(shown.view))) {
      continue;
    }
    const contents = superseded ? [SUPERSEDED] : all.map((one) => contentFrom(renderCheck(one.view, which)));
    const content = contents.reduce((worst, next) => (badness(next) > badness(worst) ? next : worst));
    const place = { repositoryId, sha: headSha, name: `plumbline/${which}` };
    if (content.status !== 'completed' && !hasNews(shown.view) && (await isOpen(deps, place))) {
      continue;
    }
    const sent = await sendCheck(deps, place, { ...content, pull }, send);
    if (!sent.ok) {
      return sent;
    }
    if (!superseded) {
      await publishEach(deps, publication, shown, which);
    }
  }
  return { ok: true };
}

/** That a run got from queued to running is no news to anybody, and would be a call for each run. */
async function isOpen({ database }: WorkerDeps, place: CheckRunPlace): Promise<boolean> {
  const before = await readCheckRun(database.db, place);
  return before !== undefined && before.status !== 'completed';
}

async function othersWithHead(
  deps: WorkerDeps,
  { repositoryId, headSha, pull }: Publication,
): Promise<readonly Shown[]> {
  const numbers = await pullsWithHead(deps.database.db, repositoryId, headSha);
  const others = await Promise.all(
    numbers.filter((number) => number !== pull).map((number) => showPull(deps, repositoryId, number)),
  );
  return others.flatMap((other) => other ?? []);
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

/** One check or status per dirspace, for repositories that asked for it: their number grows with the dirspaces. */
async function publishEach(
  deps: WorkerDeps,
  publication: Publication,
  { view, display }: Shown,
  which: Which,
): Promise<void> {
  const { repositoryId, headSha, send } = publication;
  if (display.checks === 'per-dirspace') {
    for (const one of view.dirspaces) {
      const place = { repositoryId, sha: headSha, name: `plumbline/${which}: ${dirspaceName(one.dirspace)}` };
      await sendCheck(deps, place, contentFrom(renderCheck({ ...view, dirspaces: [one] }, which)), send);
    }
  }
  if (display.checks === 'statuses') {
    await publishStatuses(deps, publication, renderStatuses(view, which));
  }
}

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

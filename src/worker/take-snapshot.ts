import { randomUUID } from 'node:crypto';
import { CENTRAL_REPOSITORIES, CONFIG_PATHS, centralPaths, WAIVERS_PATH } from '../config/config-paths.ts';

import { WORKFLOW_PATH } from '../decision/workflow-file.ts';
import type { Need } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import type { Known } from '../domain/known.ts';
import type { GitHubFacts, OurFacts, Snapshot } from '../domain/snapshot.ts';
import { readEnvironments } from '../github/environments.ts';
import { observe } from '../github/observe.ts';
import { readOurFacts } from '../store/our-facts.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** As many as a decision may start runs and make plans for. */
const FRESH_IDS = 2_000;

/** Everything the decision about `event` may look at: our rows as of one moment, then what GitHub says. Throws a Failure when GitHub cannot be read. */
export async function takeSnapshot(deps: WorkerDeps, event: Event, need: Need): Promise<Snapshot> {
  const { now, ours } = await readOurFacts(deps.database.db, event);
  const github = ours.installation.state === 'active' ? await observed(deps, event, need, ours) : null;
  return {
    now,
    freshIds: Array.from({ length: FRESH_IDS }, () => randomUUID()),
    app: { ...deps.identity, appId: deps.app.appId },
    limits: { planLifeMs: deps.planLifeMs },
    ours,
    github,
  };
}

/** The snapshot with what else the rules turned out to need. */
export async function widenSnapshot(deps: WorkerDeps, event: Event, snapshot: Snapshot, need: Need): Promise<Snapshot> {
  const { environments = false, ...others } = need;
  const [more, names] = await Promise.all([
    observed(deps, event, others, snapshot.ours),
    environments ? environmentsOf(deps, snapshot.github) : null,
  ]);
  const github = more === null ? snapshot.github : { ...snapshot.github, ...more };
  return { ...snapshot, github: github === null || names === null ? github : { ...github, environments: names } };
}

/** One call, whatever was read before: the query is not asked again for it. */
async function environmentsOf(deps: WorkerDeps, github: GitHubFacts | null): Promise<Known<readonly string[]> | null> {
  return github === null
    ? null
    : readEnvironments(await deps.app.installationClient(github.repository.installationId), github.repository);
}

async function observed(deps: WorkerDeps, event: Event, need: Need, ours: OurFacts): Promise<GitHubFacts | null> {
  if (!('repository' in event) || Object.keys(need).length === 0) {
    return null;
  }
  const { installationId, owner, name } = event.repository;
  const client = await deps.app.installationClient(installationId);
  return observe(client, event, need, {
    appId: deps.app.appId,
    botId: deps.identity.botId,
    trees: deps.trees,
    paths: {
      config: CONFIG_PATHS,
      workflow: WORKFLOW_PATH,
      waivers: WAIVERS_PATH,
      central: CENTRAL_REPOSITORIES.map((central) => ({
        owner,
        name: central,
        paths: Object.values(centralPaths(name)).flat(),
      })),
    },
    runs: Object.fromEntries(
      ours.runs.map((run) => [run.id, { githubRunId: run.githubRunId, createdAt: run.createdAt }]),
    ),
  });
}

import { type Event, subjectOf } from '../domain/event.ts';
import { DAY, MINUTE, SECOND } from '../domain/instant.ts';
import { sequenceAudit } from '../store/audit.ts';
import type { Tx } from '../store/database.ts';
import { dueTimers, enqueueEvent } from '../store/inbox.ts';
import { forgetJtis } from '../store/oidc-jti.ts';
import { type ExpiredPlan, expirePlans } from '../store/plan-erasure.ts';
import { readRepository } from '../store/repositories.ts';
import { forgetOld } from '../store/retention.ts';
import { enqueueOfRun } from '../store/run-claim.ts';
import { silentRuns } from '../store/runs.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** How often the slower chores are done. */
export const CHORES_EVERY_MS = 15 * SECOND;
/** Unclaimed for so long: GitHub is asked what became of the run. */
const CLAIM_MS = 2 * MINUTE;
/** A runner says that it lives every 15 seconds. */
const HEARTBEAT_MS = 2 * MINUTE;

const PLANS_AT_ONCE = 100;

/** How long things are kept that nobody needs any more; docs/operating.md names the same figures. */
const KEEP = { deliveriesMs: 30 * DAY, tracesMs: 90 * DAY, modelsMs: 30 * DAY };

/** Put the timers that are due into the inbox. False: none was due. */
export async function moveDueTimers({ database }: WorkerDeps): Promise<boolean> {
  const moved = await dueTimers(database.db, subjectOf);
  if (moved.length > 0) {
    database.notify('inbox');
  }
  return moved.length > 0;
}

/** Everything that time alone brings about: plans that end, runs that fall silent, the audit's chain. */
export async function doChores(deps: WorkerDeps): Promise<void> {
  await endPlans(deps);
  await askAfterSilentRuns(deps);
  await sequenceAudit(deps.database.db);
  await forgetJtis(deps.database.db);
  await forgetOld(deps.database.db, KEEP);
}

async function endPlans({ database, log }: WorkerDeps): Promise<void> {
  const expired = await expirePlans(database.db, PLANS_AT_ONCE, async (tx, plans) => {
    for (const plan of plans) {
      await tellExpired(tx, plan);
    }
  });
  if (expired.length > 0) {
    log.info({ plans: expired.length }, 'erased plans whose time was over');
    database.notify('inbox');
  }
}

async function tellExpired(tx: Tx, { planId, installationId, repositoryId, pull }: ExpiredPlan): Promise<void> {
  const repository = await readRepository(tx, repositoryId);
  if (repository === undefined) {
    return;
  }
  const { owner, name } = repository;
  const event: Event = {
    kind: 'reconsider',
    repository: { installationId, repositoryId, owner, name },
    pull,
    because: 'plan-expired',
  };
  await enqueueEvent(tx, {
    key: `plan-expired ${planId}`,
    name: event.kind,
    installationId,
    subject: subjectOf(event),
    event,
  });
}

/** At most one question per run and chore interval is in the inbox: the key holds the minute. */
async function askAfterSilentRuns({ database, log }: WorkerDeps): Promise<void> {
  const silent = await silentRuns(database.db, { claimMs: CLAIM_MS, heartbeatMs: HEARTBEAT_MS });
  const minute = Math.floor(Date.now() / MINUTE);
  for (const { id } of silent) {
    await database.db.transaction().execute((tx) => enqueueOfRun(tx, id, 'run-silent', `${minute}`));
  }
  if (silent.length > 0) {
    log.info({ runs: silent.map(({ id }) => id) }, 'runs that nobody has heard of lately');
    database.notify('inbox');
  }
}

import type { Assumption, Decision } from '../domain/decision.ts';
import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import { type Event, installationOf, subjectOf } from '../domain/event.ts';
import type { GitHubFacts } from '../domain/snapshot.ts';
import { assumedDirspaces, firstBroken } from './assumptions.ts';
import type { Db, Tx } from './database.ts';
import { again, refusedByUnique } from './database-error.ts';
import { isEffect } from './effect-intent.ts';
import { lockSubjects } from './inbox.ts';
import { finishEvents, holdsLease, type SubjectLease } from './inbox-lease.ts';
import { uninstall } from './installations.ts';
import { savePull, saveRepository } from './observed.ts';
import { addEffect } from './outbox.ts';
import { BegunMeanwhile } from './run-end.ts';
import { lockDirspaces } from './run-start.ts';
import { carryOut, stateIntentsOf, touchedDirspaces } from './state-intents.ts';
import { json, now } from './values.ts';

export interface Commitment {
  readonly lease: SubjectLease;
  /** The event that was decided: the last of the lease's. */
  readonly event: Event;
  readonly decision: Decision;
  /** What was observed, to be remembered. */
  readonly github: GitHubFacts | null;
  /** Which repository the intents are about, when the event itself does not say (null: as the event says). */
  readonly repositoryId?: number;
  readonly planLifeMs: number;
}

/** `lost`: somebody else has the line now. `conflict`: another subject was faster; nothing was written, observe and decide again. */
export type CommitAnswer = 'committed' | 'lost' | { readonly conflict: Assumption };

/**
 * Make a decision true: state, trace, effects, timers and follow-ups, and the events done, in one READ COMMITTED transaction. What the decision assumed
 * about others is looked at again under locks first. Locks are taken in one order: lines, installation, repository and pull
 * request, dirspaces, runs, plans.
 */
export async function commitDecision(db: Db, commitment: Commitment): Promise<CommitAnswer> {
  try {
    return await again(() => db.transaction().execute((tx) => write(tx, commitment)));
  } catch (error) {
    if (error instanceof Conflict) {
      return { conflict: error.assumption };
    }
    const conflict = conflictOf(error, commitment.decision);
    if (conflict !== undefined) {
      return { conflict };
    }
    throw error;
  }
}

async function write(tx: Tx, commitment: Commitment): Promise<CommitAnswer> {
  const { lease, event, decision, github } = commitment;
  const installationId = installationOf(event);
  const repositoryId = 'repository' in event ? event.repository.repositoryId : (commitment.repositoryId ?? null);
  const place = { installationId, repositoryId, planLifeMs: commitment.planLifeMs };
  const emitted = decision.intents.flatMap((intent) => (intent.do === 'emit' ? [intent.event] : []));
  await lockSubjects(tx, [
    { name: lease.subject, installationId: lease.installationId },
    ...emitted.map((next) => ({ name: subjectOf(next), installationId: installationOf(next) })),
  ]);
  if (!(await holdsLease(tx, lease))) {
    return 'lost';
  }
  if (repositoryId !== null) {
    await lockDirspaces(tx, repositoryId, dirspacesOf(decision));
  }
  const broken = await firstBroken(tx, place, decision.assumptions);
  if (broken !== undefined) {
    // Thrown, so that the rows that were made only to be locked go as well.
    throw new Conflict(broken);
  }
  if (github !== null) {
    await saveRepository(tx, github.repository);
    if (github.pull !== undefined) {
      await savePull(tx, github.repository.repositoryId, github.pull);
    }
  }
  let leaving: number | null = null;
  for (const intent of stateIntentsOf(decision.intents)) {
    leaving = (await carryOut(tx, intent, place)) ?? leaving;
  }
  const decisionId = await writeTrace(tx, commitment, place);
  await writeEffects(tx, decision, { ...place, decisionId });
  await finishEvents(tx, lease);
  if (leaving !== null) {
    await uninstall(tx, leaving);
  }
  return 'committed';
}

async function writeTrace(
  tx: Tx,
  { lease, event, decision }: Commitment,
  place: { readonly installationId: number; readonly repositoryId: number | null },
): Promise<number> {
  const row = await tx
    .insertInto('decision')
    .values({
      installation_id: place.installationId,
      repository_id: place.repositoryId,
      pull: 'pull' in event ? event.pull : null,
      subject: lease.subject,
      event_key: lease.events.at(-1)?.key ?? '',
      event_kind: event.kind,
      reason: decision.reason,
      trace: json(decision.trace),
      intents: json(
        decision.intents.map((intent) =>
          'run' in intent && typeof intent.run === 'string' ? `${intent.do} ${intent.run}` : intent.do,
        ),
      ),
      decided_at: now(),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

async function writeEffects(
  tx: Tx,
  decision: Decision,
  from: { readonly installationId: number; readonly repositoryId: number | null; readonly decisionId: number },
): Promise<void> {
  const { repositoryId } = from;
  for (const intent of decision.intents) {
    if (!isEffect(intent)) {
      continue;
    }
    if (repositoryId === null) {
      throw new TypeError(`the effect ${intent.do} needs a repository, and the event belongs to none`);
    }
    await addEffect(tx, intent, { ...from, repositoryId });
    if (intent.do === 'cancel-actions-run') {
      // The runner hears it with its next heartbeat, whatever becomes of the call to GitHub.
      await tx.updateTable('run').set({ cancel: true }).where('id', '=', intent.run).execute();
    }
    if (intent.do === 'reply' && intent.refusedLogin !== undefined) {
      await tx
        .insertInto('refusal')
        .values({ repository_id: repositoryId, pull: intent.pull, login: intent.refusedLogin, refused_at: now() })
        .onConflict((conflict) =>
          conflict.columns(['repository_id', 'pull', 'login']).doUpdateSet({ refused_at: now() }),
        )
        .execute();
    }
  }
}

class Conflict extends Error {
  readonly assumption: Assumption;
  constructor(assumption: Assumption) {
    super('an assumption of the decision does not hold any more');
    this.assumption = assumption;
  }
}

/** A unique index saw the other subject before our locks did. */
function conflictOf(error: unknown, decision: Decision): Assumption | undefined {
  if (error instanceof BegunMeanwhile) {
    return { that: 'run-state', run: error.run, states: ['claimed'] };
  }
  const index = refusedByUnique(error);
  if (index !== 'run_target_one_apply' && index !== 'run_target_one_run') {
    return undefined;
  }
  return {
    that: 'no-active-run',
    kind: index === 'run_target_one_apply' ? 'apply' : 'any',
    dirspaces: touchedDirspaces(decision.intents),
  };
}

function dirspacesOf(decision: Decision): readonly Dirspace[] {
  const all = [...assumedDirspaces(decision.assumptions), ...touchedDirspaces(decision.intents)];
  return [...new Map(all.map(({ dir, workspace }) => [dirspaceKey({ dir, workspace }), { dir, workspace }])).values()];
}

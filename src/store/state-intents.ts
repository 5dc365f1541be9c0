import { sql } from 'kysely';
import type { Intent } from '../domain/decision.ts';
import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import { installationOf, subjectOf } from '../domain/event.ts';
import { storableText } from '../domain/storable-text.ts';
import { appendAudit } from './audit.ts';
import type { Tx } from './database.ts';
import { type EffectIntent, isEffect } from './effect-intent.ts';
import { approveGates } from './gate-approval.ts';
import { enqueueEvent } from './inbox.ts';
import { applyInstallationEvent } from './installations.ts';
import { claimLocks, releaseLocks } from './locks.ts';
import { erasePlans } from './plan-erasure.ts';
import { recordReport } from './results.ts';
import { endRun } from './run-end.ts';
import { insertRun, replaceTargets } from './run-start.ts';
import { instant, json } from './values.ts';

/** An intent that changes our own rows. */
export type StateIntent = Exclude<Intent, EffectIntent>;

export interface IntentPlace {
  readonly installationId: number;
  /** Null for events that belong to no repository; such decisions have no intents about one. */
  readonly repositoryId: number | null;
  readonly planLifeMs: number;
}

/** The state intents in the order in which they are carried out: what frees comes before what takes, whatever order they were written in. */
export function stateIntentsOf(intents: readonly Intent[]): readonly StateIntent[] {
  return intents.flatMap((intent) => (isEffect(intent) ? [] : [intent])).toSorted((a, b) => ORDER[a.do] - ORDER[b.do]);
}

/** The dirspaces that the intents take or free, each once: locked before anything is looked at. */
export function touchedDirspaces(intents: readonly Intent[]): readonly Dirspace[] {
  const all = intents.flatMap((intent): readonly Dirspace[] => {
    if (intent.do === 'start-run') {
      return intent.run.targets;
    }
    if (intent.do === 'release-manifest') {
      return intent.targets?.targets ?? [];
    }
    return 'dirspaces' in intent && intent.dirspaces !== 'all' ? intent.dirspaces : [];
  });
  return [...new Map(all.map(({ dir, workspace }) => [dirspaceKey({ dir, workspace }), { dir, workspace }])).values()];
}

/** Carry out one state intent. Returns the installation to be uninstalled, when that is what it says: it must come last. */
export async function carryOut(tx: Tx, intent: StateIntent, place: IntentPlace): Promise<number | null> {
  switch (intent.do) {
    case 'start-run':
      await insertRun(tx, intent.run, inRepository(place));
      return null;
    case 'end-run':
      await endRun(tx, intent.run, intent.state, intent.reason);
      return null;
    case 'release-manifest':
      if (intent.targets !== undefined) {
        await replaceTargets(tx, intent.targets, inRepository(place));
      }
      await tx
        .updateTable('run')
        .set({ manifest: 'released', state: 'running' })
        .where('id', '=', intent.run)
        .where('state', '=', 'claimed')
        .where('manifest', '=', 'withheld')
        .execute();
      return null;
    case 'refuse-manifest':
      await tx
        .updateTable('run')
        .set({ manifest: 'refused', manifest_reason: intent.reason, manifest_text: storableText(intent.text) })
        .where('id', '=', intent.run)
        .where('manifest', '=', 'withheld')
        .execute();
      return null;
    case 'record-report':
      await recordReport(tx, intent.run, intent.superseded);
      return null;
    case 'erase-plans':
      await erasePlans(tx, intent.plans, intent.reason);
      return null;
    case 'claim-locks':
      await claimLocks(tx, { ...intent, repositoryId: inRepository(place).repositoryId });
      return null;
    case 'release-locks':
      await releaseLocks(tx, { ...intent, repositoryId: inRepository(place).repositoryId });
      return null;
    case 'save-change':
      await tx
        .updateTable('pull_request')
        .set({
          change: intent.change === null ? null : json(intent.change),
          notices: json(intent.notices),
          ...(intent.display === undefined ? {} : { display: json(intent.display) }),
          ...(intent.byItself === undefined ? {} : { by_itself: intent.byItself }),
        })
        .where('repository_id', '=', inRepository(place).repositoryId)
        .where('number', '=', intent.pull)
        .execute();
      return null;
    case 'save-needs':
      await tx
        .updateTable('pull_request')
        .set({ needs: json(intent.needs) })
        .where('repository_id', '=', inRepository(place).repositoryId)
        .where('number', '=', intent.pull)
        .execute();
      return null;
    case 'save-review':
      await tx
        .updateTable('pull_request')
        .set({ reviewed: json(intent.review) })
        .where('repository_id', '=', inRepository(place).repositoryId)
        .where('number', '=', intent.pull)
        .execute();
      return null;
    case 'save-merge-group':
      await tx
        .updateTable('pull_request')
        .set({ merge_group: intent.group === null ? null : json(intent.group) })
        .where('repository_id', '=', inRepository(place).repositoryId)
        .where('number', '=', intent.pull)
        .execute();
      return null;
    case 'set-timer': {
      const timer = { due_at: instant(intent.at), event: json(intent.event) };
      await tx
        .insertInto('timer')
        .values({ key: intent.key, installation_id: installationOf(intent.event), ...timer })
        .onConflict((conflict) => conflict.column('key').doUpdateSet(timer))
        .execute();
      return null;
    }
    case 'clear-timer':
      await tx.deleteFrom('timer').where('key', '=', intent.key).execute();
      return null;
    case 'emit':
      await enqueueEvent(tx, {
        key: intent.key,
        name: intent.event.kind,
        installationId: installationOf(intent.event),
        subject: subjectOf(intent.event),
        event: intent.event,
      });
      return null;
    case 'save-installation':
      return (await applyInstallationEvent(tx, intent.event)).uninstall;
    case 'audit':
      await appendAudit(tx, {
        installationId: place.installationId,
        repositoryId: place.repositoryId,
        action: intent.action,
        actor: intent.actor,
        detail: intent.detail,
      });
      return null;
    case 'note-actions-run':
      await noteActionsRun(tx, intent, inRepository(place).repositoryId);
      return null;
    case 'approve-gates':
      await approveGates(tx, intent, inRepository(place).repositoryId);
      return null;
  }
}

/** The run's id on GitHub is bound once; another one's word on it is nobody's. */
async function noteActionsRun(
  tx: Tx,
  note: { readonly run: string; readonly githubRunId: number; readonly githubStatus: string },
  repositoryId: number,
): Promise<void> {
  await sql`
    update run set github_status = ${note.githubStatus}, github_run_id = ${note.githubRunId}
    where id = ${note.run} and repository_id = ${repositoryId}
      and (github_run_id is null or github_run_id = ${note.githubRunId})
      and not exists (
        select from run other
        where other.repository_id = ${repositoryId} and other.github_run_id = ${note.githubRunId} and other.id <> ${note.run}
      )`.execute(tx);
}

const ORDER: Readonly<Record<StateIntent['do'], number>> = {
  'record-report': 0,
  'end-run': 1,
  'erase-plans': 1,
  'release-locks': 2,
  'refuse-manifest': 2,
  'note-actions-run': 3,
  'approve-gates': 3,
  'start-run': 4,
  'release-manifest': 4,
  'claim-locks': 4,
  'save-change': 5,
  'save-merge-group': 5,
  'save-needs': 5,
  'save-review': 5,
  'clear-timer': 6,
  'set-timer': 7,
  'save-installation': 8,
  emit: 9,
  audit: 9,
};

function inRepository(place: IntentPlace): IntentPlace & { readonly repositoryId: number } {
  if (place.repositoryId === null) {
    throw new TypeError('an intent about a repository, decided for an event that belongs to none');
  }
  return { ...place, repositoryId: place.repositoryId };
}

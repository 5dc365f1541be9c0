import type { RunTarget, StoredPlan } from '../domain/run.ts';
import { type Manifest, type ManifestTarget, PROTOCOL } from '../protocol/messages.ts';
import type { Database } from '../store/database.ts';
import { readInstallationKey, saveInstallationKey } from '../store/keys.ts';
import { readPlanKey, readPlans, savePlanKey } from '../store/plans.ts';
import type { RunRecord } from '../store/runs.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { type InstallationVault, openInstallationVault, planAad } from '../vault/vault.ts';
import { Refused } from './runner-refusal.ts';

export interface ManifestDeps {
  readonly database: Database;
  readonly ring: KeyRing;
}

/** What a run's runner is told, with the one-time keys of its plans. The same each time it is asked for, until the keys are destroyed. */
export async function manifestOf(deps: ManifestDeps, record: RunRecord, stepTimeoutMs: number): Promise<Manifest> {
  const { db } = deps.database;
  const { run } = record;
  const keys = {
    read: (id: number) => readInstallationKey(db, id),
    save: (id: number, wrapped: string) => saveInstallationKey(db, id, wrapped),
  };
  const vault = await openInstallationVault(deps.ring, keys, record.installationId);
  if (vault === undefined) {
    throw new Refused(403, 'installation-inactive', 'The installation is gone.');
  }
  const plans = new Map(
    (
      await readPlans(
        db,
        run.targets.map(({ planId }) => planId),
      )
    ).map((plan) => [plan.id, plan]),
  );
  const targets: ManifestTarget[] = [];
  for (const target of run.targets) {
    targets.push(await targetOf(deps, vault, { record, target, plan: plans.get(target.planId) }));
  }
  const hooks = record.settings.find((settings) => settings.hooks !== undefined)?.hooks;
  return {
    protocol: PROTOCOL,
    run: run.id,
    kind: run.kind,
    headSha: run.headSha,
    baseSha: run.baseSha,
    baseRef: run.baseRef,
    pull: run.pull,
    flags: [...run.flags],
    autoapprove: run.autoapprove,
    parallel: record.parallel,
    stepTimeoutMs,
    configDigest: record.configDigest,
    digestKey: base64(vault.digestKeyFor(run.repositoryId)),
    ...(hooks === undefined ? {} : { hooks }),
    targets,
  };
}

interface TargetFacts {
  readonly record: RunRecord;
  readonly target: RunTarget;
  readonly plan: StoredPlan | undefined;
}

async function targetOf(
  { database }: ManifestDeps,
  vault: InstallationVault,
  { record, target, plan }: TargetFacts,
): Promise<ManifestTarget> {
  const { run } = record;
  const { planId, index, dir, workspace } = target;
  const settings = record.settings.find((entry) => entry.index === index);
  const place = {
    index,
    dir,
    workspace,
    engine: settings?.engine ?? 'terraform',
    version: settings?.version ?? null,
    createWorkspace: settings?.createWorkspace ?? true,
    ...(settings?.steps === undefined ? {} : { steps: settings.steps }),
    ...(settings?.gateSteps === undefined ? {} : { gateSteps: settings.gateSteps }),
    ...(settings?.stack === undefined ? {} : { stack: settings.stack }),
    ...(settings?.variables === undefined ? {} : { variables: settings.variables }),
  };
  if (run.kind === 'plan') {
    const made = vault.newPlanKey(planId);
    const kept = await savePlanKey(database.db, planId, made.wrapped);
    if (kept === undefined) {
      throw new Refused(409, 'run-ended', 'A plan of this run is not wanted any more.');
    }
    const aad = planAad({ repositoryId: run.repositoryId, planId, runId: run.id });
    return { ...place, seal: { planId, key: base64(vault.openPlanKey(planId, kept)), aad } };
  }
  if (run.autoapprove) {
    return place;
  }
  const wrapped = await readPlanKey(database.db, planId);
  if (wrapped === undefined || plan?.facts == null) {
    throw new Refused(409, 'plan-gone', 'A plan of this run is used up or erased. Comment `plumbline plan`.');
  }
  const aad = planAad({ repositoryId: run.repositoryId, planId, runId: plan.runId });
  const facts = { ...plan.facts, flags: [...plan.facts.flags] };
  return { ...place, plan: { planId, key: base64(vault.openPlanKey(planId, wrapped)), aad, facts } };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

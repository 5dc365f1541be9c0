import { readInstallation as askInstallation, listRepositories } from '../github/installation.ts';
import { readInstallation, saveInstallation, seeRepositories } from '../store/installations.ts';
import type { WorkerDeps } from './worker-deps.ts';

/**
 * We have not heard of this installation: its delivery was lost, or the service is new. Ask GitHub. What GitHub does
 * not know either stays unknown, and events of it are refused by the decision.
 */
export async function recoverInstallation(deps: WorkerDeps, installationId: number): Promise<void> {
  const { db } = deps.database;
  if ((await readInstallation(db, installationId)) !== 'unknown') {
    return;
  }
  const seen = await askInstallation(await deps.app.appClient(), installationId);
  if (seen === null) {
    return;
  }
  const repositories = seen.suspended ? [] : await listRepositories(await deps.app.installationClient(installationId));
  await db.transaction().execute(async (tx) => {
    await saveInstallation(tx, {
      id: installationId,
      account: seen.account,
      state: seen.suspended ? 'suspended' : 'active',
    });
    await seeRepositories(tx, installationId, repositories);
  });
  deps.log.info({ installation: installationId }, 'recovered an installation that we were not told of');
}

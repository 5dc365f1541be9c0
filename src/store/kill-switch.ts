import { appendAudit } from './audit.ts';
import type { Db, Tx } from './database.ts';
import { pauseInstallation, pauseRepository } from './installations.ts';
import { lookAgainAfterPause } from './look-again.ts';

/** What can be paused. Owner and name as on GitHub, in any case. */
export type Pausable =
  /** All applies of this service. */
  | { readonly kind: 'applies' }
  | { readonly kind: 'installation'; readonly id: number }
  | { readonly kind: 'repository'; readonly owner: string; readonly name: string };

/** What was found under it. */
export interface PausableFound {
  /** Null: all applies of this service. */
  readonly installationId: number | null;
  /** Null: the whole installation. */
  readonly repositoryId: number | null;
  /** Account, or `owner/name`, or `applies`. */
  readonly name: string;
}

export type SwitchAnswer =
  | { readonly answer: 'switched' | 'unchanged'; readonly found: PausableFound }
  | { readonly answer: 'unknown' };

/** Pause it or let it go on, and write that into the audit. `unchanged`: it was so already, and nothing is written. */
export async function switchPaused(db: Db, what: Pausable, paused: boolean, actor: string): Promise<SwitchAnswer> {
  return db.transaction().execute(async (tx) => {
    if (what.kind === 'applies') {
      return switchApplies(tx, paused, actor);
    }
    const found = what.kind === 'installation' ? await findInstallation(tx, what.id) : await findRepository(tx, what);
    if (found === undefined) {
      return { answer: 'unknown' };
    }
    const { installationId, repositoryId, name } = found;
    if (found.paused === paused) {
      return { answer: 'unchanged', found: { installationId, repositoryId, name } };
    }
    if (repositoryId === null) {
      await pauseInstallation(tx, installationId, paused);
    } else {
      await pauseRepository(tx, repositoryId, paused);
    }
    if (!paused) {
      await lookAgainAfterPause(tx, { installationId, repositoryId });
    }
    await appendAudit(tx, {
      installationId,
      repositoryId,
      action: paused ? 'paused' : 'resumed',
      actor,
      detail: { name },
    });
    return { answer: 'switched', found: { installationId, repositoryId, name } };
  });
}

const APPLIES_PAUSED = 'applies-paused';
const APPLIES: PausableFound = { installationId: null, repositoryId: null, name: 'applies' };

async function switchApplies(tx: Tx, paused: boolean, actor: string): Promise<SwitchAnswer> {
  // Whoever switches at the same time waits here: one of the two finds that it is so already.
  const changed = paused
    ? await tx
        .insertInto('service_switch')
        .values({ name: APPLIES_PAUSED })
        .onConflict((conflict) => conflict.doNothing())
        .returning('name')
        .execute()
    : await tx.deleteFrom('service_switch').where('name', '=', APPLIES_PAUSED).returning('name').execute();
  if (changed.length === 0) {
    return { answer: 'unchanged', found: APPLIES };
  }
  const action = paused ? 'paused' : 'resumed';
  if (!paused) {
    await lookAgainAfterPause(tx, { installationId: null, repositoryId: null });
  }
  await appendAudit(tx, { installationId: 0, repositoryId: null, action, actor, detail: { name: APPLIES.name } });
  return { answer: 'switched', found: APPLIES };
}

/** Are all applies of this service paused? */
export async function areAppliesPaused(db: Db | Tx): Promise<boolean> {
  const row = await db
    .selectFrom('service_switch')
    .select('name')
    .where('name', '=', APPLIES_PAUSED)
    .executeTakeFirst();
  return row !== undefined;
}

/** Everything that is paused: all applies, installations, repositories. */
export async function listPaused(db: Db): Promise<readonly PausableFound[]> {
  const installations = await db
    .selectFrom('installation')
    .select(['id', 'account_login'])
    .where('paused', '=', true)
    .orderBy('id')
    .execute();
  const repositories = await db
    .selectFrom('repository')
    .select(['id', 'installation_id', 'owner', 'name'])
    .where('paused', '=', true)
    .orderBy('owner')
    .orderBy('name')
    .execute();
  return [
    ...((await areAppliesPaused(db)) ? [APPLIES] : []),
    ...installations.map((row) => ({ installationId: row.id, repositoryId: null, name: row.account_login })),
    ...repositories.map((row) => ({
      installationId: row.installation_id,
      repositoryId: row.id,
      name: `${row.owner}/${row.name}`,
    })),
  ];
}

type Switch = PausableFound & { readonly installationId: number; readonly paused: boolean };

async function findInstallation(tx: Tx, id: number): Promise<Switch | undefined> {
  const row = await tx
    .selectFrom('installation')
    .select(['account_login', 'paused'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row && { installationId: id, repositoryId: null, name: row.account_login, paused: row.paused };
}

async function findRepository(
  tx: Tx,
  { owner, name }: { readonly owner: string; readonly name: string },
): Promise<Switch | undefined> {
  const row = await tx
    .selectFrom('repository')
    .select(['id', 'installation_id', 'owner', 'name', 'paused'])
    .where(({ fn, eb, and }) =>
      and([eb(fn('lower', ['owner']), '=', owner.toLowerCase()), eb(fn('lower', ['name']), '=', name.toLowerCase())]),
    )
    // After a rename that we have not heard of, two may have the name: the younger one is the one that has it now.
    .orderBy('id', 'desc')
    .limit(1)
    .forUpdate()
    .executeTakeFirst();
  return (
    row && {
      installationId: row.installation_id,
      repositoryId: row.id,
      name: `${row.owner}/${row.name}`,
      paused: row.paused,
    }
  );
}

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RepositoryRef } from '../../src/domain/event.ts';
import type { Database } from '../../src/store/database.ts';
import { applyInstallationEvent } from '../../src/store/installations.ts';
import { switchPaused } from '../../src/store/kill-switch.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import { decide, decision, dirspaces, freshRepository } from './store-world.ts';

const SENDER = { id: 1, login: 'ann', bot: false };

describeDatabases('what was paused', (kind) => {
  let database: Database;
  let repository: RepositoryRef;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  beforeEach(async () => {
    const { db } = database;
    await db.deleteFrom('timer').execute();
    repository = await freshRepository(db);
    const claim = { do: 'claim-locks', dirspaces: dirspaces('prod'), baseRef: 'main', appliedAt: null } as const;
    await decide(db, repository, 1, decision([]));
    await decide(db, repository, 2, decision([]), { state: 'closed' });
    await decide(db, repository, 3, decision([]), { state: 'merged', mergedAt: 1 });
    await decide(db, repository, 4, decision([{ ...claim, pull: 4, mergedAt: 1 }]), { state: 'merged', mergedAt: 1 });
  });

  /** The pull requests that will look again. */
  const lookers = async () => {
    const timers = await database.db.selectFrom('timer').select('event').orderBy('key').execute();
    return timers.map(({ event }) =>
      event.kind === 'reconsider' && event.because === 'resumed' ? [event.repository.repositoryId, event.pull] : event,
    );
  };
  const expected = () => [1, 4].map((pull) => [repository.repositoryId, pull]);

  it('lets its pull requests look again when it goes on: open ones, and merged ones that hold something', async () => {
    const { db } = database;
    await db.updateTable('repository').set({ paused: true }).where('id', '=', repository.repositoryId).execute();
    const { owner, name } = repository;
    await switchPaused(db, { kind: 'repository', owner, name }, false, 'operator');
    expect(await lookers()).toEqual(expected());
  });

  it('does so for an installation, and not for others', async () => {
    const { db } = database;
    const installation = { kind: 'installation', id: repository.installationId } as const;
    await switchPaused(db, installation, true, 'operator');
    expect(await lookers()).toEqual([]);
    await switchPaused(db, installation, false, 'operator');
    expect(await lookers()).toEqual(expected());
  });

  it('does so for all when applies go on', async () => {
    const { db } = database;
    await switchPaused(db, { kind: 'applies' }, true, 'operator');
    await switchPaused(db, { kind: 'applies' }, false, 'operator');
    expect(await lookers()).toEqual(expect.arrayContaining(expected()));
  });

  it.each(['suspended', 'archived'] as const)('does so when it was %s', async (what) => {
    const { installationId } = repository;
    const account = { id: 7, login: 'acme', type: 'Organization' };
    const event =
      what === 'suspended'
        ? ({
            kind: 'installation',
            action: 'unsuspend',
            installationId,
            account,
            repositories: [],
            sender: SENDER,
          } as const)
        : ({ kind: 'repository', action: 'unarchived', repository, defaultBranch: 'main', sender: SENDER } as const);
    await database.db.transaction().execute((tx) => applyInstallationEvent(tx, event));
    expect(await lookers()).toEqual(expected());
  });
});

import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendAudit, sequenceAudit, verifyAudit } from '../../src/store/audit.ts';
import { commitDecision } from '../../src/store/commit.ts';
import type { Database } from '../../src/store/database.ts';
import { recordDelivery } from '../../src/store/inbox.ts';
import { readInstallation, saveInstallation } from '../../src/store/installations.ts';
import {
  listInstallationKeys,
  readInstallationKey,
  replaceInstallationKey,
  saveInstallationKey,
} from '../../src/store/keys.ts';
import { forgetJtis, useJti } from '../../src/store/oidc-jti.ts';
import { savePlanKey, storePlan } from '../../src/store/plans.ts';
import { bindClaim } from '../../src/store/run-claim.ts';
import { TABLES } from '../../src/store/tables.ts';
import { describeDatabases, freshDatabase } from '../database.ts';
import {
  decide,
  decision,
  dirspaces,
  freshId,
  freshRepository,
  mustLease,
  newRun,
  PLAN_LIFE_MS,
} from './store-world.ts';

describeDatabases('what an installation leaves', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase(kind);
  });
  afterAll(() => database.close());

  it('is a receipt with counts, and no row in any table; other installations keep theirs', async () => {
    const leaving = await filled();
    const staying = await filled();
    const before = await counts();
    const event = {
      kind: 'installation' as const,
      action: 'deleted' as const,
      installationId: leaving.installationId,
      account: { id: 1, login: 'acme', type: 'Organization' },
      repositories: [],
      sender: { id: 1, login: 'ann', bot: false },
    };
    await recordDelivery(database.db, {
      dedupeKey: 'uninstalled',
      name: 'installation.deleted',
      installationId: leaving.installationId,
      subject: `installation ${leaving.installationId}`,
      event,
    });
    const lease = await mustLease(database.db);
    const answer = await commitDecision(database.db, {
      lease,
      event,
      decision: decision([{ do: 'save-installation', event }], { reason: 'installation-saved' }),
      github: null,
      planLifeMs: PLAN_LIFE_MS,
    });
    expect(answer).toBe('committed');
    const after = await counts();
    for (const [table, rows] of Object.entries(before)) {
      if (table !== 'uninstall_receipt' && table !== 'oidc_jti') {
        expect(after[table], table).toBe((rows ?? 0) / 2);
      }
    }
    expect(await readInstallation(database.db, leaving.installationId)).toBe('deleted');
    expect(await readInstallation(database.db, staying.installationId)).toMatchObject({ state: 'active' });
    expect(await readInstallationKey(database.db, leaving.installationId)).toBeUndefined();
    expect(await saveInstallationKey(database.db, leaving.installationId, 'new')).toBeUndefined();
    const receipt = await database.db.selectFrom('uninstall_receipt').selectAll().executeTakeFirstOrThrow();
    expect(receipt.removed).toMatchObject({
      run: 1,
      plan: 1,
      plan_chunk: 1,
      plan_key: 1,
      audit: 1,
      audit_chain: 1,
      pull_request: 1,
    });
    await saveInstallation(database.db, { id: leaving.installationId, account: event.account, state: 'active' });
    expect(await readInstallation(database.db, leaving.installationId), 'it does not come back').toBe('deleted');
  });

  it('is audited in lines that nobody can change, sealed into a chain that shows tampering', async () => {
    const installationId = freshId();
    for (const action of ['one', 'two', 'three']) {
      await appendAudit(database.db, {
        installationId,
        repositoryId: null,
        action,
        actor: 'ann',
        detail: { b: 1, a: [{ d: 2, c: null }] },
      });
    }
    expect(await verifyAudit(database.db, installationId)).toMatchObject({ intact: true, lines: 0, unsealed: 3 });
    await Promise.all([sequenceAudit(database.db), sequenceAudit(database.db)]);
    expect(await verifyAudit(database.db, installationId)).toMatchObject({ intact: true, lines: 3, unsealed: 0 });
    await expect(database.db.updateTable('audit').set({ actor: 'eve' }).execute()).rejects.toThrow('never changed');
    await expect(database.db.deleteFrom('audit').execute()).rejects.toThrow('never changed');
    await expect(database.db.deleteFrom('audit_chain').execute()).rejects.toThrow('never changed');
    await expect(sql`truncate audit`.execute(database.db)).rejects.toThrow('never changed');

    const tamper = (change: ReturnType<typeof sql>) =>
      database.db.transaction().execute(async (tx) => {
        await sql`alter table audit disable trigger user`.execute(tx);
        await change.execute(tx);
        await sql`alter table audit enable trigger user`.execute(tx);
      });
    await tamper(sql`update audit set actor = 'eve' where installation_id = ${installationId} and action = 'two'`);
    expect(await verifyAudit(database.db, installationId)).toEqual({ intact: false, seq: 2, problem: 'changed' });
    await tamper(sql`delete from audit where installation_id = ${installationId} and action = 'one'`);
    expect(await verifyAudit(database.db, installationId)).toEqual({ intact: false, seq: 1, problem: 'missing' });
  });

  it('takes a token’s id once', async () => {
    const later = Date.now() + 600_000;
    const used = await Promise.all([useJti(database.db, 'j1', later), useJti(database.db, 'j1', later)]);
    expect(used.sort()).toEqual([false, true]);
    expect(await useJti(database.db, 'old', 1_000)).toBe(true);
    await forgetJtis(database.db);
    expect(await useJti(database.db, 'old', 1_000)).toBe(true);
    expect(await useJti(database.db, 'j1', later)).toBe(false);
  });

  it('keeps the first wrapped key, and replaces it only by one who knows it', async () => {
    const { installationId } = await freshRepository(database.db);
    expect(await saveInstallationKey(database.db, installationId, 'a')).toBe('a');
    expect(await saveInstallationKey(database.db, installationId, 'b')).toBe('a');
    expect(await replaceInstallationKey(database.db, installationId, { from: 'x', to: 'c' })).toBe(false);
    expect(await replaceInstallationKey(database.db, installationId, { from: 'a', to: 'c' })).toBe(true);
    expect(await readInstallationKey(database.db, installationId)).toBe('c');
    expect(await listInstallationKeys(database.db)).toContainEqual({ installationId, wrapped: 'c' });
  });

  /** An installation with a row in nearly every table. */
  async function filled() {
    const repository = await freshRepository(database.db);
    const { installationId, repositoryId } = repository;
    const run = newRun('plan', 1, ['prod']);
    const planId = run.targets[0]?.planId ?? '';
    await saveInstallationKey(database.db, installationId, 'wrapped');
    await decide(
      database.db,
      repository,
      1,
      decision([
        { do: 'start-run', run },
        { do: 'dispatch', run: run.id },
        { do: 'audit', action: 'plan', actor: 'ann', detail: {} },
        { do: 'claim-locks', pull: 1, dirspaces: dirspaces('prod'), baseRef: 'main', mergedAt: null, appliedAt: 1 },
        { do: 'reply', pull: 1, key: 'no', body: 'No.', refusedLogin: 'eve' },
        {
          do: 'set-timer',
          key: `t ${run.id}`,
          at: Date.now() + 1_000_000,
          event: { kind: 'reconsider', repository, pull: 1, because: 'plan-expired' },
        },
      ]),
    );
    await bindClaim(database.db, { run: run.id, repositoryId, githubRunId: freshId(), tokenHash: run.id });
    await savePlanKey(database.db, planId, 'wrapped');
    await storePlan(database.db, { planId, runId: run.id, maxBytes: 100 }, oneByte());
    await decide(
      database.db,
      repository,
      1,
      decision([{ do: 'end-run', run: run.id, state: 'unknown', reason: 'run-unknown' }]),
    );
    await sequenceAudit(database.db);
    return repository;
  }

  async function* oneByte() {
    yield new Uint8Array([1]);
  }

  async function counts(): Promise<Readonly<Record<string, number>>> {
    const found: Record<string, number> = {};
    for (const table of Object.keys(TABLES)) {
      const result = await sql<{ rows: number }>`select count(*) as rows from ${sql.table(table)}`.execute(database.db);
      found[table] = result.rows[0]?.rows ?? -1;
    }
    return found;
  }
});

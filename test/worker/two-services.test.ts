import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../src/log.ts';
import { startService } from '../../src/service.ts';
import { readSettings } from '../../src/settings.ts';
import { dropDatabase, freshDatabaseUrl, hasPostgres } from '../database.ts';
import { Hands } from '../end-to-end/hand-runner.ts';
import { AUTHOR, ORGANISATION, startStage } from '../end-to-end/stage.ts';
import { quiet, said } from '../end-to-end/watching.ts';

const PULLS = 6;

describe.skipIf(!hasPostgres)('two services on one database', () => {
  it('handle each event once, and each does its part', async () => {
    const databaseUrl = await freshDatabaseUrl();
    const home = await mkdtemp(join(tmpdir(), 'plumbline-second-'));
    const environment = { DATABASE_URL: databaseUrl, ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 3).toString('base64')}` };
    const stage = await startStage({ world: { runner: { kind: 'manual' } }, environment });
    const { world, repository, rootModule, service } = stage;
    const read = readSettings({
      ...world.serviceEnvironment(),
      ...environment,
      PUBLIC_URL: service.url,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: home,
    });
    if (!read.ok) {
      throw new Error('the settings are wrong');
    }
    const calls: string[] = [];
    const second = await startService(read.settings, createLog('silent'), { onCall: ({ route }) => calls.push(route) });
    onTestFinished(async () => {
      await stage.close();
      await second.close();
      await dropDatabase(databaseUrl);
      await rm(home, { recursive: true, force: true });
    });
    calls.length = 0;

    // Every delivery comes twice, to whichever service the world happens to be told of.
    world.faults.onDelivery(undefined, { kind: 'repeat' }, 1_000);
    const hands = new Hands(stage);
    for (let n = 0; n < PULLS; n += 1) {
      world.webhookUrl = `${n % 2 === 0 ? service.url : second.url}/webhooks/github`;
      const root = `root-${n}`;
      const pull = await world.openPullRequest(repository, {
        author: AUTHOR,
        files: { [`${root}/main.tf`]: rootModule(root, 'one') },
      });
      await (await hands.next()).plan();
      await said(stage, pull, 'terraform_data.this');
    }
    await quiet(stage);

    expect(world.runs).toHaveLength(PULLS);
    for (const pull of repository.pulls.values()) {
      expect(stage.commentsOf(pull)).toHaveLength(1);
      const checks = world.checksOf(repository, pull.headSha).filter(({ name }) => name.startsWith('plumbline/'));
      expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
    }
    const decisions = await service.database.db.selectFrom('decision').select('event_key').execute();
    expect(new Set(decisions.map(({ event_key }) => event_key)).size).toBe(decisions.length);
    expect(stage.calls.length).toBeGreaterThan(0);
    expect(calls.length, `${ORGANISATION} was served by both`).toBeGreaterThan(0);
  }, 300_000);
});

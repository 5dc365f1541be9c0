import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readIdentity } from '../../src/github/identity.ts';
import { listRepositories, readInstallation } from '../../src/github/installation.ts';
import { openWorld, type WorldApp } from './world-app.ts';

let here: WorldApp;
beforeEach(async () => {
  here = await openWorld();
});
afterEach(async () => {
  await here.world.close();
});

describe('the App on GitHub', () => {
  it('learns who it is', async () => {
    const { slug, bot } = here.world.app;
    expect(await readIdentity(here.app)).toEqual({ slug, botId: bot.id, botLogin: `${slug}[bot]` });
  });

  it('recovers an installation that it was not told of', async () => {
    const seen = await readInstallation(await here.app.appClient(), here.installationId);
    expect(seen).toMatchObject({ account: { login: 'acme', type: 'Organization' }, suspended: false });
    expect(await listRepositories(here.client)).toEqual([
      { repositoryId: here.repository.id, owner: 'acme', name: 'infra' },
    ]);
  });

  it('knows an installation that GitHub does not know for gone', async () => {
    expect(await readInstallation(await here.app.appClient(), 12_345)).toBeNull();
  });
});

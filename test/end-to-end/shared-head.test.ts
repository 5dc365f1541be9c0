import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pull } from '../world/world-state.ts';
import { Hands } from './hand-runner.ts';
import { openStage } from './open-stage.ts';
import { AUTHOR, type Stage } from './stage.ts';
import { checked, quiet, said } from './watching.ts';

const LONG = 180_000;
let stage: Stage;
let hands: Hands;
let first: Pull;
let second: Pull;

beforeAll(async () => {
  const config = "destination_branches: [main, release]\nmodules: 'off'\n";
  stage = await openStage({ world: { runner: { kind: 'manual' } }, config });
  hands = new Hands(stage);
}, LONG);
afterAll(() => stage?.close());

const conclusion = () =>
  stage.world.checksOf(stage.repository, first.headSha).findLast(({ name }) => name === 'plumbline/plan')?.conclusion;

// A merge asks the check of the commit, and the commit does not say which pull request it was made for.
describe('a check that two pull requests share', { timeout: LONG }, () => {
  it('shows the worse of the two, whoever is planned last', async () => {
    const { world, repository, rootModule } = stage;
    await world.commit(repository, { branch: 'release', files: { 'README.md': '# release\n' }, author: AUTHOR });
    first = await world.openPullRequest(repository, {
      author: AUTHOR,
      branch: 'both',
      files: { 'network/main.tf': rootModule('network', 'two') },
    });
    await (await hands.next()).plan(() => ({
      state: 'plan-failed',
      phase: 'plan',
      diagnostics: [{ severity: 'error', summary: 'Unsupported argument' }],
    }));
    await said(stage, first, 'Unsupported argument');
    await checked(stage, first.headSha, 'plumbline/plan', /^failure$/);
    second = await world.openPullRequest(repository, { author: AUTHOR, branch: 'both', base: 'release' });
    expect(second.headSha).toBe(first.headSha);
    const run = await hands.next();
    await quiet(stage);
    expect(conclusion(), 'while the second is planned').not.toBe('success');
    await run.plan();
    await said(stage, second, 'terraform_data.this');
    await quiet(stage);
    expect(conclusion()).toBe('failure');
  });

  it('is good when the one that is left is', async () => {
    await stage.world.closePullRequest(stage.repository, first, AUTHOR);
    await checked(stage, first.headSha, 'plumbline/plan', /^success$/);
    await stage.world.reopen(stage.repository, first, AUTHOR);
    await (await hands.next()).plan();
    await said(stage, first, 'terraform_data.this');
    await quiet(stage);
    expect(conclusion()).toBe('success');
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangedFile } from '../../src/domain/change.ts';
import type { Known } from '../../src/domain/known.ts';
import { observe } from '../../src/github/observe.ts';
import { type Files, updateRef } from '../world/git-store.ts';
import type { Pull } from '../world/world-state.ts';
import { openWorld, type WorldApp } from './world-app.ts';

let here: WorldApp;
beforeEach(async () => {
  here = await openWorld({ 'app/main.tf': '# a file that is long enough to be known again\n' });
});
afterEach(async () => {
  expect(here.world.errors).toEqual([]);
  await here.world.close();
});

const open = () =>
  here.world.openPullRequest(here.repository, { author: 'ada', files: { 'network/main.tf': 'locals {}\n' } });
const onMain = (files: Files) => here.world.commit(here.repository, { branch: 'main', author: 'ada', files });
const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`many/${at}.tf`, `# ${at}\n`]));

async function since(
  pull: Pull,
  ...bases: readonly string[]
): Promise<readonly (Known<readonly ChangedFile[]> | undefined)[]> {
  const facts = await observe(
    here.client,
    here.pullEvent(pull),
    { pull: pull.number, baseFilesSince: bases },
    here.context,
  );
  return bases.map((base) => facts.baseFilesSince?.[base]);
}

const pathsOf = (answer: Known<readonly ChangedFile[]> | undefined) =>
  answer?.known === true ? answer.value.map(({ path }) => path).sort() : answer;
const callsTo = (route: string) => here.calls.filter((call) => call.route.endsWith(route)).length;

describe('what changed on the base branch', () => {
  it('is read with one comparison, both names of a renamed file included', async () => {
    const pull = await open();
    const base = pull.baseSha;
    await onMain({ 'database/main.tf': '# new\n' });
    await onMain({
      'network/main.tf': '# changed\n',
      'app/main.tf': null,
      'web/main.tf': '# a file that is long enough to be known again\n',
    });
    expect(await since(pull, base)).toEqual([
      {
        known: true,
        value: [
          { path: 'database/main.tf', status: 'added' },
          { path: 'network/main.tf', status: 'modified' },
          { path: 'web/main.tf', previousPath: 'app/main.tf', status: 'renamed' },
        ],
      },
    ]);
    expect(callsTo('/compare/{basehead}') + callsTo('/compare/{range}')).toBe(1);
  });

  it('is asked for once, whoever asks again', async () => {
    const [pull, other] = [await open(), await open()];
    const base = pull.baseSha;
    await onMain({ 'database/main.tf': '# new\n' });
    await since(pull, base);
    here.calls.length = 0;
    expect(pathsOf((await since(other, base))[0])).toEqual(['database/main.tf']);
    expect(here.calls.map(({ route }) => route)).toEqual(['/graphql']);
  });

  it.each([
    [299, 0],
    [300, 2],
    [350, 2],
  ])('is whole with %i files', async (count, trees) => {
    const pull = await open();
    const base = pull.baseSha;
    await onMain(many(count));
    expect(pathsOf((await since(pull, base))[0])).toEqual(Object.keys(many(count)).sort());
    expect(callsTo('/git/trees/{sha}')).toBe(trees);
  });

  it('counts what a force-push took away', async () => {
    const pull = await open();
    const before = pull.baseSha;
    const planned = await onMain({ 'database/main.tf': '# taken away\n' });
    await updateRef(here.repository.gitDir, 'refs/heads/main', before);
    await onMain({ 'web/main.tf': '# instead\n' });
    expect((await since(pull, planned))[0]).toEqual({
      known: true,
      value: [
        { path: 'database/main.tf', status: 'removed' },
        { path: 'web/main.tf', status: 'added' },
      ],
    });
  });

  it('is unknown since a commit that GitHub has forgotten, and known since the others', async () => {
    const pull = await open();
    const base = pull.baseSha;
    await onMain({ 'web/main.tf': '# new\n' });
    const [gone, kept] = await since(pull, 'f'.repeat(40), base);
    expect(gone).toMatchObject({ known: false, passing: false });
    expect(pathsOf(kept)).toEqual(['web/main.tf']);
  });

  it('is unknown when GitHub lists neither the comparison nor the trees whole', async () => {
    const pull = await open();
    const base = pull.baseSha;
    await onMain(many(301));
    here.world.faults.maxTreeEntries = 1;
    expect((await since(pull, base))[0]).toMatchObject({ known: false });
  });

  it('comes from the trees when GitHub cannot make the comparison', async () => {
    const pull = await open();
    const base = pull.baseSha;
    await onMain({ 'web/main.tf': '# new\n' });
    here.world.faults.onCall('/compare/', { kind: 'server-error' });
    expect(pathsOf((await since(pull, base))[0])).toEqual(['web/main.tf']);
  });

  it('is not read when GitHub asks to wait', async () => {
    const pull = await open();
    const base = pull.baseSha;
    await onMain({ 'web/main.tf': '# new\n' });
    here.world.faults.onCall('/compare/', { kind: 'too-many-requests' });
    await expect(since(pull, base)).rejects.toMatchObject({ code: 'github-limited' });
  });

  it('is looked up since five commits and no more', async () => {
    const pull = await open();
    const bases = [pull.baseSha];
    for (let at = 0; at < 6; at += 1) {
      bases.push(await onMain({ 'web/main.tf': `# ${at}\n` }));
    }
    const answers = await since(pull, ...bases.slice(0, 6));
    expect(answers.map((answer) => answer?.known)).toEqual([true, true, true, true, true, false]);
  });

  it.each(['merge', 'squash'] as const)('ends where the pull request was merged onto (%s)', async (method) => {
    const pull = await open();
    const base = pull.baseSha;
    await onMain({ 'web/main.tf': '# before the merge\n' });
    await here.world.merge(here.repository, pull, 'ada', method);
    await onMain({ 'database/main.tf': '# after the merge\n' });
    expect(pathsOf((await since(pull, base))[0])).toEqual(['web/main.tf']);
  });
});

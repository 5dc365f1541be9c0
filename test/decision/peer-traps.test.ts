import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { dirspaceKey } from '../../src/domain/dirspace.ts';
import { MINUTE } from '../../src/domain/instant.ts';
import { known } from '../../src/domain/known.ts';
import {
  ALICE,
  BOB,
  claim,
  comment,
  HEAD,
  intents,
  NOW,
  planned,
  pullEvent,
  reasons,
  result,
  review,
} from './build.ts';

describe('a pull request that is closed', () => {
  it.each([
    ['as a draft', { pull: { draft: true } }],
    ['from a fork', { pull: { headRepositoryId: 11 } }],
    ['into a branch that is not ours any more', { pull: { baseRef: 'develop' } }],
    ['after it was switched off', { config: 'enabled: false\n' }],
    ['with a broken configuration', { config: 'dirs: [\n' }],
  ] as const)('%s gives up its plans and its places in line all the same', (_, given) => {
    const ready = planned({}, ['prod']);
    const pull = { ...('pull' in given ? given.pull : {}), state: 'closed' as const };
    const locks = [claim(7, 'prod')];
    const decision = decide(planned({ ...given, pull, ours: { ...ready.ours, locks } }), pullEvent('closed'));
    expect(intents(decision, 'release-locks')).toEqual([{ do: 'release-locks', pull: 7, dirspaces: 'all' }]);
    expect(intents(decision, 'erase-plans').flatMap(({ plans }) => plans)).toContain('plan-prod');
  });
});

describe('what applies by itself', () => {
  const config = (approved: boolean) =>
    [
      'when_modified: {autoapply: true}',
      `apply_requirements: {checks: [{tag_query: "", approved: {enabled: ${approved}}}]}`,
      '',
    ].join('\n');
  const merged = { state: 'merged', mergedAt: NOW - MINUTE, mergeCommitSha: 'e'.repeat(40) } as const;

  it.each([
    ['applies when nothing is asked', false, 1],
    ['stands under the requirements of everybody', true, 0],
  ] as const)('%s', (_, approved, runs) => {
    const ready = planned({ config: config(approved), pull: merged });
    const tree = { ...merged, mergeTreeSha: 'c'.repeat(40) };
    const decision = decide(planned({ config: config(approved), pull: tree, ours: ready.ours }), pullEvent('closed'));
    expect(intents(decision, 'start-run').filter(({ run }) => run.kind === 'apply')).toHaveLength(runs);
    expect(reasons(decision).includes('approval-missing')).toBe(approved);
  });
});

describe('an approval', () => {
  const config = 'apply_requirements: {checks: [{tag_query: "", approved: {enabled: true, any_of_count: 2}}]}\n';
  const apply = (reviews: readonly ReturnType<typeof review>[]) => {
    const github = { reviews: known(reviews), lastPusher: known(null) };
    const decision = decide(planned({ config, github }), comment('plumbline apply', ALICE));
    return intents(decision, 'start-run').length === 0 ? reasons(decision) : 'applies';
  };

  it('of one person counts once, however often it is given', () => {
    expect(apply([review(BOB), review(BOB, { id: 77 }), review(BOB, { id: 78 })])).toContain('approval-missing');
  });

  it.each([
    ['taken back by a request for changes', { state: 'CHANGES_REQUESTED' }, 'changes-requested'],
    ['dismissed', { state: 'DISMISSED' }, 'approval-missing'],
  ] as const)('that was %s does not count', (_, then, reason) => {
    const carol = { id: 3, login: 'carol', bot: false };
    const both = [review(BOB), review(carol)];
    expect(apply(both)).toBe('applies');
    expect(apply([...both, review(carol, { id: 99, submittedAt: NOW - MINUTE, ...then })])).toContain(reason);
  });
});

it('an old command that GitHub sends again does nothing', () => {
  const decision = decide(planned(), comment('plumbline apply', BOB, { createdAt: NOW - 16 * MINUTE }));
  expect(intents(decision, 'start-run')).toEqual([]);
  expect(reasons(decision)).toContain('command-too-old');
});

it('a result of another commit is never "nothing left to do"', () => {
  const old = result('prod', { state: 'applied', headSha: 'e'.repeat(40) });
  const decision = decide(planned({ ours: { results: [old], plans: [] } }), comment('plumbline apply', BOB));
  expect(reasons(decision)).toContain('plan-stale-head');
  expect(HEAD).not.toBe(old.headSha);
});

it('no two dirspaces share a key, whatever their names hold', () => {
  const name = fc.string({ unit: fc.constantFrom('a', '/', ':', '#', '|', ' ', '.'), maxLength: 6 });
  fc.assert(
    fc.property(name, name, name, name, (dir, workspace, otherDir, otherWorkspace) => {
      const same = dir === otherDir && workspace === otherWorkspace;
      const keys = [dirspaceKey({ dir, workspace }), dirspaceKey({ dir: otherDir, workspace: otherWorkspace })];
      expect(keys[0] === keys[1]).toBe(same);
    }),
  );
});

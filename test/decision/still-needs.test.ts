import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { needFor } from '../../src/decision/need-for.ts';
import { MINUTE } from '../../src/domain/instant.ts';
import { known } from '../../src/domain/known.ts';
import type { GitHubFacts } from '../../src/domain/snapshot.ts';
import {
  BOB,
  CAROL,
  comment,
  type Given,
  intents,
  NOW,
  planned,
  pullEvent,
  REPOSITORY,
  result,
  review,
  snapshotOf,
} from './build.ts';

const config = (check: string, more = '') =>
  `apply_requirements:\n${more}  checks:\n    - tag_query: ""\n      ${check}\n`;
const TWO = 'approved: {enabled: true, any_of_count: 2}';
const reviewed = { kind: 'review', action: 'submitted', repository: REPOSITORY, pull: 7, sender: BOB } as const;

/** What people read of it, by dirspace. */
function needs(given: Given, event: Parameters<typeof decide>[1] = reviewed, dirs?: readonly string[]) {
  const [saved] = intents(decide(planned(given, dirs), event), 'save-needs');
  return (saved?.needs ?? []).flatMap(({ dirspaces, needs: some, maxPoints }) =>
    dirspaces.map(({ dir }) => [dir, ...some.map(({ met, text }) => `${met ? 'met' : 'open'}: ${text}`), maxPoints]),
  );
}

describe('what an apply still needs', () => {
  it('is said when the plan starts, from the configuration alone', () => {
    const fresh = (text: string) => {
      const [saved] = intents(decide(snapshotOf({ config: text }), pullEvent('opened')), 'save-needs');
      return saved?.needs.flatMap((one) => one.needs.map(({ text: said }) => said));
    };
    expect(fresh('')).toEqual([]);
    expect(fresh(config(TWO))).toEqual(['2 approvals.']);
    expect(
      fresh(config('approved: {enabled: true, all_of: ["user:carol"], any_of: ["team:ops", "role:admin"]}')),
    ).toEqual(['An approval of user:carol, and 1 approval of team:ops, role:admin.']);
    expect(fresh(config(TWO, '  approvals: plan\n'))).toEqual(['2 approvals. Those given before may still count.']);
    expect(fresh('apply_requirements: {checks: [{tag_query: "dir:other"}]}\n')).toEqual([
      'No entry of `apply_requirements.checks` matches this dirspace, so it cannot be applied.',
    ]);
  });

  it.each<[string, Partial<GitHubFacts>, string]>([
    ['nobody approved', {}, 'open: An approval is missing. 0 of 2.'],
    ['one approved', { reviews: known([review(BOB)]) }, 'open: An approval is missing. 1 of 2.'],
    ['two approved', { reviews: known([review(BOB), review(CAROL)]) }, 'met: Approved by `bob`, `carol`.'],
    [
      'one approved before the plan was shown',
      { reviews: known([review(BOB), review(CAROL, { submittedAt: NOW - 60 * MINUTE })]) },
      'open: The approval is older than the plan or was given for another commit. Approve again. 1 of 2.',
    ],
    [
      'one pushed last',
      { reviews: known([review(BOB), review(CAROL)]), lastPusher: known(CAROL) },
      'open: An approval is missing. 1 of 2.',
    ],
    [
      'one asks for changes',
      { reviews: known([review(BOB), review(CAROL, { state: 'CHANGES_REQUESTED' })]) },
      'open: A reviewer requested changes. By carol. An approval is missing. 1 of 2.',
    ],
  ])('is said anew with every review: %s', (_name, github, says) => {
    expect(needs({ config: config(TWO), github })).toEqual([['prod', says, null]]);
  });

  it.each<[string, string, Given, readonly unknown[]]>([
    ['a draft', 'approved: {enabled: false}', { pull: { draft: true } }, ['open: The pull request is a draft.', null]],
    [
      'the merge',
      'apply_after_merge: {enabled: true}',
      {},
      ['open: This is applied only after the merge (`apply_after_merge`).', null],
    ],
    ['a limit to the risk', 'risk: {max_points: 5}', {}, [5]],
  ])('names %s', (_name, check, given, says) => {
    expect(needs({ ...given, config: config(check) })).toEqual([['prod', ...says]]);
  });

  it('is nothing for what is done, and tells dirspaces with other rules apart', () => {
    const text =
      'apply_requirements:\n  checks:\n    - {tag_query: "dir:stage"}\n    - {tag_query: "", approved: {enabled: true}}\n';
    expect(needs({ config: text }, reviewed, ['prod', 'stage'])).toEqual([
      ['prod', 'open: An approval is missing. 0 of 1.', null],
    ]);
    const bare = planned({ config: text });
    const results = [result('prod', { kind: 'apply', state: 'applied' })];
    const done = decide({ ...bare, ours: { ...bare.ours, results } }, comment('plumbline plan dir:nowhere'));
    expect(intents(done, 'save-needs')).toEqual([]);
    const after = decide({ ...bare, ours: { ...bare.ours, results } }, reviewed);
    expect(intents(after, 'save-needs')).toMatchObject([{ needs: [] }]);
  });

  it('costs a look at reviews only where approvals are asked for, and at teams only where they are named', () => {
    const look = (text: string) => {
      const { github, ...snapshot } = planned({ config: text, github: { reviews: known([review(CAROL)]) } });
      if (github === null) {
        throw new TypeError('nothing was read from GitHub');
      }
      const { reviews: _reviews, files: _files, changedFiles: _changed, ...first } = github;
      return [needFor(reviewed, { ...snapshot, github: first }), needFor(reviewed, { ...snapshot, github })];
    };
    expect(look('')).toEqual([undefined, undefined]);
    expect(look(config(TWO))).toEqual([expect.objectContaining({ reviews: true, changedFiles: true }), undefined]);
    const team = config('approved: {enabled: true, any_of: ["team:ops"]}');
    expect(look(team)[1]).toMatchObject({ teams: [{ slug: 'ops', login: 'carol' }] });
  });
});

import { describe, expect, it } from 'vitest';
import type { ChangedDirspace } from '../../src/domain/change.ts';
import type { LockClaim } from '../../src/domain/run.ts';
import { renderCheck } from '../../src/report/check.ts';
import type { PullRows } from '../../src/store/pull-rows.ts';
import { pullViewOf } from '../../src/worker/pull-view.ts';

const URLS = { web: 'https://github.example', server: 'https://plumbline.example' };

function part(dir: string, layer: number, more: Partial<ChangedDirspace> = {}): ChangedDirspace {
  return {
    dir,
    workspace: 'default',
    tags: [],
    workflow: null,
    layer,
    autoplan: true,
    autoplanDraftPr: true,
    autoapply: false,
    stack: 'default',
    stackVariables: {},
    applyAfter: [],
    createIfMissing: false,
    createAndSelectWorkspace: true,
    lockBranchTarget: 'all',
    because: [],
    ...more,
  };
}

function rows(parts: readonly ChangedDirspace[], more: Partial<PullRows> = {}, plannedAfterMerge?: number): PullRows {
  const layers = [...Map.groupBy(parts, ({ layer }) => layer).values()];
  const change = {
    dirspaces: parts,
    layers,
    unmatched: [],
    errors: [],
    ...(plannedAfterMerge === undefined ? {} : { plannedAfterMerge }),
  };
  return {
    repository: {
      id: 1,
      installation_id: 1,
      owner: 'acme',
      name: 'infra',
      owner_id: 1,
      default_branch: 'main',
      archived: false,
      paused: false,
      created_at: 0,
    },
    pull: {
      repository_id: 1,
      number: 7,
      state: 'open',
      draft: false,
      title: '',
      author_id: 1,
      author_login: 'ann',
      head_sha: 'a'.repeat(40),
      head_ref: 'feature',
      head_repository_id: 1,
      base_sha: 'b'.repeat(40),
      base_ref: 'main',
      merged_at: null,
      merge_commit_sha: null,
      labels: [],
      change,
      notices: [],
      display: null,
      needs: null,
      reviewed: null,
      comment_id: null,
      comment_node_id: null,
      comment_revision: 0,
      comment_shows: null,
      first_applied_at: null,
      unlocked_at: null,
      observed_at: 0,
      by_itself: false,
      merge_group: null,
    },
    runs: [],
    results: [],
    reviewed: [],
    planned: [],
    plans: [],
    locks: [],
    gates: [],
    gateApprovals: [],
    overlaps: [],
    ...more,
  };
}

function claim(pull: number, dir: string, more: Partial<LockClaim> = {}): LockClaim {
  return { pull, dir, workspace: 'default', baseRef: 'main', mergedAt: null, appliedAt: null, claimedAt: 1, ...more };
}

describe('what another pull request holds', () => {
  const holder = claim(8, 'stage', { appliedAt: 5 });
  const touches = {
    pull: 8,
    dir: 'prod',
    workspace: 'default',
    state: 'planned',
    kind: 'plan',
    addresses: [],
  } as const;
  const heldIn = (given: PullRows) =>
    pullViewOf(given, URLS).held?.map(({ dirspace, ...held }) => [dirspace.dir, held]);

  it('is all that it still touches, with the place in line', () => {
    const given = rows([part('prod', 0), part('stage', 0)], {
      locks: [holder, claim(9, 'prod', { claimedAt: 2 }), claim(7, 'prod', { claimedAt: 3 })],
      overlaps: [touches],
    });
    expect(heldIn(given)).toEqual([
      ['prod', { byPull: 8, position: 2 }],
      ['stage', { byPull: 8 }],
    ]);
  });

  it('is nothing of what it touches no more, nor of what holds for other branches only', () => {
    expect(heldIn(rows([part('prod', 0)], { locks: [holder] }))).toEqual([]);
    const other = claim(8, 'prod', { appliedAt: 5, baseRef: 'develop' });
    expect(heldIn(rows([part('prod', 0, { lockBranchTarget: 'dest_branch' })], { locks: [other] }))).toEqual([]);
    expect(heldIn(rows([part('prod', 0)], { locks: [other] }))).toEqual([['prod', { byPull: 8 }]]);
  });
});

describe('a layer that is not planned yet', () => {
  const parts = [part('prod', 0), part('stage', 1)];

  it.each([
    ['waits for the ones before it', undefined, 'action_required'],
    ['does not keep the plan check from passing when it can be planned only after the merge', 1, 'success'],
  ] as const)('%s', (_, plannedAfterMerge, conclusion) => {
    const view = pullViewOf(rows(parts, {}, plannedAfterMerge), URLS);
    const dirspaces = view.dirspaces.map((one) =>
      one.dirspace.dir === 'prod' ? { dirspace: one.dirspace, state: 'no-changes' as const } : one,
    );
    expect(renderCheck({ ...view, dirspaces }, 'plan')).toMatchObject({ status: 'completed', conclusion });
  });
});

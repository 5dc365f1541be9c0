import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { needFor } from '../../src/decision/need-for.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { GitHubFacts } from '../../src/domain/snapshot.ts';
import { BASE, comment, type Given, intents, NOW, planned, REPOSITORY, TREE } from './build.ts';

const MOVED = 'e'.repeat(40);
const event = { kind: 'reconsider', repository: REPOSITORY, pull: 7, because: 'base-moved' } as const;
const since = (...paths: readonly string[]): Partial<GitHubFacts> => ({
  baseFilesSince: { [BASE]: known(paths.map((path) => ({ path, status: 'modified' as const }))) },
});
const moved = (github: Partial<GitHubFacts>, more: Given = {}) =>
  planned({ ...more, github, pull: { baseSha: MOVED, mergeTreeSha: 'f'.repeat(40), ...more.pull } });

describe('a base that moved', () => {
  it('is asked about from the commit that was planned on', () => {
    expect(needFor(event, moved({}))).toMatchObject({ baseFilesSince: [BASE] });
  });

  it('makes nobody ask GitHub whether it can merge, unless something may follow from that', () => {
    const without = ({ github, ...snapshot }: ReturnType<typeof moved>) => {
      if (github === null) {
        throw new TypeError('a snapshot without GitHub');
      }
      const { mergeable, ...others } = github;
      return { ...snapshot, github: others };
    };
    expect(needFor(event, without(moved(since())))).toBeUndefined();
    const config = 'automerge:\n  enabled: true\n';
    expect(needFor(event, without(moved(since(), { config })))).toMatchObject({ mergeability: true });
  });

  it('elsewhere leaves the plan, and its apply is made on the base that was planned', () => {
    const snapshot = moved(since('stage/main.tf', 'docs/note.md'));
    expect(intents(decide(snapshot, event), 'erase-plans')).toEqual([]);
    expect(intents(decide(snapshot, comment('plumbline apply')), 'start-run')).toMatchObject([
      { run: { kind: 'apply', baseSha: BASE } },
    ]);
  });

  it.each<[string, Partial<GitHubFacts>, Given]>([
    ['in its own directory', since('prod/other.tf'), {}],
    ['in a way that nobody can tell', { baseFilesSince: { [BASE]: unknown('cut') } }, {}],
    ['anywhere, under `strict`', since('stage/main.tf'), { config: 'base_moved: strict\n' }],
  ])('%s makes the plan stale, and it is planned again', (_name, github, more) => {
    const decision = decide(moved(github, more), event);
    expect(intents(decision, 'erase-plans')[0]).toMatchObject({ plans: ['plan-prod'], reason: 'plan-stale-base' });
    expect(intents(decision, 'start-run')).toMatchObject([{ run: { kind: 'plan', baseSha: MOVED } }]);
    expect(intents(decide(moved(github, more), comment('plumbline apply')), 'start-run')).toEqual([]);
  });
});

describe('with `stale_plans: mark`', () => {
  const config = 'stale_plans: mark\n';

  it('a plan is marked and not made again, and its apply is refused with what to do', () => {
    const marked = decide(moved(since('prod/other.tf'), { config }), event);
    expect(marked.reason).toBe('plan-stale-base');
    expect(intents(marked, 'erase-plans')).toMatchObject([{ plans: ['plan-prod'], reason: 'plan-stale-base' }]);
    expect(intents(marked, 'start-run')).toEqual([]);
    const plans = planned().ours.plans.map((plan) => ({
      ...plan,
      state: 'erased' as const,
      erasedBecause: 'plan-stale-base' as const,
      facts: null,
    }));
    const bare = moved(since('prod/other.tf'), { config });
    const refused = decide({ ...bare, ours: { ...bare.ours, plans } }, comment('plumbline apply'));
    expect(refused.reason).toBe('plan-stale-base');
    expect(intents(refused, 'reply')[0]?.body).toContain('Next: `plumbline plan dir:prod`');
  });

  it('"no changes" says that it counts no more, until it is planned again', () => {
    const bare = moved(since('prod/other.tf'), { config });
    const results = bare.ours.results.map((one) => ({ ...one, state: 'no-changes' as const }));
    const given = { ...bare, ours: { ...bare.ours, plans: [], results } };
    const notice = { kind: 'reason', reason: 'plan-stale-base', text: '`prod`', next: 'plumbline plan' };
    expect(intents(decide(given, event), 'save-change')[0]?.notices).toEqual([notice]);
    expect(intents(decide(given, comment('plumbline plan')), 'save-change')[0]?.notices).toEqual([]);
    const elsewhere = moved(since('stage/other.tf'), { config });
    const unmoved = { ...elsewhere, ours: { ...elsewhere.ours, plans: [], results } };
    expect(intents(decide(unmoved, event), 'save-change')[0]?.notices).toEqual([]);
  });
});

describe('after the merge', () => {
  const merged = { state: 'merged', mergedAt: NOW - 1_000, baseSha: BASE, mergeCommitSha: MOVED } as const;

  it('nothing is asked when the tree that was planned is the one that was merged', () => {
    const need = needFor(event, planned({ pull: { ...merged, mergeTreeSha: TREE } }));
    expect(need?.baseFilesSince).toBeUndefined();
  });

  it('what moved before the merge is asked about, whatever GitHub says the base was', () => {
    const snapshot = planned({ pull: { ...merged, mergeTreeSha: 'f'.repeat(40) } });
    expect(needFor(event, snapshot)).toMatchObject({ baseFilesSince: [BASE] });
  });

  it('a plan stays valid when the base had moved elsewhere', () => {
    const pull = { ...merged, mergeTreeSha: 'f'.repeat(40) };
    const good = planned({ pull, github: since('stage/main.tf') });
    expect(intents(decide(good, comment('plumbline apply')), 'start-run')).toHaveLength(1);
    const stale = planned({ pull, github: since('prod/main.tf') });
    expect(intents(decide(stale, comment('plumbline apply')), 'start-run')).toEqual([]);
  });
});

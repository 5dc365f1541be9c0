import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DirspaceState, DirspaceView, PullView } from '../../src/domain/pull-view.ts';
import { REASONS } from '../../src/domain/reason.ts';
import { annotationBatches, renderCheck } from '../../src/report/check.ts';
import { MAX_COMMENT, parseCommentMarker, renderComment } from '../../src/report/comment.ts';
import { commentSteps } from '../../src/report/comment-strategy.ts';
import { driftMarker } from '../../src/report/drift-issue.ts';
import { prose } from '../../src/report/escape.ts';
import { labelOf } from '../../src/report/labels.ts';
import { renderStatuses, viewOf } from '../../src/report/statuses.ts';
import { renderGfm } from '../gallery/github-page.ts';
import { STATES, VIEWS } from '../gallery/states.ts';
import { planOf, resource } from '../plans/plan-fixtures.ts';

const golden = new URL('../golden/report/', import.meta.url);
const STATE_NAMES: readonly DirspaceState[] = [
  'queued',
  'planning',
  'planned',
  'no-changes',
  'failed',
  'waiting',
  'stale',
  'applying',
  'applied',
  'partly',
  'apply-failed',
  'unknown',
];

describe('the gallery', () => {
  it.each(STATES.filter((state) => state.golden).map((state) => [state.name, state] as const))(
    '%s reads as it was last read by a person',
    (name, state) => {
      // Rewritten by `npm run gallery -- --golden`, and then read.
      expect(`${state.markdown()}\n`).toBe(readFileSync(new URL(`${name}.md`, golden), 'utf8'));
    },
  );

  it('has no golden file of a state that is gone', () => {
    const names = new Set(STATES.filter((state) => state.golden).map((state) => `${state.name}.md`));
    expect(readdirSync(golden).filter((file) => !names.has(file))).toEqual([]);
  });
});

describe('the comment', () => {
  it.each(Object.entries(VIEWS))('fits and closes everything: %s', (_name, { view }) => {
    const body = renderComment(view);
    expect(body.length).toBeLessThanOrEqual(MAX_COMMENT);
    const html = renderGfm(body);
    expect(html.match(/<details/g)?.length ?? 0).toBe(html.match(/<\/details>/g)?.length ?? 0);
    expect(html).not.toMatch(/<img|<script|javascript:|@octocat<\/a>/);
  });

  it.each(['untrusted-author', 'skip-label', 'access-denied', 'repository-paused', 'fork-needs-sha'] as const)(
    'says why nothing runs, also when there is no more to say than the reason: %s',
    (reason) => {
      const notices = [{ kind: 'reason', reason, text: '', next: '' }] as const;
      const body = renderComment({ pull: 7, headSha: 'a'.repeat(40), dirspaces: [], notices });
      expect(body).toContain(`> ${prose(REASONS[reason])}\n`);
    },
  );

  it('is found again by its marker, and only there', () => {
    const body = renderComment({ pull: 7, headSha: 'a'.repeat(40), revision: 3, dirspaces: [] });
    expect(parseCommentMarker(body)).toEqual({ pull: 7, head: 'a'.repeat(40), kind: 'plan', revision: 3 });
    expect(parseCommentMarker(`> ${body}`)).toBeUndefined();
  });

  const name = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom('prod/db', '```', '</details>', '<!-- plumbline:', 'a|b'),
  );
  const change = fc.record({
    address: name.filter((text) => text !== ''),
    action: fc.constantFrom('create' as const, 'update' as const, 'delete' as const, 'replace' as const),
    text: fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.string({ minLength: 1, maxLength: 5 }).map((text) => `${text}\n`.repeat(200)),
    ),
  });
  const dirspace = fc.record({
    dir: name,
    state: fc.constantFrom(...STATE_NAMES),
    changes: fc.array(change, { maxLength: 8 }),
    times: fc.constantFrom(1, 1, 1, 300),
  });

  function viewFrom(
    parts: readonly {
      dir: string;
      state: DirspaceState;
      changes: readonly { address: string; action: 'create' | 'update' | 'delete' | 'replace'; text: string }[];
      times: number;
    }[],
  ): PullView {
    const dirspaces = parts.map(
      (part, index): DirspaceView => ({
        dirspace: { dir: `${part.dir}${index}`, workspace: 'default' },
        state: part.state,
        why: part.dir,
        model: planOf(
          Array.from({ length: part.times }).flatMap((_, time) =>
            part.changes.map((entry) =>
              resource({
                address: `${entry.address}${time}`,
                action: entry.action,
                attributes: [{ path: [entry.address], after: { kind: 'value', value: entry.text } }],
              }),
            ),
          ),
        ),
      }),
    );
    return { pull: 1, headSha: 'b'.repeat(40), dirspaces };
  }

  it('fits, is well-formed, and leaves nothing open, for every view', () => {
    fc.assert(
      fc.property(fc.array(dirspace, { maxLength: 12 }), (parts) => {
        const view = viewFrom(parts);
        const body = renderComment(view);
        expect(body.length).toBeLessThanOrEqual(MAX_COMMENT);
        expect(body.isWellFormed()).toBe(true);
        expect(body.indexOf('<!--', 1)).toBe(-1);
        const html = renderGfm(`${body}\n\nlast`);
        expect(html.endsWith('<p>last</p>')).toBe(true);
        expect(html.match(/<details/g)?.length ?? 0).toBe(html.match(/<\/details>/g)?.length ?? 0);
        expect(renderComment(view)).toBe(body);
        for (const which of ['plan', 'apply'] as const) {
          const check = renderCheck(view, which);
          expect(check.summary.length).toBeLessThanOrEqual(65_000);
          expect(check.text.length).toBeLessThanOrEqual(65_000);
          expect('conclusion' in check).toBe(check.status === 'completed');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('does the same whatever the order of the dirspaces', () => {
    const view = VIEWS.dangerous?.view ?? viewFrom([]);
    const strip = (body: string) => body.split('\n').toSorted().join('\n');
    expect(strip(renderComment({ ...view, dirspaces: view.dirspaces.toReversed() }))).toBe(strip(renderComment(view)));
  });

  it('shows the small plan in full beside the huge one', () => {
    expect(renderComment(VIEWS['resources-10000']?.view ?? viewFrom([]))).toContain('bucket = "acme-logs"');
  });

  it('never says that a value of one dirspace holds for another', () => {
    const body = renderComment(VIEWS['grouped-50']?.view ?? viewFrom([]));
    expect(body).toContain('"t3.x48"');
    expect(body).toContain('"t3.x49"');
    expect(body.match(/```diff/g)).toHaveLength(2);
  });
});

describe('the plan check', () => {
  const one = (state: DirspaceState): PullView => ({
    pull: 1,
    headSha: 'c'.repeat(40),
    dirspaces: [{ dirspace: { dir: 'a', workspace: 'default' }, state }],
  });

  it.each([
    ['planned', 'success'],
    ['no-changes', 'success'],
    ['applied', 'success'],
    ['failed', 'failure'],
    ['stale', 'action_required'],
    ['waiting', 'action_required'],
    ['unknown', 'action_required'],
    ['planning', undefined],
    ['queued', undefined],
  ] as const)('of %s concludes %s, never neutral', (state, conclusion) => {
    expect(renderCheck(one(state), 'plan').conclusion).toBe(conclusion);
  });

  it.each([
    ['planned', 'action_required'],
    ['no-changes', 'success'],
    ['applied', 'success'],
    ['partly', 'failure'],
    ['apply-failed', 'failure'],
    ['applying', undefined],
  ] as const)('of an apply of %s concludes %s', (state, conclusion) => {
    expect(renderCheck(one(state), 'apply').conclusion).toBe(conclusion);
  });

  it('passes for a pull request that concerns nothing, so that it may be required', () => {
    expect(renderCheck({ pull: 1, headSha: 'd'.repeat(40), dirspaces: [] }, 'plan')).toMatchObject({
      conclusion: 'success',
      title: 'nothing to plan',
    });
  });

  it.each(['notes', 'notices'] as const)('never passes when %s say why nothing was planned', (where) => {
    const said =
      where === 'notes'
        ? { notes: [{ text: 'x' }] }
        : { notices: [{ kind: 'reason' as const, reason: 'nothing-to-do' as const, text: 'x', next: '' }] };
    expect(renderCheck({ pull: 1, headSha: 'd'.repeat(40), dirspaces: [], ...said }, 'plan')).toMatchObject({
      conclusion: 'action_required',
      title: 'nothing was planned',
    });
  });

  it.each(['plan', 'apply'] as const)('%s is not green while "no changes" counts no more', (which) => {
    const notices = [
      { kind: 'reason', reason: 'plan-stale-base', text: '`prod/app`', next: 'plumbline plan' },
    ] as const;
    const view = one('no-changes');
    expect(renderCheck(view, which)).toMatchObject({ conclusion: 'success' });
    expect(renderCheck({ ...view, notices }, which)).toMatchObject({ conclusion: 'action_required' });
  });

  it('of one dirspace alone says nothing of the others', () => {
    const view = VIEWS.dangerous?.view ?? one('planned');
    const [first] = view.dirspaces;
    const check = renderCheck(first === undefined ? view : viewOf(view, first), 'plan');
    expect(check.text).toContain('prod/db');
    expect(check.summary + check.text).not.toContain('prod/app');
  });

  it('fails when the configuration is broken, with an annotation at the line', () => {
    const check = renderCheck(VIEWS['broken-configuration']?.view ?? one('failed'), 'plan');
    expect(check).toMatchObject({
      conclusion: 'failure',
      annotations: [{ path: '.plumbline/config.yml', startLine: 7 }, { startLine: 12 }],
    });
  });

  it('puts a diagnostic at its line, from the root of the repository', () => {
    expect(renderCheck(VIEWS['failed-plan']?.view ?? one('failed'), 'plan').annotations).toEqual([
      expect.objectContaining({ path: 'prod/app/main.tf', startLine: 2, level: 'failure' }),
    ]);
  });

  it('keeps to what GitHub takes: three buttons with short words, fifty annotations at a time', () => {
    const check = renderCheck(one('planned'), 'plan');
    expect(check.actions.map((action) => action.identifier)).toEqual(['plan', 'apply', 'explain']);
    for (const action of check.actions) {
      expect([action.label.length <= 20, action.description.length <= 40, action.identifier.length <= 20]).toEqual([
        true,
        true,
        true,
      ]);
    }
    const annotation = { path: 'a', startLine: 1, endLine: 1, level: 'failure' as const, title: 't', message: 'm' };
    expect(annotationBatches(Array.from({ length: 120 }, () => annotation)).map((batch) => batch.length)).toEqual([
      50, 50, 20,
    ]);
    expect(annotationBatches([])).toEqual([[]]);
  });

  it('offers no apply while something runs', () => {
    expect(renderCheck(one('planning'), 'plan').actions.map((action) => action.identifier)).toEqual(['explain']);
  });
});

describe('what stands beside the comment', () => {
  it.each([
    ['no-changes', 'plumbline: no changes'],
    ['one', 'plumbline: changes'],
    ['dangerous', 'plumbline: destroys'],
    ['failed-plan', undefined],
    ['planning', undefined],
  ])('the label of %s is %s', (name, label) => {
    expect(labelOf(VIEWS[name]?.view ?? { pull: 1, headSha: '', dirspaces: [] })?.name).toBe(label);
  });

  const comment = (id: string, kind: 'plan' | 'apply', minimized = false) => ({ id, kind, minimized });
  it.each([
    ['edit', [], 'plan', ['create']],
    ['edit', [comment('a', 'plan')], 'plan', ['edit a']],
    ['edit', [comment('a', 'plan')], 'apply', ['create', 'minimize a']],
    ['edit', [comment('a', 'plan', true), comment('b', 'apply')], 'apply', ['edit b']],
    ['append', [comment('a', 'plan')], 'plan', ['create']],
    ['minimize', [comment('a', 'plan'), comment('b', 'plan', true)], 'plan', ['create', 'minimize a']],
    ['delete', [comment('a', 'plan')], 'plan', ['create', 'delete a']],
  ] as const)('%s with %j for a %s does %j', (strategy, comments, kind, steps) => {
    expect(
      commentSteps(strategy, comments, kind).map((step) => ('id' in step ? `${step.do} ${step.id}` : step.do)),
    ).toEqual(steps);
  });

  it('the marker of a drift issue holds any name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (dir) => {
        expect(driftMarker({ dir, workspace: 'default' })).toMatch(/^<!-- plumbline:drift [\w.!~*'()%]* default -->$/);
      }),
    );
  });

  it('statuses name each dirspace and are never too long', () => {
    const statuses = renderStatuses(VIEWS.hostile?.view ?? { pull: 1, headSha: '', dirspaces: [] }, 'plan');
    expect(statuses).toHaveLength(2);
    expect(statuses.every((status) => status.description.length <= 140 && status.context.length <= 255)).toBe(true);
  });
});

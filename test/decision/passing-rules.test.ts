import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import type { Decision } from '../../src/domain/decision.ts';
import { known } from '../../src/domain/known.ts';
import type { RequestedGate, Snapshot } from '../../src/domain/snapshot.ts';
import { ALICE, BOB, CAROL, comment, HEAD, planned, pullEvent, reasons, review, snapshotOf } from './build.ts';

const passed = (decision: Decision) =>
  decision.trace.filter((line) => line.says === 'pass').map(({ rule, reason }) => [rule, reason]);

const gate: RequestedGate = {
  dir: 'prod',
  workspace: 'default',
  headSha: HEAD,
  planId: 'plan-prod',
  policy: 'conftest',
  gate: { token: 'buckets', allOf: [], anyOf: [], anyOfCount: 1 },
};
const withGate = (snapshot: Snapshot): Snapshot => ({ ...snapshot, ours: { ...snapshot.ours, gates: [gate] } });

describe('a rule that passed leaves its line in the trace', () => {
  it.each<[string, Decision, readonly (readonly [string, string])[]]>([
    [
      'of a push',
      decide(snapshotOf(), pullEvent('opened')),
      [
        ['trust', 'trusted'],
        ['workflow-file', 'workflow-fit'],
      ],
    ],
    [
      'of an apply',
      decide(planned(), comment('plumbline apply')),
      [
        ['permission', 'permitted'],
        ['workflow-file', 'workflow-fit'],
        ['access', 'permitted'],
        ['locks', 'locks-free'],
        ['plans', 'plans-valid'],
        ['requirements', 'requirements-met'],
      ],
    ],
    [
      'of a superapproval',
      decide(
        planned({
          config:
            'access_control: {policies: [{tag_query: "", apply: [], superapproval: ["user:carol"], apply_with_superapproval: ["user:bob"]}]}\n',
          github: { reviews: known([review(CAROL)]) },
        }),
        comment('plumbline apply', BOB),
      ),
      [['access', 'superapproved']],
    ],
    [
      'of a waiver',
      decide(
        withGate(
          planned({
            github: {
              waivers: known(
                'waivers: [{policy: conftest, dir: prod, owner: carol, reason: soon, until: "2027-02-01"}]',
              ),
            },
          }),
        ),
        comment('plumbline apply'),
      ),
      [['gates', 'gate-waived']],
    ],
  ])('%s', (_name, decision, lines) => {
    expect(passed(decision)).toEqual(expect.arrayContaining([...lines]));
    expect(reasons(decision)).toEqual([]);
  });

  it('of a force, which says that the requirements were skipped and not that they were met', () => {
    const config = [
      'access_control: {policies: [{tag_query: "", apply_force: ["user:bob"]}]}',
      'apply_requirements: {checks: [{tag_query: "", approved: {enabled: true}}]}',
      '',
    ].join('\n');
    const forced = decide(withGate(planned({ config })), comment('plumbline apply-force', BOB));
    expect(forced.reason).toBe('apply-started');
    expect(passed(forced)).toContainEqual(['requirements', 'requirements-skipped']);
    expect(passed(forced)).not.toContainEqual(['requirements', 'requirements-met']);
    expect(reasons(decide(planned({ config }), comment('plumbline apply-force', ALICE)))).toContain(
      'force-not-granted',
    );
  });
});

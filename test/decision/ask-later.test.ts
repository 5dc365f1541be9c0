import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import type { Event } from '../../src/domain/event.ts';
import { MINUTE, SECOND } from '../../src/domain/instant.ts';
import { known } from '../../src/domain/known.ts';
import { BOB, comment, HEAD, id, intents, NOW, planned, REPOSITORY, run } from './build.ts';

const unknownYet = () => planned({ github: { mergeable: 'UNKNOWN' } });
const button: Event = {
  kind: 'button',
  repository: REPOSITORY,
  pull: 7,
  sha: HEAD,
  button: 'apply',
  sender: BOB,
  at: NOW - MINUTE,
};

describe('an apply while GitHub does not know whether it can merge', () => {
  it.each([comment('plumbline apply'), button])(
    'is decided again a little later, without a refusal: $kind',
    (event) => {
      const decision = decide(unknownYet(), event);
      expect(decision.reason).toBe('asked-again');
      expect(intents(decision, 'set-timer')).toMatchObject([{ event, at: expect.any(Number) }]);
      expect(intents(decision, 'set-timer')[0]?.at).toBeGreaterThan(NOW);
      expect(intents(decision, 'reply')).toEqual([]);
      expect(intents(decision, 'start-run')).toEqual([]);
      expect(intents(decide(planned(), event), 'start-run')).toHaveLength(1);
    },
  );

  it.each([comment('plumbline apply', BOB, { createdAt: NOW - 3 * MINUTE }), { ...button, at: NOW - 3 * MINUTE }])(
    'is refused when that took minutes: $kind',
    (event) => {
      const decision = decide(unknownYet(), event);
      expect(intents(decision, 'set-timer')).toEqual([]);
      expect(intents(decision, 'reply')[0]?.body).toContain('Try again in a minute');
    },
  );

  it('is not refused at the claim of its run either, which waits', () => {
    const claimed = run({
      id: id(2),
      kind: 'apply',
      state: 'claimed',
      requestedBy: { id: BOB.id, login: BOB.login },
      claimedAt: NOW - SECOND,
    });
    const given = (claimedAt: number, mergeable: 'UNKNOWN' | 'MERGEABLE') =>
      planned({ github: { mergeable }, ours: { ...planned().ours, runs: [{ ...claimed, claimedAt }] } });
    const event = { kind: 'apply-claimed', repository: REPOSITORY, pull: 7, run: claimed.id } as const;
    const waits = decide(given(NOW - SECOND, 'UNKNOWN'), event);
    expect(waits.reason).toBe('asked-again');
    expect(waits.intents.map((intent) => intent.do)).toEqual(['set-timer']);
    expect(decide(given(NOW - SECOND, 'MERGEABLE'), event).reason).toBe('manifest-released');
    expect(decide(given(NOW - 3 * MINUTE, 'UNKNOWN'), event).reason).toBe('mergeability-unknown');
  });

  it('is refused at once when something else stands against it', () => {
    const checks = known([{ name: 'tests', state: 'failure' as const, required: true, appId: 15, ours: false }]);
    const decision = decide(planned({ github: { mergeable: 'UNKNOWN', checks } }), comment('plumbline apply'));
    expect(intents(decision, 'set-timer')).toEqual([]);
    expect(intents(decision, 'reply')[0]?.body).toContain('check-failed');
  });

  it('is not put off together with other commands, which would be carried out twice', () => {
    const decision = decide(unknownYet(), comment('plumbline apply\nplumbline unlock'));
    expect(intents(decision, 'set-timer').filter(({ key }) => key.startsWith('mergeability/'))).toEqual([]);
    expect(intents(decision, 'reply')[0]?.body).toContain('mergeability-unknown');
  });
});

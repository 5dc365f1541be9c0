import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { needAfter } from '../../src/decision/run-environments.ts';
import type { Event } from '../../src/domain/event.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { GitHubFacts } from '../../src/domain/snapshot.ts';
import { comment, planned, pullEvent, snapshotOf } from './build.ts';

describe('a GitHub environment', () => {
  const config = `workflows:
  - tag_query: ''
    environment: { plan: Plans, apply: production }
`;
  const decideWith = (event: Event, environments?: GitHubFacts['environments']) =>
    decide(snapshotOf({ config, github: environments === undefined ? {} : { environments } }), event);

  it('that is missing starts nothing, and people read which and how to make it', () => {
    const decision = decideWith(pullEvent('opened'), known(['staging']));
    expect(decision.reason).toBe('environment-missing');
    expect(decision.intents.map((intent) => intent.do)).not.toContain('start-run');
    expect(decision.intents).toContainEqual(
      expect.objectContaining({
        do: 'save-change',
        notices: [{ kind: 'dispatch', problem: { what: 'environment-missing', environments: ['Plans'] } }],
      }),
    );
    const asked = decideWith(comment('plumbline plan'), known([]));
    expect(asked.intents).toContainEqual(
      expect.objectContaining({ do: 'reply', body: expect.stringContaining('environment-missing') }),
    );
  });

  it.each([
    ['exists, whatever its letters', known(['plans', 'PRODUCTION']), 'environments-exist'],
    ['could not be read', unknown('403'), 'environments-unknown'],
  ])('that %s stops nothing, and the trace says so', (_name, environments, reason) => {
    const decision = decideWith(pullEvent('opened'), environments);
    expect(decision.reason).toBe('plan-started');
    expect(decision.trace).toContainEqual(expect.objectContaining({ rule: 'environments', reason }));
  });

  const needed = (event: Event, given: Parameters<typeof snapshotOf>[0]) => {
    const snapshot = snapshotOf(given);
    return needAfter(decide(snapshot, event), snapshot);
  };

  it('is asked after when a run is about to be started in it, and for nothing else', () => {
    const asked = { environments: true };
    expect(needed(pullEvent('opened'), { config })).toEqual(asked);
    expect(needed(comment('plumbline plan'), { config })).toEqual(asked);
    expect(needed(comment('plumbline unlock'), { config })).toBeUndefined();
    expect(needed(pullEvent('opened'), {}), 'none is configured').toBeUndefined();
    expect(needed(pullEvent('opened'), { config, changed: ['README.md'] }), 'nothing is run').toBeUndefined();
    expect(needed(pullEvent('opened'), { config, github: { environments: known(['plans']) } })).toBeUndefined();
    const apply = planned({ config }, ['prod']);
    expect(needAfter(decide(apply, comment('plumbline apply')), apply)).toEqual(asked);
    const moved = { ...apply, github: apply.github && { ...apply.github, environments: known(['plans']) } };
    expect(decide(moved, comment('plumbline apply')).reason).toBe('environment-missing');
  });

  it('of forks is asked after where theirs is used', () => {
    const forks = 'forks: {plan: outside}\n';
    const event = comment('plumbline plan 1a2b3c4');
    const snapshot = (environments?: GitHubFacts['environments']) =>
      snapshotOf({
        config: forks,
        pull: { headRepositoryId: 77, headSha: `1a2b3c4${'0'.repeat(33)}` },
        github: environments === undefined ? {} : { environments },
      });
    expect(needAfter(decide(snapshot(), event), snapshot())).toEqual({ environments: true });
    expect(decide(snapshot(known(['production'])), event).reason).toBe('environment-missing');
    expect(decide(snapshot(known(['outside'])), event).reason).toBe('plan-started');
  });
});

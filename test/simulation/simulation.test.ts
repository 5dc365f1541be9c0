import { describe, expect, it } from 'vitest';
import { outcomeOf, play } from './history.ts';
import { firstCatch, MUTATIONS } from './mutations.ts';

const SEEDS = Array.from({ length: 40 }, (_, at) => at + 1);

describe('random histories', () => {
  it.each([0, 1])('keep every invariant (disorder %i)', (disorder) => {
    for (const seed of SEEDS) {
      play({ seed, steps: 40, disorder });
    }
  });

  it('come out the same when they are played again', () => {
    expect(outcomeOf(play({ seed: 7, steps: 60, disorder: 1 }))).toEqual(
      outcomeOf(play({ seed: 7, steps: 60, disorder: 1 })),
    );
  });

  it('come out the same in whatever order independent events are handled, and when deliveries are repeated', () => {
    for (const seed of SEEDS.slice(0, 25)) {
      const straight = outcomeOf(play({ seed, steps: 40, disorder: 0 }));
      expect(outcomeOf(play({ seed, steps: 40, disorder: 0, shuffle: true })), `seed ${seed}`).toEqual(straight);
    }
  });
});

describe('planted bugs', () => {
  // Those that show early; `npm run simulate` plants all of them.
  it.each(
    MUTATIONS.filter((mutation) => mutation.early === true).map((mutation) => [mutation.name, mutation] as const),
  )('%s: is caught', (_name, mutation) => {
    expect(firstCatch(mutation, 60, 60)).toBeDefined();
  });
});

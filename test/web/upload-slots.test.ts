import { expect, it } from 'vitest';
import { createSlots } from '../../src/web/upload-slots.ts';

/** Work that is asked for and ends when it is told to; `begun` has the owners in the order in which theirs began. */
function queue(count: number) {
  const slots = createSlots(count);
  const begun: number[] = [];
  const running: { readonly owner: number; readonly end: () => void }[] = [];
  return {
    begun,
    running,
    ask: (owner: number, times = 1) => {
      for (let n = 0; n < times; n += 1) {
        void slots.within(owner, () => {
          const { promise, resolve } = Promise.withResolvers<void>();
          begun.push(owner);
          running.push({ owner, end: resolve });
          return promise;
        });
      }
    },
    /** End the oldest piece of this owner, and let what follows begin. */
    end: async (owner: number) => {
      const at = running.findIndex((one) => one.owner === owner);
      running.splice(at, 1)[0]?.end();
      await new Promise(setImmediate);
    },
  };
}

it('as many run at once as there are slots, also of one owner alone', async () => {
  const { ask, begun, running, end } = queue(2);
  ask(1, 4);
  expect(begun).toEqual([1, 1]);
  await end(1);
  expect([begun.length, running.length]).toEqual([3, 2]);
  await end(1);
  await end(1);
  await end(1);
  expect([begun.length, running.length]).toEqual([4, 0]);
});

it('an owner with much to do makes another wait for one piece, and three share in turn', async () => {
  const { ask, begun, end } = queue(2);
  ask(1, 10);
  ask(2, 2);
  ask(3, 2);
  await end(1);
  expect(begun, 'the next slot is not the first owner’s').toEqual([1, 1, 2]);
  await end(1);
  expect(begun).toEqual([1, 1, 2, 3]);
  await end(2);
  expect(begun, 'who has nothing goes before who has something').toEqual([1, 1, 2, 3, 1]);
  await end(3);
  await end(2);
  expect(begun.slice(0, 6)).toEqual([1, 1, 2, 3, 1, 2]);
});

it('a slot is free again after work that failed', async () => {
  const slots = createSlots(1);
  await expect(slots.within(1, () => Promise.reject(new Error('broken off')))).rejects.toThrow('broken off');
  expect(await slots.within(2, () => Promise.resolve('done'))).toBe('done');
});

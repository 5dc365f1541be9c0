import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { type LoopOptions, startLoop } from '../../src/worker/loop.ts';

const NEVER_MS = 3_600_000;

/** A heap of work, and who is told when there is more. */
function heap() {
  const wakers = new Set<() => void>();
  const gate = { left: 0, looks: 0 };
  const waiting: { readonly when: () => boolean; readonly resolve: () => void }[] = [];
  const changed = () => {
    for (const one of waiting.splice(0)) {
      if (one.when()) {
        one.resolve();
      } else {
        waiting.push(one);
      }
    }
  };
  return {
    gate,
    changed,
    add: (count = 1) => {
      gate.left += count;
      for (const wake of wakers) {
        wake();
      }
    },
    listen: (wake: () => void) => {
      wakers.add(wake);
      return () => wakers.delete(wake);
    },
    listeners: wakers,
    until: (when: () => boolean) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ when, resolve });
      changed();
      return promise;
    },
  };
}

function loopOn(work: ReturnType<typeof heap>, change: Partial<LoopOptions> = {}) {
  return startLoop({
    name: 'test',
    log: createLog('silent'),
    lanes: 1,
    pollMs: NEVER_MS,
    listen: (wake) => work.listen(wake),
    work: async () => {
      work.gate.looks += 1;
      const found = work.gate.left > 0;
      work.gate.left -= found ? 1 : 0;
      await Promise.resolve();
      work.changed();
      return found;
    },
    ...change,
  });
}

describe('a loop', () => {
  it('does all there is, however long the poll', async () => {
    const work = heap();
    const loop = loopOn(work);
    work.add(100);
    await work.until(() => work.gate.left === 0);
    await loop.stop();
  });

  it.each([1, 2, 8])(
    'loses no wake-up that comes between a look and the sleep after it, with %d lanes',
    async (lanes) => {
      const work = heap();
      const looked = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      let done = 0;
      const loop = loopOn(work, {
        lanes,
        work: async () => {
          const found = work.gate.left > 0;
          work.gate.left -= found ? 1 : 0;
          if (!found) {
            // Every lane has looked and found nothing, and none of them sleeps yet.
            work.gate.looks += 1;
            if (work.gate.looks === lanes) {
              looked.resolve();
            }
            await release.promise;
          }
          done += found ? 1 : 0;
          work.changed();
          return found;
        },
      });
      await looked.promise;
      work.add(3);
      release.resolve();
      await work.until(() => done === 3);
      await loop.stop();
    },
  );

  it('wakes idle lanes while another is busy', async () => {
    const work = heap();
    const long = Promise.withResolvers<void>();
    let begun = 0;
    const loop = loopOn(work, {
      lanes: 2,
      work: async () => {
        if (work.gate.left === 0) {
          return false;
        }
        work.gate.left -= 1;
        begun += 1;
        work.changed();
        await long.promise;
        return true;
      },
    });
    work.add();
    await work.until(() => begun === 1);
    work.add();
    await work.until(() => begun === 2);
    long.resolve();
    await loop.stop();
  });

  it('stops only when what was in hand is finished, and takes nothing more', async () => {
    const work = heap();
    const inHand = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    let finished = 0;
    const loop = loopOn(work, {
      work: async () => {
        begun.resolve();
        await inHand.promise;
        finished += 1;
        return true;
      },
    });
    await begun.promise;
    let stopped = false;
    const stopping = loop.stop().then(() => {
      stopped = true;
    });
    work.add(5);
    await new Promise(setImmediate);
    expect([stopped, finished]).toEqual([false, 0]);
    inHand.resolve();
    await stopping;
    expect(finished).toBe(1);
    expect(work.listeners.size).toBe(0);
  });

  it('stops at once when it sleeps', async () => {
    const work = heap();
    const loop = loopOn(work, { lanes: 4 });
    await work.until(() => work.gate.looks === 4);
    await loop.stop();
    expect(work.gate.looks).toBe(4);
  });

  it('goes on after work that failed', async () => {
    const work = heap();
    let tries = 0;
    const failed = Promise.withResolvers<void>();
    const again = Promise.withResolvers<void>();
    const loop = loopOn(work, {
      work: () => {
        tries += 1;
        if (tries === 1) {
          failed.resolve();
          return Promise.reject(new Error('the database is away'));
        }
        again.resolve();
        return Promise.resolve(false);
      },
    });
    await failed.promise;
    await new Promise(setImmediate);
    work.add();
    await again.promise;
    await loop.stop();
    expect(tries).toBeGreaterThan(1);
  });
});

export interface Slots {
  /** Do the work as soon as a slot is free, in the order of asking. */
  readonly within: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Let at most `count` pieces of work run at once; the others wait their turn. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    within: async (work) => {
      if (free > 0) {
        free -= 1;
      } else {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) {
          free += 1;
        } else {
          next();
        }
      }
    },
  };
}

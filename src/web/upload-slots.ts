export interface Slots {
  /** Do the work as soon as a slot is free for this owner. */
  readonly within: <T>(owner: number, work: () => Promise<T>) => Promise<T>;
}

interface Owner {
  readonly id: number;
  /** Slots that it has now. */
  taken: number;
  /** Its work that waits, in the order of asking. */
  readonly line: (() => void)[];
  /** When it got its last slot, in slots given out. */
  servedAt: number;
}

/**
 * Let at most `count` pieces of work run at once. A free slot goes to the owner who has the fewest, among those to the one who was
 * served longest ago. So however much one owner asks for, another waits for one piece at most.
 */
export function createSlots(count: number): Slots {
  const owners = new Map<number, Owner>();
  let free = count;
  let given = 0;

  const take = (owner: Owner): void => {
    free -= 1;
    given += 1;
    owner.taken += 1;
    owner.servedAt = given;
  };
  const giveBack = (owner: Owner): void => {
    free += 1;
    owner.taken -= 1;
    if (owner.taken === 0 && owner.line.length === 0) {
      owners.delete(owner.id);
    }
    const [next] = [...owners.values()]
      .filter(({ line }) => line.length > 0)
      .sort((a, b) => a.taken - b.taken || a.servedAt - b.servedAt);
    const begin = next?.line.shift();
    if (next !== undefined && begin !== undefined) {
      take(next);
      begin();
    }
  };

  return {
    within: async (id, work) => {
      const owner = owners.get(id) ?? { id, taken: 0, line: [], servedAt: 0 };
      owners.set(id, owner);
      if (free > 0) {
        take(owner);
      } else {
        await new Promise<void>((resolve) => owner.line.push(resolve));
      }
      try {
        return await work();
      } finally {
        giveBack(owner);
      }
    },
  };
}

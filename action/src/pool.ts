/**
 * Works through all items, at most `size` at once and never two with the same `key` at once, without a barrier: whoever
 * is done takes the next item that may start. An item that only waits for the network calls `makeRoom`, and another one
 * may start; at most twice `size` are in hand. `work` must not throw.
 */
export async function forEachPooled<T>(
  items: readonly T[],
  options: { readonly size: number; readonly key: (item: T) => string },
  work: (item: T, makeRoom: () => void) => Promise<void>,
): Promise<void> {
  const size = Math.max(1, options.size);
  const waiting = [...items];
  const busy = new Map<string, Promise<void>>();
  let working = 0;
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  while (waiting.length > 0 || busy.size > 0) {
    const full = working >= size || busy.size >= 2 * size;
    const next = full ? -1 : waiting.findIndex((item) => !busy.has(options.key(item)));
    const item = next < 0 ? undefined : waiting.splice(next, 1)[0];
    if (item === undefined) {
      await changed.promise;
      continue;
    }
    const key = options.key(item);
    working += 1;
    let holds = true;
    const makeRoom = (): void => {
      working -= holds ? 1 : 0;
      holds = false;
      wake();
    };
    busy.set(
      key,
      work(item, makeRoom).finally(() => {
        busy.delete(key);
        makeRoom();
      }),
    );
  }
}

/**
 * Works through all items, at most `size` at once and never two with the same `key` at once, without a barrier: whoever
 * is done takes the next item that may start. `work` must not throw.
 */
export async function forEachPooled<T>(
  items: readonly T[],
  options: { readonly size: number; readonly key: (item: T) => string },
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const busy = new Map<string, Promise<void>>();
  while (waiting.length > 0 || busy.size > 0) {
    const next =
      busy.size >= Math.max(1, options.size) ? -1 : waiting.findIndex((item) => !busy.has(options.key(item)));
    const item = next < 0 ? undefined : waiting.splice(next, 1)[0];
    if (item === undefined) {
      await Promise.race(busy.values());
      continue;
    }
    const key = options.key(item);
    busy.set(
      key,
      work(item).finally(() => busy.delete(key)),
    );
  }
}

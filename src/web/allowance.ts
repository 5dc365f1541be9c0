/** So many times within a span, and then not until the next one begins. For what strangers may make us write. */
export function createAllowance(count: number, spanMs: number, now: () => number = Date.now): () => boolean {
  let left = count;
  let until = now() + spanMs;
  return () => {
    const at = now();
    if (at >= until) {
      left = count;
      until = at + spanMs;
    }
    left -= 1;
    return left >= 0;
  };
}

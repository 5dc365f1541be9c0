/** What a glob will cost before anybody compiles it. */
export interface GlobSize {
  /** Patterns that its braces stand for. */
  readonly alternatives: number;
  /** Groups such as `+(a|b)`. */
  readonly groups: number;
}

interface Level {
  /** Product of what stood before in the current branch. */
  product: number;
  /** Sum over the branches that are complete. */
  sum: number;
}

const RANGE = /^\{(-?\d{1,15}|[a-zA-Z])\.\.(-?\d{1,15}|[a-zA-Z])(?:\.\.-?\d{1,15})?\}/;

/**
 * Count in one pass what brace expansion would multiply out; never less than the truth. Needed because expansion itself is
 * what hurts, and because a library that stops at a limit drops alternatives silently.
 */
export function globSize(pattern: string): GlobSize {
  const levels: Level[] = [{ product: 1, sum: 0 }];
  let groups = 0;
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    const level = levels.at(-1) ?? { product: 1, sum: 0 };
    if (char === '\\') {
      at += 1;
    } else if (char === '{') {
      const range = RANGE.exec(pattern.slice(at, at + 64));
      if (range === null) {
        levels.push({ product: 1, sum: 0 });
      } else {
        level.product *= rangeSize(range[1] ?? '', range[2] ?? '');
        at += range[0].length - 1;
      }
    } else if (char === ',' && levels.length > 1) {
      level.sum += level.product;
      level.product = 1;
    } else if (char === '}' && levels.length > 1) {
      levels.pop();
      const outer = levels.at(-1);
      if (outer !== undefined) {
        outer.product *= level.sum + level.product;
      }
    } else if (char === '(' && at > 0 && '!?+*@'.includes(pattern.charAt(at - 1))) {
      groups += 1;
    }
  }
  // Braces that never close are literal, but what stands inside them still expands.
  return { alternatives: levels.reduce((all, level) => all * (level.sum + level.product), 1), groups };
}

function rangeSize(from: string, to: string): number {
  const numeric = /\d/.test(from) && /\d/.test(to);
  return numeric ? Math.abs(Number(from) - Number(to)) + 1 : Math.abs(from.charCodeAt(0) - to.charCodeAt(0)) + 1;
}

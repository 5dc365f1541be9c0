import { BLOCK_LEVELS, dirspaceBlock } from './dirspace-block.ts';
import type { Group } from './grouping.ts';

/** A group's block in each level that fits at all, from most to least. */
interface Sized {
  readonly texts: readonly string[];
}

/**
 * The blocks of all groups, together at most `budget` characters, each in as much detail as fits. All blocks get the same
 * limit, found by halving, so one large plan never takes the room of the small ones. The work is bounded by a multiple of
 * `budget`, whatever the size of the plans.
 */
export function fitBlocks(
  groups: readonly Group[],
  budget: number,
): { readonly blocks: readonly string[]; readonly left: number } {
  const largest = Math.min(budget, Math.ceil((8 * budget) / Math.max(1, groups.length)) + 2_000);
  const sized: Sized[] = groups.map((group) => ({
    texts: BLOCK_LEVELS.flatMap((level) => dirspaceBlock(group, level, largest) ?? []),
  }));
  const total = (limit: number) => sized.reduce((sum, entry) => sum + (choose(entry, limit)?.length ?? 0) + 2, 0);
  let low = 0;
  let high = largest;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (total(middle) <= budget) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const chosen = sized.map((entry) => choose(entry, low));
  const blocks: string[] = [];
  let used = 0;
  let left = 0;
  for (const block of chosen) {
    if (block === undefined || used + block.length + 2 > budget) {
      left += 1;
    } else if (block !== '') {
      blocks.push(block);
      used += block.length + 2;
    }
  }
  return { blocks, left };
}

/** The richest text that is not longer than `limit`. */
function choose(entry: Sized, limit: number): string | undefined {
  return entry.texts.find((text) => text.length <= limit);
}

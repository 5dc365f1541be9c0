import { BLOCK_LEVELS, dirspaceBlock } from './dirspace-block.ts';
import type { Group } from './grouping.ts';

export interface Fitted {
  readonly blocks: readonly string[];
  /** Groups of which nothing more than the table could be shown. */
  readonly left: readonly Group[];
}

/** Below this a fold says nothing that the table does not. */
const SMALLEST_BLOCK = 400;

/**
 * The blocks of all groups, together at most `budget` characters, each in as much detail as fits. All get the same limit,
 * found by halving, so one large plan never takes the room of the small ones; what is then left over goes to the first,
 * which are the most dangerous. The work is bounded by a multiple of `budget`, whatever the size of the plans.
 */
export function fitBlocks(groups: readonly Group[], budget: number): Fitted {
  const largest = Math.min(budget, Math.ceil((8 * budget) / Math.max(1, groups.length)) + 2_000);
  const sized = groups.map((group) => BLOCK_LEVELS.flatMap((level) => dirspaceBlock(group, level, largest) ?? []));
  const total = (limit: number) => sized.reduce((sum, texts) => sum + (choose(texts, limit)?.length ?? 0) + 2, 0);
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
  // With very many groups a fair share is nothing for anybody: then the first get what they need.
  const fair = low >= SMALLEST_BLOCK || sized.every((texts) => choose(texts, low) === texts[0]);
  let room = fair ? budget - total(low) : budget;
  const chosen = sized.map((texts) => {
    const now = fair ? choose(texts, low) : undefined;
    const held = now === undefined ? 0 : now.length + 2;
    const better = texts.find((text) => text.length + 2 <= room + held) ?? now;
    room -= better === undefined ? 0 : better.length + 2 - held;
    return better;
  });
  return {
    blocks: chosen.filter((text) => text !== undefined && text !== '').map((text) => text ?? ''),
    left: groups.filter((_, index) => chosen[index] === undefined),
  };
}

/** The richest text that is not longer than `limit`. */
function choose(texts: readonly string[], limit: number): string | undefined {
  return texts.find((text) => text.length <= limit);
}

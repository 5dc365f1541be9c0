/** Longer words are not compared: nobody mistypes that much, and the cost is the product of the lengths. */
const MAX_COMPARED = 64;

/** The known word that somebody most likely meant, if one is near enough. Cost is bounded whatever was written. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  if (word.length > MAX_COMPARED) {
    return undefined;
  }
  const plain = normal(word);
  let best: string | undefined;
  // One character may be wrong in two, two in five, and so on.
  let bestDistance = Math.floor((word.length + 1) / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(plain, normal(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function normal(word: string): string {
  return word.toLowerCase().replaceAll('-', '_');
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Unicode classes are tables of hundreds of ranges. */
const CLASS_SIZE = 16;

interface Level {
  total: number;
  /** The part that a repetition would repeat. */
  last: number;
}

/**
 * What a regular expression grows to when its counted repetitions are written out, in characters: that is what compiling
 * and matching it cost. Never less than the truth, for RE2's syntax. Linear in the pattern.
 */
export function regexSize(pattern: string): number {
  if (pattern.includes('\\Q')) {
    return pattern.length * productOfCounts(pattern);
  }
  const levels: Level[] = [];
  let level: Level = { total: 0, last: 0 };
  const atom = (size: number): void => {
    level.total += size;
    level.last = size;
  };
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === '\\') {
      at += 1;
      const isUnicode = 'pP'.includes(pattern.charAt(at));
      atom(isUnicode ? CLASS_SIZE : 1);
      at += isUnicode && pattern.charAt(at + 1) !== '{' ? 1 : 0;
    } else if (char === '[') {
      const end = classEnd(pattern, at);
      atom(1 + CLASS_SIZE * (pattern.slice(at, end).split(/\\[pP]/).length - 1));
      at = end;
    } else if (char === '(' && flagsEnd(pattern, at) !== undefined) {
      // No group: a repetition behind it repeats what stands before it.
      at = flagsEnd(pattern, at) ?? at;
    } else if (char === '(') {
      levels.push(level);
      level = { total: 1, last: 0 };
    } else if (char === ')') {
      const { total } = level;
      level = levels.pop() ?? { total: 0, last: 0 };
      atom(total);
    } else if ('*+?'.includes(char)) {
      level.total += 1;
    } else {
      const count = char === '{' ? countAt(pattern, at) : undefined;
      if (count === undefined) {
        atom(1);
      } else {
        level.total += level.last * (count - 1);
        level.last *= count;
        at = COUNT.lastIndex - 1;
      }
    }
  }
  return levels.reduce((sum, { total }) => sum + total, level.total);
}

const FLAGS = /\(\?[A-Za-z-]*\)/y;
const COUNT = /\{(\d{1,9})(?:,(\d{0,9}))?\}/y;

/** The end of flags alone, such as `(?i)`. */
function flagsEnd(pattern: string, at: number): number | undefined {
  FLAGS.lastIndex = at;
  return FLAGS.test(pattern) ? FLAGS.lastIndex - 1 : undefined;
}

/** How often a counted repetition repeats at most; undefined where none stands. */
function countAt(pattern: string, at: number): number | undefined {
  COUNT.lastIndex = at;
  const [whole, low = '', high = ''] = COUNT.exec(pattern) ?? [];
  return whole === undefined ? undefined : Math.max(1, Number(low), Number(high));
}

function productOfCounts(pattern: string): number {
  let product = 1;
  for (let at = pattern.indexOf('{'); at !== -1; at = pattern.indexOf('{', at + 1)) {
    product *= countAt(pattern, at) ?? 1;
  }
  return product;
}

/** The bracket that closes a class; the last character where none does. */
function classEnd(pattern: string, open: number): number {
  let at = open + 1;
  at += pattern.charAt(at) === '^' ? 1 : 0;
  at += pattern.charAt(at) === ']' ? 1 : 0;
  while (at < pattern.length && pattern.charAt(at) !== ']') {
    const named = pattern.startsWith('[:', at) ? pattern.indexOf(':]', at) : -1;
    at = named !== -1 ? named + 2 : at + (pattern.charAt(at) === '\\' ? 2 : 1);
  }
  return Math.min(at, pattern.length - 1);
}

import { isRecord } from './foreign-json.ts';
import { WORD_KEYS } from './wire-model.ts';

/** What stands for a masked stretch of text. Where the plan itself has a star beside it, nobody knows which is which. */
const STARS = /\*{3,}/;
/** Masks hide words of four characters and more; the stars themselves have three, should a plan hold them. */
const SHORTEST_MASKED = 3;
/** So many differences are named; a plan that differs in more is no less another one. */
const MOST = 20;

/**
 * Where the model that people read is not the one that a plan file gives: both as JSON, `rebuilt` made by `wireModel` with
 * the same cap and nothing masked. Empty: people saw what is in the file. The job that planned masked what it knew to be
 * secret, and who compares knows other secrets; so stars in a text stand for any text there. People saw the stars. Words
 * of the engine (actions, types), numbers and shapes are compared as they are.
 */
export function shownDifferences(shown: unknown, rebuilt: unknown): readonly string[] {
  const found: string[] = [];
  compare(shown, rebuilt, { key: '', place: [] }, found);
  return found;
}

interface Place {
  readonly key: string;
  /** Names on the way here; addresses where there are some, since positions tell people nothing. */
  readonly place: readonly string[];
}

function compare(shown: unknown, rebuilt: unknown, at: Place, found: string[]): void {
  if (found.length >= MOST) {
    return;
  }
  if (Array.isArray(shown) && Array.isArray(rebuilt)) {
    if (shown.length !== rebuilt.length) {
      found.push(`${nameOf(at)}: ${shown.length} shown, ${rebuilt.length} in the plan file`);
      return;
    }
    for (const [index, entry] of rebuilt.entries()) {
      compare(shown[index], entry, { key: at.key, place: [...at.place, labelOf(entry, index)] }, found);
    }
    return;
  }
  if (isRecord(shown) && isRecord(rebuilt)) {
    for (const key of new Set([...Object.keys(shown), ...Object.keys(rebuilt)])) {
      compare(own(shown, key), own(rebuilt, key), { key, place: [...at.place, key] }, found);
    }
    return;
  }
  const same =
    typeof shown === 'string' && typeof rebuilt === 'string' && !WORD_KEYS.has(at.key)
      ? couldBeMasked(shown, rebuilt)
      : shown === rebuilt;
  if (!same) {
    found.push(`${nameOf(at)}: not as shown`);
  }
}

/** An own value; one that is undefined is not there, as in JSON. */
function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Is `masked` the text `whole` with some stretches replaced by stars? Linear in both but for repeats of the same words. */
function couldBeMasked(masked: string, whole: string): boolean {
  if (masked === whole) {
    return true;
  }
  const [first = '', ...rest] = masked.split(STARS);
  const last = rest.pop();
  if (last === undefined || !whole.startsWith(first)) {
    return false;
  }
  let at = first.length;
  for (const part of rest) {
    const next = whole.indexOf(part, at + SHORTEST_MASKED);
    if (next < 0) {
      return false;
    }
    at = next + part.length;
  }
  return whole.length >= at + SHORTEST_MASKED + last.length && whole.endsWith(last);
}

function labelOf(entry: unknown, index: number): string {
  const path = isRecord(entry) && Array.isArray(entry.path) ? entry.path.join('.') : undefined;
  const named = path ?? (isRecord(entry) ? (entry.address ?? entry.name) : undefined);
  return typeof named === 'string' && named !== '' ? named.slice(0, 200) : `${index + 1}`;
}

function nameOf({ place }: Place): string {
  return place.length === 0 ? 'the plan' : place.join(' › ');
}

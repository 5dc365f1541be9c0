import type { KeyPath } from './key-path.ts';
import { KeyLocator } from './locate-key.ts';
import { type PlainValue, plainValue } from './plain-value.ts';
import { readDocument } from './yaml-document.ts';
import { emptyNode } from './yaml-node.ts';
import { isGrave, MAX_TEXT_PROBLEMS, type TextProblem } from './yaml-text.ts';

/** A place in a file, both counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface YamlProblem {
  readonly code: 'too-large' | TextProblem['code'];
  readonly place: Place;
  readonly message: string;
}

export type ReadYaml =
  | {
      readonly ok: true;
      /** What can be understood; what has a mistake of YAML in it is left out. */
      readonly value: PlainValue;
      readonly problems: readonly YamlProblem[];
      /** Lists written as `!replace [...]`. */
      readonly replacing: WeakSet<object>;
      /** The value's place, or that of its key; of the nearest thing around it when it is not there. */
      readonly locate: (path: KeyPath, at?: 'key' | 'value', offset?: number) => Place;
      readonly cost: YamlCost;
    }
  | { readonly ok: false; readonly problems: readonly YamlProblem[]; readonly cost: YamlCost };

/** What reading took, in counts that are the same on every machine. */
export interface YamlCost {
  /** Characters that were looked at. */
  readonly characters: number;
  /** Values that the file stands for. */
  readonly values: number;
}

/** What GitHub's API hands out whole. */
export const MAX_BYTES = 512_000;

/**
 * Read one YAML document (1.2 core schema, with anchors and merge keys). Never throws: too large, too deep or standing for too
 * much is refused before it costs anything. All problems at once, up to 200.
 */
export function readYaml(text: string): ReadYaml {
  const start = { line: 1, column: 1 };
  if (text.length > MAX_BYTES || new TextEncoder().encode(text).length > MAX_BYTES) {
    const message = `The file is larger than ${MAX_BYTES} bytes, the most that GitHub hands out whole.`;
    const problems = [{ code: 'too-large', place: start, message }] as const;
    return { ok: false, problems, cost: { characters: 0, values: 0 } };
  }
  const places = lineFinder(text);
  const { root, problems: found, work } = readDocument(text);
  const plain = plainValue(root ?? emptyNode(0));
  const problems = [...found, ...plain.problems];
  const cost = { characters: work, values: plain.values };
  const placed = ({ code, offset, message, earlier }: TextProblem): YamlProblem => {
    const more = earlier === undefined ? '' : ` ${earlier.words} line ${places(earlier.offset).line}.`;
    return { code, place: places(offset), message: message + more };
  };
  // The rest of such a file is not known.
  const grave = problems.find(isGrave);
  if (grave !== undefined) {
    return { ok: false, problems: [placed(grave)], cost };
  }
  const locator = new KeyLocator(root, plain.targets);
  return {
    ok: true,
    value: plain.value ?? {},
    problems: problems.slice(0, MAX_TEXT_PROBLEMS).map(placed),
    replacing: plain.replacing,
    locate: (path, at = 'value', offset) => places(locator.locate(path, at, offset)),
    cost,
  };
}

/** Offset → place. The table of line starts is made when the first place is asked for: most files have no problem. */
function lineFinder(text: string): (offset: number) => Place {
  let starts: Uint32Array | undefined;
  return (offset) => {
    starts ??= lineStarts(text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

function lineStarts(text: string): Uint32Array {
  const starts = new Uint32Array(text.length + 1);
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    starts[lines] = at + 1;
    lines += 1;
  }
  return starts.subarray(0, lines);
}

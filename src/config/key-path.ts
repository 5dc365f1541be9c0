/** Where a value stands in the file: keys and list positions from the top. */
export type KeyPath = readonly (string | number)[];

/**
 * A path as people read it: `workflows[0].plan[1].cmd`, `dirs["prod.eu"].tags`. Also the one form in which
 * paths are compared, so it must not be ambiguous.
 */
export function formatPath(path: KeyPath): string {
  return path.reduce<string>(appendPath, '');
}

/** A path that is already text, one part further. */
export function appendPath(text: string, part: string | number): string {
  if (typeof part === 'number') {
    return `${text}[${part}]`;
  }
  if (/^[\w$/*-]+$/.test(part)) {
    return text === '' ? part : `${text}.${part}`;
  }
  return `${text}[${JSON.stringify(part)}]`;
}

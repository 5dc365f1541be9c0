/** Where a value stands in the file: keys and list positions from the top. */
export type KeyPath = readonly (string | number)[];

/**
 * A path as people read it: `workflows[0].plan[1].cmd`, `dirs["prod.eu"].tags`. Also the one form in which
 * paths are compared, so it must not be ambiguous.
 */
export function formatPath(path: KeyPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') {
      text += `[${part}]`;
    } else if (/^[\w$/*-]+$/.test(part)) {
      text += text === '' ? part : `.${part}`;
    } else {
      text += `[${JSON.stringify(part)}]`;
    }
  }
  return text;
}

const SHA = /^[0-9a-f]{40}$/;
const MAX_REMEMBERED = 5000;

export function isFullSha(text: string): boolean {
  return SHA.test(text);
}

/** True if a revision, a range such as `a..b`, or `a:path` names nothing that can move. */
export function isFixed(expression: string): boolean {
  const revisions = expression.split(':')[0] ?? '';
  return revisions.split('..').every(isFullSha);
}

/**
 * What git says of full SHAs never changes, so each question is asked once: without this a look at a pull request costs
 * thirty processes, and benchmarks would measure the world instead of Plumbline. Failures are not remembered.
 */
export function createMemory<T>(
  keep: (answer: T) => boolean = () => true,
): (directory: string, key: string, fixed: boolean, ask: () => Promise<T>) => Promise<T> {
  const remembered = new Map<string, Promise<T>>();
  return (directory, key, fixed, ask) => {
    if (!fixed) {
      return ask();
    }
    const name = `${directory}\0${key}`;
    const known = remembered.get(name);
    if (known !== undefined) {
      return known;
    }
    const asked = ask();
    asked.then(
      (answer) => keep(answer) || remembered.delete(name),
      () => remembered.delete(name),
    );
    remembered.set(name, asked);
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) {
      remembered.delete(oldest);
    }
    return asked;
  };
}

/**
 * How much may be tried before a configuration counts as too large. Each pattern and query is quick by itself; a file of
 * half a megabyte can still hold ten thousand of them, to be asked of a hundred thousand files, and a pull request brings it.
 */
export class WorkBudget {
  #left: number;

  /** One unit is a comparison or two; the default is some seconds' worth. */
  constructor(units = 10_000_000) {
    this.#left = units;
  }

  /** Take units; false when there are none left, and then whatever was being done is to be given up. */
  spend(units: number): boolean {
    this.#left -= units;
    return this.#left >= 0;
  }

  get exhausted(): boolean {
    return this.#left < 0;
  }
}

/**
 * A fact that was looked up outside. Unknown is never "no" and never "yes": a rule that
 * needs an unknown fact refuses and says why it is unknown.
 */
export type Known<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string; readonly passing: boolean };

/** A fact that was read. */
export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

/** A fact that could not be read. `passing`: another try may succeed without anybody changing something. */
export function unknown(why: string, passing = false): Known<never> {
  return { known: false, why, passing };
}

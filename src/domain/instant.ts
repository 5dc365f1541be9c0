/** Milliseconds since the epoch. Pure rooms are told the time; `Date` is mutable and has no place there. */
export type Instant = number;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

import type { TimeOfDay, TimeZone } from '../domain/repo-config.ts';

/** Abbreviations in use, as hours east of UTC; ambiguous ones as Terrateam reads them (American where it is spoken of). */
const ABBREVIATIONS: Readonly<Record<string, number>> = {
  UTC: 0,
  GMT: 0,
  Z: 0,
  WET: 0,
  WEST: 1,
  CET: 1,
  CEST: 2,
  BST: 1,
  IST: 5.5,
  EET: 2,
  EEST: 3,
  MSK: 3,
  TRT: 3,
  GST: 4,
  PKT: 5,
  NPT: 5.75,
  ICT: 7,
  WIB: 7,
  SGT: 8,
  HKT: 8,
  AWST: 8,
  PHT: 8,
  JST: 9,
  KST: 9,
  ACST: 9.5,
  ACDT: 10.5,
  AEST: 10,
  AEDT: 11,
  NZST: 12,
  NZDT: 13,
  SAST: 2,
  CAT: 2,
  EAT: 3,
  WAT: 1,
  BRT: -3,
  ART: -3,
  CLT: -4,
  CLST: -3,
  NST: -3.5,
  NDT: -2.5,
  AST: -4,
  ADT: -3,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
  AKST: -9,
  AKDT: -8,
  HST: -10,
};

/**
 * `HH:MM ZONE` → time of day, or a sentence that says what is wrong. The zone is an abbreviation or an IANA name, about which
 * `isKnown` is asked: looking one up is not cheap.
 */
export function parseTimeOfDay(
  text: string,
  isKnown: (name: string) => boolean,
): TimeOfDay | { readonly problem: string } {
  const match = /^\s*(\d{1,2}):(\d{2})\s+(\S{1,64})\s*$/.exec(text);
  if (match === null) {
    return { problem: 'Must be a time and a zone such as `22:00 UTC` or `06:30 Europe/Berlin`.' };
  }
  const [, hours = '', minutes = '', name = ''] = match;
  if (Number(hours) > 23 || Number(minutes) > 59) {
    return { problem: 'The time must lie between 00:00 and 23:59.' };
  }
  const zone = timeZone(name, isKnown);
  if (zone === undefined) {
    const known = Object.keys(ABBREVIATIONS).join(', ');
    return { problem: `The time zone is not known; IANA names such as \`America/New_York\` are, and ${known}.` };
  }
  return { minutes: Number(hours) * 60 + Number(minutes), zone };
}

function timeZone(name: string, isKnown: (name: string) => boolean): TimeZone | undefined {
  const upper = name.toUpperCase();
  const hours = Object.hasOwn(ABBREVIATIONS, upper) ? ABBREVIATIONS[upper] : undefined;
  if (hours !== undefined) {
    return { kind: 'offset', minutesEastOfUtc: hours * 60, name: upper };
  }
  // A bare abbreviation such as `EST5EDT` is an IANA name too, but only areas are meant here.
  return /^[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)+$/.test(name) && isKnown(name) ? { kind: 'iana', name } : undefined;
}

/** Does the time zone database have this name? */
export function isIanaZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

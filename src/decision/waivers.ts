import { WAIVERS_PATH } from '../config/config-paths.ts';
import { readYaml } from '../config/read-yaml.ts';
import { DAY } from '../domain/instant.ts';
import type { RequestedGate } from '../domain/snapshot.ts';
import { compileGlob } from '../matching/glob.ts';
import type { PullCase } from './pull-case.ts';
import type { Part } from './work.ts';

/** A policy that is let pass for a while: whose decision it is, why, and until when (inclusive, UTC). */
export interface Waiver {
  readonly policy: string;
  readonly dir: string;
  readonly owner: string;
  readonly reason: string;
  readonly until: number;
}

export interface ReadWaivers {
  readonly waivers: readonly Waiver[];
  /** What is wrong with entries that therefore do not count. */
  readonly problems: readonly string[];
}

const MAX_WAIVER_DAYS = 90;
const NONE: ReadWaivers = { waivers: [], problems: [] };

/**
 * Read `waivers: [{policy, dir, owner, reason, until}]`. An entry without owner or reason, without a date, or one that
 * runs longer than 90 days from now does not count; neither does one for everything (`**`).
 */
export function parseWaivers(text: string, now: number): ReadWaivers {
  const yaml = readYaml(text);
  if (!yaml.ok || yaml.problems.length > 0) {
    return { waivers: [], problems: yaml.problems.map(({ place, message }) => `line ${place.line}: ${message}`) };
  }
  const list = property(yaml.value, 'waivers');
  if (list === undefined || list === null) {
    return NONE;
  }
  if (!Array.isArray(list)) {
    return { waivers: [], problems: ['`waivers` must be a list.'] };
  }
  const waivers: Waiver[] = [];
  const problems: string[] = [];
  for (const [index, entry] of list.entries()) {
    const read = readWaiver(entry, now);
    if (typeof read === 'string') {
      problems.push(`waiver ${index + 1}: ${read}`);
    } else {
      waivers.push(read);
    }
  }
  return { waivers, problems };
}

function readWaiver(entry: unknown, now: number): Waiver | string {
  const text = (name: string): string => {
    const value = property(entry, name);
    return typeof value === 'string' ? value.trim() : '';
  };
  const [policy, dir, owner, reason] = [text('policy'), text('dir'), text('owner'), text('reason')];
  const missing = Object.entries({ policy, dir, owner, reason }).filter(([, value]) => value === '');
  if (missing.length > 0) {
    return `${missing.map(([name]) => `\`${name}\``).join(', ')} is missing.`;
  }
  if (/^[*/.]+$/u.test(dir) && dir !== '.') {
    return '`dir` covers everything, which is too wide.';
  }
  const day = dayOf(text('until'));
  if (day === null) {
    return '`until` must be a date such as 2026-01-31.';
  }
  if (day > Math.floor(now / DAY) + MAX_WAIVER_DAYS) {
    return `\`until\` is more than ${MAX_WAIVER_DAYS} days away.`;
  }
  return { policy, dir, owner, reason, until: (day + 1) * DAY - 1 };
}

/** A date as the number of its day since 1970 (days from civil, http://howardhinnant.github.io/date_algorithms.html). */
function dayOf(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/u.exec(text);
  const [year, month, day] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  if (match === null || day < 1 || day > daysIn(year, month)) {
    return null;
  }
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** None in a month that is not there. */
function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

/** The waiver that lets this gate of a policy pass now, if there is one: it names the policy step or the gate. Waivers that could not be read let nothing pass. */
export function waiverFor(it: PullCase, gate: RequestedGate, part: Part): Waiver | null {
  const { waivers } = waiversOf(it, gate);
  return waivers.find((waiver) => isMeant(waiver, gate, part) && waiver.until >= it.now) ?? null;
}

/** Why none does, for those who think that there is one: it ended, it does not count, or they could not be read. */
export function whyNotWaived(it: PullCase, gate: RequestedGate, part: Part): string {
  const fact = it.github.waivers;
  if (gate.policy !== null && fact?.known === false) {
    return `Waivers could not be read: ${fact.why}.`;
  }
  const { waivers, problems } = waiversOf(it, gate);
  if (waivers.some((waiver) => isMeant(waiver, gate, part))) {
    return 'The waiver for it has ended.';
  }
  return problems.length === 0 ? '' : `Not counted in \`${WAIVERS_PATH}\`: ${problems.slice(0, 3).join(' ')}`;
}

function waiversOf({ github: { waivers: fact }, now }: PullCase, { policy }: RequestedGate): ReadWaivers {
  return policy === null || fact?.known !== true || fact.value === null ? NONE : parseWaivers(fact.value, now);
}

function isMeant(waiver: Waiver, { policy, gate }: RequestedGate, part: Part): boolean {
  return (waiver.policy === policy || waiver.policy === gate.name) && covers(waiver.dir, part.dir);
}

function covers(pattern: string, dir: string): boolean {
  if (pattern === dir) {
    return true;
  }
  const compiled = compileGlob(pattern);
  return compiled.ok && compiled.glob.matches(dir);
}

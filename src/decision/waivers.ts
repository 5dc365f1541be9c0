import { readYaml } from '../config/read-yaml.ts';
import { DAY } from '../domain/instant.ts';
import type { RequestedGate } from '../domain/snapshot.ts';
import { compileGlob } from '../matching/glob.ts';
import type { PullCase } from './pull-case.ts';
import type { Part } from './work.ts';

/** Where waivers are written, on the default branch alone. */
export const WAIVERS_PATH = '.plumbline/waivers.yml';

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
  const until = dateOf(text('until'));
  if (until === null) {
    return '`until` must be a date such as 2026-01-31.';
  }
  if (until > now + MAX_WAIVER_DAYS * DAY) {
    return `\`until\` is more than ${MAX_WAIVER_DAYS} days away.`;
  }
  return { policy, dir, owner, reason, until };
}

/** The end of a day in UTC, in milliseconds (days from civil, http://howardhinnant.github.io/date_algorithms.html). */
function dateOf(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/u.exec(text);
  const [year, month, day] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  if (match === null || month < 1 || month > 12 || day < 1 || day > 31) {
    return null;
  }
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return (era * 146_097 + dayOfEra - 719_468 + 1) * DAY - 1;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

/** The waiver that lets this gate of a policy pass now, if there is one: it names the policy step or the gate. Waivers that could not be read let nothing pass. */
export function waiverFor(it: PullCase, gate: RequestedGate, part: Part): Waiver | null {
  const fact = it.github.waivers;
  const { policy, gate: rule } = gate;
  if (policy === null || fact?.known !== true || fact.value === null) {
    return null;
  }
  const { waivers } = parseWaivers(fact.value, it.now);
  return (
    waivers.find(
      (waiver) =>
        (waiver.policy === policy || waiver.policy === rule.name) &&
        waiver.until >= it.now &&
        covers(waiver.dir, part.dir),
    ) ?? null
  );
}

function covers(pattern: string, dir: string): boolean {
  if (pattern === dir) {
    return true;
  }
  const compiled = compileGlob(pattern);
  return compiled.ok && compiled.glob.matches(dir);
}

import type { TimeOfDay } from '../domain/repo-config.ts';
import type { TagQuery } from '../domain/tag-query.ts';
import { ANYTHING } from '../domain/tag-query.ts';
import { type MatchList, type PeopleMatch, REPOSITORY_ROLES, type RepositoryRole } from '../domain/workflow-step.ts';
import { checkRegex, MAX_REGEX_LENGTH, MAX_REGEX_SIZE } from '../matching/branch-pattern.ts';
import { checkGlob, MAX_ALTERNATIVES, splitNegation } from '../matching/glob.ts';
import { globSize } from '../matching/glob-size.ts';
import { regexSize } from '../matching/regex-size.ts';
import { parseTagQuery } from '../matching/tag-query.ts';
import { MAX_FINDINGS, type Report } from './finding.ts';
import type { KeyPath } from './key-path.ts';
import { nearestWord } from './nearest-word.ts';
import { isIanaZone, parseTimeOfDay } from './time-of-day.ts';

/**
 * How much one configuration may ask for beyond reading it: what expressions and braces grow to, and time zones that are
 * looked up, in characters. What people write takes a tenth of it. It stands for some tens of milliseconds.
 */
const MAX_EFFORT = 30_000;
const REGEX_EFFORT = 20;
/** Braces multiply; each pattern that they stand for is cheap. */
const CHARS_PER_EFFORT = 16;
const ZONE_EFFORT = 500;

const MATCH_FORMS = '`*`, `user:LOGIN`, `team:SLUG`, `role:ROLE`, `codeowners`';

/**
 * Turns texts into what they mean and reports those that mean nothing. What was proven once is kept by its text:
 * a configuration of thousands of directories repeats itself.
 */
export class Prover {
  readonly report: Report;
  readonly #queries = new Map<string, ReturnType<typeof parseTagQuery>>();
  readonly #globs = new Map<string, string | undefined>();
  readonly #regexes = new Map<string, string | undefined>();
  readonly #zones = new Map<string, boolean>();
  #reported = 0;
  #effort = 0;

  constructor(report: Report) {
    this.report = (finding) => {
      this.#reported += 1;
      report(finding);
    };
  }

  /** So much is wrong that nothing more is listed; to look for the nearest word would be for nobody. */
  get #isFull(): boolean {
    return this.#reported >= MAX_FINDINGS;
  }

  /** A tag query; a broken one is reported at its character and stands for every dirspace. */
  tagQuery(text: string, path: KeyPath): TagQuery {
    let parsed = this.#queries.get(text);
    if (parsed === undefined) {
      parsed = parseTagQuery(text);
      this.#queries.set(text, parsed);
    }
    if (parsed.ok) {
      return parsed.query;
    }
    const { column, message } = parsed.error;
    this.report({
      code: 'tag-query',
      path,
      offset: column - 1,
      message: `${message} (character ${column} of the query)`,
    });
    return ANYTHING;
  }

  /** A list of people; what cannot be read is reported and left out. */
  matches(texts: readonly string[], path: KeyPath): MatchList {
    const matches: PeopleMatch[] = [];
    for (const [index, text] of texts.entries()) {
      const match = this.#match(text, [...path, index]);
      if (match !== undefined) {
        matches.push(match);
      }
    }
    return matches;
  }

  #match(text: string, path: KeyPath): PeopleMatch | undefined {
    if (text === '*') {
      return { kind: 'anyone' };
    }
    if (text === 'codeowners') {
      return { kind: 'codeowners' };
    }
    const colon = text.indexOf(':');
    const kind = text.slice(0, Math.max(colon, 0));
    const name = text.slice(colon + 1);
    if (kind === 'user' && /^[A-Za-z0-9_-]{1,60}(?:\[bot\])?$/.test(name)) {
      return { kind: 'user', login: name.toLowerCase() };
    }
    if (kind === 'team' && /^[A-Za-z0-9_.-]{1,255}$/.test(name)) {
      return { kind: 'team', slug: name.toLowerCase() };
    }
    if (kind === 'role' || kind === 'repo') {
      const role = REPOSITORY_ROLES.find((one) => one === name);
      return role === undefined ? this.#unknownRole(name, path) : { kind: 'role', role };
    }
    const message = ['user', 'team'].includes(kind)
      ? `${JSON.stringify(name.slice(0, 80))} is not the name of a ${kind} on GitHub.`
      : `${JSON.stringify(text.slice(0, 80))} does not say who is meant.`;
    this.report({ code: 'match', path, message, allowed: MATCH_FORMS });
    return undefined;
  }

  #unknownRole(name: string, path: KeyPath): undefined {
    const roles: readonly RepositoryRole[] = REPOSITORY_ROLES;
    const nearest = this.#isFull ? undefined : nearestWord(name, roles);
    this.report({
      code: 'match',
      path,
      offset: 5,
      message: `There is no role ${JSON.stringify(name.slice(0, 80))}.`,
      allowed: roles.map((role) => `\`${role}\``).join(', '),
      ...(nearest === undefined ? {} : { nearest }),
    });
    return undefined;
  }

  /** A glob, with or without a leading `!`. */
  glob(text: string, path: KeyPath, at?: 'key'): string {
    if (!this.#globs.has(text)) {
      // What is substituted later is escaped then and cannot break a glob; a plain word stands for it here.
      const glob = splitNegation(text).glob.replace(/\$\{(?:DIR|WORKSPACE)\}/g, 'x');
      const { alternatives } = globSize(glob);
      const effort = alternatives > MAX_ALTERNATIVES ? 1 : ((alternatives - 1) * glob.length) / CHARS_PER_EFFORT;
      this.#globs.set(text, this.#afford(effort, path) ? checkGlob(glob) : undefined);
    }
    const problem = this.#globs.get(text);
    if (problem !== undefined) {
      this.report({ code: 'glob', path, ...(at === undefined ? {} : { at }), message: `Not a glob: ${problem}.` });
    }
    return text;
  }

  /** A regular expression that can be matched in linear time. */
  regex(text: string, path: KeyPath, warning: Report): string {
    if (!this.#regexes.has(text)) {
      const size = text.length > MAX_REGEX_LENGTH ? Number.POSITIVE_INFINITY : regexSize(text);
      // One that is refused for its size is never compiled.
      const effort = size > MAX_REGEX_SIZE ? 1 : REGEX_EFFORT + size;
      this.#regexes.set(text, this.#afford(effort, path) ? checkRegex(text) : undefined);
    }
    const problem = this.#regexes.get(text);
    if (problem !== undefined) {
      const message = `Not a regular expression: ${problem}. Look-around and back references do not exist here.`;
      this.report({ code: 'regex', path, message });
    } else if (/%[-+.*?^$()[\]%aAdDlLsSuUwW]/.test(text)) {
      const message = 'This looks like a Lua pattern. Regular expressions escape with a backslash, not with `%`.';
      warning({ code: 'no-effect', path, message });
    }
    return text;
  }

  /** A time of day with its zone; undefined when it is none. */
  timeOfDay(text: string, path: KeyPath): TimeOfDay | undefined {
    const parsed = parseTimeOfDay(text, (name) => this.#isZone(name, path));
    if (!('problem' in parsed)) {
      return parsed;
    }
    if (this.#effort <= MAX_EFFORT) {
      this.report({ code: 'time', path, message: parsed.problem });
    }
    return undefined;
  }

  #isZone(name: string, path: KeyPath): boolean {
    let isZone = this.#zones.get(name);
    if (isZone === undefined) {
      isZone = this.#afford(ZONE_EFFORT, path) && isIanaZone(name);
      this.#zones.set(name, isZone);
    }
    return isZone;
  }

  /** Take effort; once there is none left, that is reported, and nothing more is compiled or looked up. */
  #afford(effort: number, path: KeyPath): boolean {
    const before = this.#effort;
    this.#effort += effort;
    if (before <= MAX_EFFORT && this.#effort > MAX_EFFORT) {
      const message =
        'The patterns, expressions and time zones of this configuration, up to here, are more than are checked.';
      this.report({ code: 'too-large', path, message });
    }
    return this.#effort <= MAX_EFFORT;
  }

  /** One of some names, reported with the nearest when it is not. */
  known(name: string, names: readonly string[], path: KeyPath, what: string): void {
    if (!names.includes(name)) {
      const nearest = this.#isFull ? undefined : nearestWord(name, names);
      this.report({
        code: 'name',
        path,
        message: `There is no ${what} ${JSON.stringify(name.slice(0, 80))}.`,
        allowed: names.map((one) => `\`${one}\``).join(', '),
        ...(nearest === undefined ? {} : { nearest }),
      });
    }
  }

  /** Names and values of environment variables. */
  env(variables: Readonly<Record<string, string>> | undefined, path: KeyPath): Readonly<Record<string, string>> {
    for (const [name, value] of Object.entries(variables ?? {})) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        const message = 'Not the name of an environment variable: letters, digits and `_` only.';
        this.report({ code: 'name', path: [...path, name], at: 'key', message });
      }
      this.noNul(value, [...path, name]);
    }
    return variables ?? {};
  }

  /** A command or arguments: no operating system takes a NUL in them. */
  args<List extends readonly string[]>(list: List, path: KeyPath): List {
    for (const [index, text] of list.entries()) {
      this.noNul(text, [...path, index]);
    }
    return list;
  }

  noNul(text: string, path: KeyPath): string {
    if (text.includes('\u0000')) {
      this.report({ code: 'wrong-value', path, message: 'A NUL character cannot stand here.' });
    }
    return text;
  }
}

import { normalPath } from '../matching/repo-path.ts';
import { parseTagQuery } from '../matching/tag-query.ts';
import {
  type ApplyName,
  COMMAND_NAMES,
  type Command,
  type CommandLine,
  type CommandName,
  type Trigger,
} from './command.ts';
import { parseFlags } from './command-flags.ts';
import { commandWords, wordDistance } from './command-words.ts';

/** Longer lines are not read further; the longest sensible command is some hundred characters. */
const MAX_LINE = 8_192;
const MAX_COMMANDS = 10;
const MAX_LINES = 2_000;

/** What other tools call our commands. */
const SYNONYMS: ReadonlyMap<string, CommandName> = new Map([
  ['approve_policies', 'approve'],
  ['approve-policies', 'approve'],
  ['force-apply', 'apply-force'],
]);

/** Characters without a width, which come along when a command is copied from a page or a chat. */
const UNSEEN = /[\u00ad\u200b\u200c\u2060\ufeff]|\u200d/gu;
const FENCE = /^\s{0,3}`{3,}[^`]*$/u;

/**
 * The commands in a comment: each line that begins with a trigger word, in any case, with white space, back-ticks or a
 * code fence around it. Quoted lines (`>`) and all other lines are free text. Linear in the length; never throws.
 */
export function parseCommands(body: string, triggers: ReadonlySet<Trigger>): readonly CommandLine[] {
  const found: CommandLine[] = [];
  for (const raw of body.split(/\r\n|\r|\n/u, MAX_LINES)) {
    const text = raw.slice(0, MAX_LINE).replace(UNSEEN, '');
    // The words after a fence are no text of the comment: nobody sees them.
    const line = FENCE.test(text) ? '' : bare(text);
    const space = line.search(/\s/u);
    const first = (space < 0 ? line : line.slice(0, space)).toLowerCase();
    const trigger = [...triggers].find((candidate) => candidate === first);
    if (trigger === undefined) {
      continue;
    }
    const parsed = parseLine(trigger, line, space < 0 ? '' : line.slice(space).trim());
    if (parsed !== null) {
      found.push(parsed);
    }
    if (found.length === MAX_COMMANDS) {
      break;
    }
  }
  return found;
}

/** A line without the white space and back-ticks around it. */
function bare(line: string): string {
  let start = 0;
  let end = line.length;
  while (start < end && /[\s`]/u.test(line.charAt(start))) {
    start += 1;
  }
  while (end > start && /[\s`]/u.test(line.charAt(end - 1))) {
    end -= 1;
  }
  return line.slice(start, end);
}

function parseLine(trigger: Trigger, line: string, rest: string): CommandLine | null {
  const [word = '', ...others] = rest.split(/\s+/u);
  const name = commandName(word);
  if (name === null) {
    return unknownWord(trigger, line, word, others);
  }
  const more = rest.slice(word.length).trim();
  if (name === 'help' && more !== '' && trigger !== 'plumbline') {
    return null;
  }
  const parsed = parseCommand(name, more);
  if ('problem' in parsed) {
    // An alias is also a word of the language: "terraform plan (again" may be a sentence, "terraform plan -out=x" is none.
    return trigger === 'plumbline' || more === '' || DASHED.test(more)
      ? { ok: false, trigger, line, reason: 'command-invalid', text: parsed.problem, nearest: null }
      : null;
  }
  return { ok: true, trigger, line, command: parsed };
}

/** A word that begins as arguments of a program do. */
const DASHED = /(?:^|\s)--?[A-Za-z]/u;

function commandName(word: string): CommandName | null {
  const lower = word.toLowerCase();
  if (lower === 'gate') {
    return 'approve';
  }
  return COMMAND_NAMES.find((name) => name === lower) ?? SYNONYMS.get(lower) ?? null;
}

function unknownWord(trigger: Trigger, line: string, word: string, others: readonly string[]): CommandLine | null {
  if (word === '') {
    return trigger === 'plumbline' ? { ok: true, trigger, line, command: { name: 'help' } } : null;
  }
  const lower = word.toLowerCase();
  const nearest = [...COMMAND_NAMES]
    .map((name) => ({ name, distance: wordDistance(lower.slice(0, 30), name) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const near = nearest !== undefined && nearest.distance <= (lower.length <= 4 ? 1 : 2) ? nearest.name : null;
  const sentence = others.length > 2 && !others.some((other) => /[:#-]/u.test(other));
  const soloUnknown = trigger === 'plumbline' && others.length === 0 && /^[a-z-]+$/u.test(lower);
  if (sentence || (near === null && !soloUnknown) || (trigger !== 'plumbline' && others.length > 0)) {
    return null;
  }
  return {
    ok: false,
    trigger,
    line,
    reason: 'command-unknown',
    text: `${word.slice(0, 40)} is not a command.`,
    nearest: near === null ? null : `plumbline ${near}`,
  };
}

type Parsed = Command | { readonly problem: string };

function parseCommand(name: CommandName, rest: string): Parsed {
  switch (name) {
    case 'plan':
    case 'apply':
    case 'apply-force':
    case 'apply-autoapprove':
      return parseRun(name, rest);
    case 'unlock':
      return parseUnlock(rest);
    case 'approve': {
      const words = (commandWords(rest) ?? []).filter((word) => word !== '');
      const gates = words[0]?.toLowerCase() === 'approve' ? words.slice(1) : words;
      return gates.length === 0
        ? { problem: 'Name the gates: `plumbline approve GATE`.' }
        : { name, gates: gates.slice(0, 50) };
    }
    case 'explain':
      return { name, dir: rest === '' ? null : plainDir(rest.replace(/^dir:/u, '').slice(0, 1_024)) };
    case 'cancel':
    case 'repo-config':
      return rest === '' ? { name } : { problem: `Nothing may follow \`${name}\`.` };
    case 'help':
      return { name };
  }
}

/** A directory as people write it: `prod/db/`, `./prod`. */
function plainDir(text: string): string {
  return normalPath(text) ?? text;
}

function parseRun(name: 'plan' | ApplyName, rest: string): Parsed {
  const cut = rest.search(/(?:^|\s)--(?:\s|$)/u);
  const before = cut < 0 ? rest : rest.slice(0, cut);
  const words = cut < 0 ? [] : commandWords(rest.slice(cut).replace(/^\s*--/u, ''));
  if (words === undefined) {
    return { problem: 'A quote is not closed.' };
  }
  const flags = parseFlags(words, name === 'apply' || name === 'apply-force' ? 'apply' : 'plan');
  if (!flags.ok) {
    return { problem: flags.text };
  }
  const selected = takeSha(withoutShortOptions(before.trim()));
  if (DASHED.test(selected.query)) {
    return { problem: 'Arguments for the engine stand after `--`, as in `plumbline plan -- -target=module.vpc`.' };
  }
  const query = parseTagQuery(selected.query);
  if (!query.ok) {
    return { problem: `The tag query is not valid at character ${query.error.column}: ${query.error.message}` };
  }
  return { name, query: query.query, flags: flags.flags, sha: selected.sha };
}

/** `1a2b3c4` as the first word is a commit; so that a tag may look like a number, a digit and a letter must be there. */
function takeSha(text: string): { readonly sha: string | null; readonly query: string } {
  const match = /^([0-9a-f]{7,64})(?:\s+(?:and\s+)?|$)/iu.exec(text);
  const sha = match?.[1]?.toLowerCase();
  if (match === null || sha === undefined || !/[0-9]/u.test(sha)) {
    return { sha: null, query: text };
  }
  return { sha, query: text.slice(match[0].length) };
}

/** `-d DIR` and `-w WORKSPACE`, as Atlantis writes them, as a tag query. */
function withoutShortOptions(text: string): string {
  const words = text.split(/\s+/u);
  const key = new Map([
    ['-d', 'dir'],
    ['--dir', 'dir'],
    ['-w', 'workspace'],
    ['--workspace', 'workspace'],
  ]);
  if (!words.some((word) => key.has(word))) {
    return text;
  }
  const parts: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const tag = key.get(word);
    if (tag === undefined) {
      parts.push(word);
    } else {
      index += 1;
      parts.push(`${tag}:${tag === 'dir' ? plainDir(words[index] ?? '') : (words[index] ?? '')}`);
    }
  }
  return parts.join(' ');
}

function parseUnlock(rest: string): Parsed {
  const words = rest.split(/[\s,]+/u).filter((word) => word !== '');
  const pulls: number[] = [];
  const query: string[] = [];
  let drift = false;
  for (const word of words) {
    if (/^#?[1-9][0-9]{0,8}$/u.test(word)) {
      pulls.push(Number(word.replace('#', '')));
    } else if (word.toLowerCase() === 'drift') {
      drift = true;
    } else {
      query.push(word);
    }
  }
  if (query.length > 0 && (pulls.length > 0 || drift)) {
    return { problem: 'Name either pull requests or dirspaces, not both.' };
  }
  // Bare paths are directories, as people would write them.
  const areDirs = !query.some((word) => /[:()"']|^(?:and|or|not|in)$/iu.test(word));
  const text = areDirs ? query.map((word) => `dir:${plainDir(word)}`).join(' or ') : query.join(' ');
  const parsed = parseTagQuery(text);
  if (!parsed.ok) {
    return { problem: `The tag query is not valid at character ${parsed.error.column}: ${parsed.error.message}` };
  }
  return { name: 'unlock', pulls, drift, query: query.length === 0 ? null : parsed.query };
}

import type { HiddenBecause, Scalar } from '../domain/plan-model.ts';
import { field, isRecord, listOf, parseJson } from './foreign-json.ts';
import { hiddenBecause, isEnvironmentName, isSecretName } from './secret-hints.ts';

/** A value of the plan after redaction. `json` is a string that holds a JSON object or list. */
export type ValueTree =
  | { readonly kind: 'value'; readonly value: Scalar }
  | { readonly kind: 'hidden'; readonly digest: string; readonly why: HiddenBecause }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'list'; readonly items: readonly ValueTree[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, ValueTree> }
  | { readonly kind: 'json'; readonly inner: ValueTree };

/** What the engine says beside a value: `true`, or a structure of the same shape with `true` in it. */
interface Marks {
  readonly sensitive: readonly unknown[];
  readonly unknown: unknown;
}

/** Deeper than any provider schema; a guard against JSON made to exhaust the stack. */
const MAX_DEPTH = 100;
/** Longer strings are not searched for JSON: it would cost more than it tells. */
const MAX_JSON_TEXT = 200_000;

/** Thrown inside `plans/` only, and answered there. */
export class TooDeep extends Error {
  override readonly name = 'TooDeep';
}

export interface RedactionRules {
  readonly digest: (text: string) => string;
  /** Values that are sensitive elsewhere in this plan: hidden wherever they turn up again. */
  readonly secrets: ReadonlySet<string>;
}

interface Place {
  /** Names from the resource type down, without list indices: what a digest is bound to. */
  readonly names: string;
  readonly name: string;
  readonly environment: boolean;
  readonly depth: number;
}

/**
 * Turns one side of a change into a tree from which all that must not be seen is gone. `sensitive` holds the marks of
 * both sides: what is secret on one side is hidden on the other too.
 */
export function redactedTree(
  value: unknown,
  marks: Marks,
  rules: RedactionRules,
  /** `root` is what digests are bound to, a resource type; `name` what the value itself is called, if it has a name. */
  at: { readonly root: string; readonly name: string },
): ValueTree | undefined {
  return build(value, marks, rules, { names: at.root, name: at.name, environment: false, depth: 0 });
}

function build(value: unknown, marks: Marks, rules: RedactionRules, place: Place): ValueTree | undefined {
  if (place.depth > MAX_DEPTH) {
    throw new TooDeep(`a value is nested more than ${MAX_DEPTH} levels deep`);
  }
  if (marks.unknown === true) {
    return { kind: 'unknown' };
  }
  if (marks.sensitive.includes(true)) {
    return value === null || value === undefined ? undefined : hide(value, rules, place, 'sensitive');
  }
  if (Array.isArray(value)) {
    return list(value, marks, rules, place);
  }
  if (isRecord(value)) {
    return map(value, marks, rules, place);
  }
  if (value === null || value === undefined) {
    // What is not known yet is often absent from the value and only stands in the marks.
    return isRecord(marks.unknown) && hasTrue(marks.unknown, 0) ? map({}, marks, rules, place) : undefined;
  }
  return scalar(value, rules, place);
}

function list(values: readonly unknown[], marks: Marks, rules: RedactionRules, place: Place): ValueTree {
  const unknown = listOf(marks.unknown);
  const sensitive = marks.sensitive.map(listOf);
  const length = Math.max(values.length, unknown.length);
  const items: ValueTree[] = [];
  for (let index = 0; index < length; index += 1) {
    const item = build(
      values[index],
      { unknown: unknown[index], sensitive: sensitive.map((side) => side[index]) },
      rules,
      { ...place, depth: place.depth + 1 },
    );
    items.push(item ?? { kind: 'value', value: null });
  }
  return { kind: 'list', items };
}

function map(values: Readonly<Record<string, unknown>>, marks: Marks, rules: RedactionRules, place: Place): ValueTree {
  const entries = new Map<string, ValueTree>();
  const unknownKeys = isRecord(marks.unknown) ? Object.keys(marks.unknown) : [];
  const keys = new Set([...Object.keys(values), ...unknownKeys]);
  // An entry of an environment list or of a generic name/value pair carries its name beside its value.
  const named = values.name ?? values.key ?? values.Name ?? values.Key;
  const pair = typeof named === 'string' && Object.hasOwn(values, 'value') ? named : undefined;
  for (const key of [...keys].toSorted()) {
    const pairValue = pair !== undefined && key === 'value';
    const inside: Place = {
      names: `${place.names}.${key}`,
      name: pairValue ? pair : key,
      environment: pairValue ? place.environment : (place.environment && pair === undefined) || isEnvironmentName(key),
      depth: place.depth + 1,
    };
    const entry = build(
      field(values, key),
      { unknown: field(marks.unknown, key), sensitive: marks.sensitive.map((side) => field(side, key)) },
      rules,
      pair !== undefined && !pairValue ? { ...inside, environment: false } : inside,
    );
    if (entry !== undefined) {
      entries.set(key, entry);
    }
  }
  return { kind: 'map', entries };
}

function scalar(value: unknown, rules: RedactionRules, place: Place): ValueTree {
  if (typeof value === 'boolean') {
    return { kind: 'value', value };
  }
  if (typeof value === 'number') {
    return rules.secrets.has(String(value)) ? hide(value, rules, place, 'sensitive') : { kind: 'value', value };
  }
  const text = typeof value === 'string' ? value : String(value);
  if (holdsSecret(text, rules.secrets)) {
    return hide(value, rules, place, 'sensitive');
  }
  const inner = place.environment && isSecretName(place.name) ? undefined : jsonInside(text, rules, place);
  if (inner !== undefined) {
    return { kind: 'json', inner };
  }
  if (place.environment && text !== '') {
    return hide(value, rules, place, 'environment');
  }
  const why = hiddenBecause(place.name, text);
  return why === undefined ? { kind: 'value', value: text } : hide(value, rules, place, why);
}

function jsonInside(text: string, rules: RedactionRules, place: Place): ValueTree | undefined {
  const first = text.trimStart()[0];
  if ((first !== '{' && first !== '[') || text.length > MAX_JSON_TEXT || isSecretName(place.name)) {
    return undefined;
  }
  const parsed = parseJson(text);
  if (parsed === undefined) {
    return undefined;
  }
  return build(parsed, { sensitive: [], unknown: undefined }, rules, { ...place, depth: place.depth + 1 });
}

function holdsSecret(text: string, secrets: ReadonlySet<string>): boolean {
  if (secrets.has(text)) {
    return true;
  }
  for (const secret of secrets) {
    if (secret.length >= 8 && text.length > secret.length && text.includes(secret)) {
      return true;
    }
  }
  return false;
}

function hide(value: unknown, rules: RedactionRules, place: Place, why: HiddenBecause): ValueTree {
  return { kind: 'hidden', digest: rules.digest(`${place.names}\u0000${stableJson(value, 0)}`), why };
}

function hasTrue(value: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH) {
    throw new TooDeep('marks are nested too deeply');
  }
  if (value === true) {
    return true;
  }
  const inside = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  return inside.some((item) => hasTrue(item, depth + 1));
}

/** JSON with sorted keys, so that equal values have equal texts. */
export function stableJson(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) {
    throw new TooDeep('a value is nested too deeply');
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => stableJson(item, depth + 1)).join(',')}]`;
  }
  if (isRecord(value)) {
    const keys = Object.keys(value).toSorted();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${stableJson(field(value, key), depth + 1)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Every string that the engine marks as sensitive, for hiding it where the mark was lost. Short ones would hide too much. */
export function collectSecrets(value: unknown, marks: unknown, into: Set<string>, depth = 0): void {
  if (into.size >= MAX_SECRETS || depth > MAX_DEPTH || value === null || value === undefined || marks === undefined) {
    return;
  }
  if (marks === true) {
    collectStrings(value, into, depth);
  } else if (Array.isArray(value)) {
    const inside = listOf(marks);
    for (const [index, item] of value.entries()) {
      collectSecrets(item, inside[index], into, depth + 1);
    }
  } else if (isRecord(value) && isRecord(marks)) {
    for (const key of Object.keys(marks)) {
      collectSecrets(field(value, key), field(marks, key), into, depth + 1);
    }
  }
}

const MAX_SECRETS = 64;
const MIN_SECRET = 6;

function collectStrings(value: unknown, into: Set<string>, depth: number): void {
  if (into.size >= MAX_SECRETS || depth > MAX_DEPTH) {
    return;
  }
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value);
    if (text.length >= MIN_SECRET) {
      into.add(text);
    }
    return;
  }
  for (const item of Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : []) {
    collectStrings(item, into, depth + 1);
  }
}

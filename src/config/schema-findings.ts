import { z } from 'zod';
import { type Finding, MAX_FINDINGS } from './finding.ts';
import type { KeyPath } from './key-path.ts';
import { nearestWord } from './nearest-word.ts';

type Issue = z.core.$ZodIssue;

/** Keys of other tools, or of the documentation of the model, that are tried often; and what to do instead. */
const HINTS: Readonly<Record<string, string>> = {
  slack: '`slack` steps do not exist; send the message with a `run` step.',
  gate: 'Here a gate is written as `on_error: [{type: gate, ...}]`.',
};

/** What the schema says about a value → findings, each with the allowed keys or values and the nearest known one. */
export function schemaFindings(schema: z.ZodType, value: unknown, issues: readonly Issue[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const fault of faultsOf(issues, [])) {
    findings.push(...findingsOf(schema, value, fault));
    if (findings.length >= MAX_FINDINGS) {
      break;
    }
  }
  return findings.slice(0, MAX_FINDINGS);
}

/** Where something does not fit, all of it: cheap, since nothing is said about it. */
export function* faultyPaths(issues: readonly Issue[]): Generator<KeyPath> {
  for (const { issue, path } of faultsOf(issues, [])) {
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys) {
        yield [...path, name];
      }
    } else {
      yield path;
    }
  }
}

/** An issue with its path from the top; of a choice between forms, the issues of the form that was meant. */
interface Fault {
  readonly issue: Issue;
  readonly path: KeyPath;
}

function* faultsOf(issues: readonly Issue[], prefix: KeyPath): Generator<Fault> {
  for (const issue of issues) {
    const path = [...prefix, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
    const meant = issue.code === 'invalid_union' ? meantForm(issue) : undefined;
    if (meant === undefined) {
      yield { issue, path };
    } else {
      yield* faultsOf(meant, path);
    }
  }
}

/** A form whose very kind differs was not meant; among the others the one with the fewest faults was. */
function meantForm({ errors }: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  return errors
    .filter((form) => !form.some((error) => error.path.length === 0 && isKind(error)))
    .map((form) => ({ form, weight: weight(form) }))
    .sort((a, b) => a.weight - b.weight)[0]?.form;
}

/** Keys with an explicit null are taken out before the schema sees them; a typo among them must be found all the same. */
export function unknownNulls(schema: z.ZodType, value: unknown, nulls: readonly KeyPath[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const path of nulls) {
    const around = path.slice(0, -1);
    const name = String(path.at(-1));
    const known = knownKeys(schema, value, around);
    if (known.length > 0 && !known.includes(name)) {
      findings.push(unknownKey(name, around, known));
    }
    if (findings.length >= MAX_FINDINGS) {
      break;
    }
  }
  return findings;
}

function findingsOf(schema: z.ZodType, value: unknown, { issue, path }: Fault): readonly Finding[] {
  const actual = valueAt(value, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MAX_FINDINGS).map((name) => unknownKey(name, path, knownKeys(schema, value, path)));
    case 'invalid_union':
      return [unionFinding(value, issue, path)];
    case 'invalid_type':
      return [actual === undefined ? missing(path) : wrongType(path, actual, issue.expected)];
    case 'invalid_value':
      return [actual === undefined ? missing(path) : wrongValue(path, actual, issue.values)];
    case 'too_small':
      return [{ code: 'wrong-value', path, message: tooSmall(issue.origin, Number(issue.minimum)) }];
    case 'too_big':
      return [{ code: 'wrong-value', path, message: `Must be at most ${Number(issue.maximum)}.` }];
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
      return [{ code: 'wrong-value', path, message: issue.message }];
  }
}

/** None of the forms fits. */
function unionFinding(value: unknown, issue: z.core.$ZodIssueInvalidUnion, path: KeyPath): Finding {
  const actual = valueAt(value, path);
  if (issue.errors.length === 0) {
    const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
    const known = options.filter((option) => typeof option === 'string');
    return actual === undefined ? { ...missing(path), allowed: list(known) } : wrongValue(path, actual, known);
  }
  const kinds = issue.errors.flatMap((errors) => errors.flatMap(kindsOf));
  const words = issue.errors.flatMap((errors) => errors.flatMap((error) => ('values' in error ? error.values : [])));
  const nearest = typeof actual === 'string' ? nearestWord(actual, words.map(String)) : undefined;
  const message = `Must be ${kinds.join(' or ')}, not ${describe(actual)}.`;
  return { code: 'wrong-type', path, message, ...(nearest === undefined ? {} : { nearest }) };
}

function isKind(error: Issue): boolean {
  return error.code === 'invalid_type' || error.code === 'invalid_value';
}

function kindsOf(error: Issue): readonly string[] {
  if (error.code === 'invalid_type') {
    return [kindName(error.expected)];
  }
  return error.code === 'invalid_value' ? error.values.map((word) => `\`${String(word)}\``) : [];
}

/** A missing key says more against a form than a wrong value does. */
function weight(errors: readonly Issue[]): number {
  return errors.reduce((sum, error) => sum + (error.code === 'unrecognized_keys' ? 3 * error.keys.length : 1), 0);
}

function unknownKey(name: string, path: KeyPath, known: readonly string[]): Finding {
  const nearest = nearestWord(name, known);
  const hint = Object.hasOwn(HINTS, name) ? ` ${HINTS[name]}` : '';
  return {
    code: 'unknown-key',
    path: [...path, name],
    at: 'key',
    message: `Unknown key \`${name}\`.${hint}`,
    allowed: list([...known].sort()),
    ...(nearest === undefined ? {} : { nearest }),
  };
}

function missing(path: KeyPath): Finding {
  return { code: 'missing-key', path, message: `The key \`${String(path.at(-1))}\` is required.` };
}

/** What YAML 1.1, and so many a file, has for true and false. */
const OLD_FLAGS: Readonly<Record<string, string>> = { yes: 'true', on: 'true', no: 'false', off: 'false' };

function wrongType(path: KeyPath, actual: unknown, expected: string): Finding {
  const flag = expected === 'boolean' && typeof actual === 'string' ? actual.toLowerCase() : '';
  const nearest = Object.hasOwn(OLD_FLAGS, flag) ? OLD_FLAGS[flag] : undefined;
  const quote = expected === 'string' && isScalar(actual) ? ` Put it in quotes: "${String(actual)}".` : '';
  const message = `Must be ${kindName(expected)}, not ${describe(actual)}.${quote}`;
  return { code: 'wrong-type', path, message, ...(nearest === undefined ? {} : { nearest }) };
}

function wrongValue(path: KeyPath, actual: unknown, values: readonly unknown[]): Finding {
  const known = values.map(String);
  const hint = typeof actual === 'string' && Object.hasOwn(HINTS, actual) ? ` ${HINTS[actual]}` : '';
  if (isScalar(actual) && known.includes(String(actual))) {
    const message = `Must be the text "${String(actual)}", not ${describe(actual)}: put it in quotes.`;
    return { code: 'wrong-type', path, message, allowed: list(known) };
  }
  const nearest = typeof actual === 'string' ? nearestWord(actual, known) : undefined;
  return {
    code: 'wrong-value',
    path,
    message: `Must be ${known.length === 1 ? '' : 'one of '}${list(known)}, not ${describe(actual)}.${hint}`,
    allowed: list(known),
    ...(nearest === undefined ? {} : { nearest }),
  };
}

function tooSmall(origin: string, minimum: number): string {
  return origin === 'array' ? `Must have at least ${minimum} element.` : `Must be at least ${minimum}.`;
}

function kindName(expected: string): string {
  switch (expected) {
    case 'string':
      return 'a text';
    case 'boolean':
      return 'true or false';
    case 'int':
      return 'a whole number';
    case 'number':
      return 'a number';
    case 'array':
      return 'a list';
    default:
      return 'a map';
  }
}

function describe(actual: unknown): string {
  if (typeof actual === 'string') {
    return actual.length > 60 ? 'this text' : JSON.stringify(actual);
  }
  if (typeof actual === 'number' || typeof actual === 'boolean') {
    return `the ${typeof actual === 'number' ? 'number' : 'value'} ${String(actual)}`;
  }
  return actual === null || actual === undefined ? 'nothing' : Array.isArray(actual) ? 'a list' : 'a map';
}

function isScalar(actual: unknown): actual is number | boolean {
  return typeof actual === 'number' || typeof actual === 'boolean';
}

function list(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let at: unknown = value;
  for (const part of path) {
    at = member(at, part);
  }
  return at;
}

function member(value: unknown, part: string | number): unknown {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const entry = Object.getOwnPropertyDescriptor(value, part);
  return entry?.value;
}

/** The keys that may stand in the map at a path, given what is written there (for forms chosen by `type` and the like). */
function knownKeys(schema: z.ZodType, value: unknown, path: KeyPath): readonly string[] {
  let schemas: readonly unknown[] = [schema];
  let at: unknown = value;
  for (const part of path) {
    schemas = schemas.flatMap((one) => forms(one, at)).flatMap((one) => inside(one, part));
    at = member(at, part);
  }
  const objects = schemas.flatMap((one) => forms(one, at)).filter((one) => one instanceof z.ZodObject);
  return [...new Set(objects.flatMap((one) => Object.keys(one.shape)))];
}

function inside(schema: unknown, part: string | number): readonly unknown[] {
  if (schema instanceof z.ZodObject) {
    return Object.hasOwn(schema.shape, part) ? [schema.shape[part]] : [];
  }
  if (schema instanceof z.ZodRecord) {
    return [schema.valueType];
  }
  return schema instanceof z.ZodArray ? [schema.element] : [];
}

/** The forms that a value may take at this place: unions are opened, and narrowed where the value names its form. */
function forms(schema: unknown, value: unknown): readonly unknown[] {
  if (schema instanceof z.ZodOptional) {
    return forms(schema.unwrap(), value);
  }
  if (!(schema instanceof z.ZodUnion)) {
    return [schema];
  }
  const all = schema.options.flatMap((option) => forms(option, value));
  const fitting = all.filter((one) => one instanceof z.ZodObject && namesItself(one, value));
  return fitting.length > 0 ? fitting : all;
}

/** Every literal of the form is what stands in the value. */
function namesItself(schema: z.ZodObject, value: unknown): boolean {
  const literals = Object.entries(schema.shape).filter(([, one]) => one instanceof z.ZodLiteral);
  return (
    literals.length > 0 &&
    literals.every(([name, one]) => one instanceof z.ZodLiteral && one.safeParse(member(value, name)).success)
  );
}

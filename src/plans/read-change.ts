import type { AttributeChange, ChangeAction, OutputChange, ResourceChange } from '../domain/plan-model.ts';
import { diffValues } from './diff-values.ts';
import { field, isRecord, listOf, textOf } from './foreign-json.ts';
import { type RedactionRules, redactedTree, type ValueTree } from './value-tree.ts';

/** Longer names than this are cut: no engine makes them, and they would crowd everything else out. */
const MAX_NAME = 1_000;

/**
 * One entry of `resource_changes` or `resource_drift`. Undefined when it is not an object with an address, which no
 * engine prints. An unknown combination of actions is read as `replace`, the most alarming one.
 */
export function resourceChange(entry: unknown, rules: RedactionRules): ResourceChange | undefined {
  const change = field(entry, 'change');
  const address = textOf(field(entry, 'address'));
  if (!isRecord(change) || address === '') {
    return undefined;
  }
  const actions = listOf(field(change, 'actions')).map(textOf);
  const action = actionOf(actions);
  const type = textOf(field(entry, 'type'));
  const sides = action === 'none' ? undefined : sidesOf(change, rules, type);
  const forced = replacePaths(field(change, 'replace_paths'));
  const reason = textOf(field(entry, 'action_reason'));
  const importId = field(change, 'importing');
  const movedFrom = textOf(field(entry, 'previous_address'));
  const module = textOf(field(entry, 'module_address'));
  const deposed = textOf(field(entry, 'deposed'));
  return {
    address: address.slice(0, MAX_NAME),
    ...(module === '' ? {} : { module: module.slice(0, MAX_NAME) }),
    mode: field(entry, 'mode') === 'data' ? 'data' : 'managed',
    type: type.slice(0, MAX_NAME),
    name: textOf(field(entry, 'name')).slice(0, MAX_NAME),
    provider: shortProvider(textOf(field(entry, 'provider_name'))),
    action,
    ...(action === 'replace' ? { order: actions[0] === 'create' ? 'create-first' : 'delete-first' } : {}),
    ...(reason === '' ? {} : { reason: reason.slice(0, 100) }),
    ...(isRecord(importId) ? { importId: textOf(field(importId, 'id')).slice(0, MAX_NAME) } : {}),
    ...(movedFrom === '' || movedFrom === address ? {} : { movedFrom: movedFrom.slice(0, MAX_NAME) }),
    ...(deposed === '' ? {} : { deposed: deposed.slice(0, 40) }),
    attributes: sides === undefined ? [] : markForced(diffValues(sides.before, sides.after), forced),
    unchanged: sides?.equal.size ?? 0,
  };
}

/** `output_changes`, without those that stay as they are. */
export function outputChanges(outputs: unknown, rules: RedactionRules): readonly OutputChange[] {
  if (!isRecord(outputs)) {
    return [];
  }
  return Object.keys(outputs)
    .toSorted()
    .flatMap((name) => {
      const change = field(outputs, name);
      const action = actionOf(listOf(field(change, 'actions')).map(textOf));
      if (!isRecord(change) || (action !== 'create' && action !== 'update' && action !== 'delete')) {
        return [];
      }
      const { before, after } = sidesOf(change, rules, `output.${name}`, name);
      return [{ name: name.slice(0, MAX_NAME), action, attributes: diffValues(before, after) }];
    });
}

function actionOf(actions: readonly string[]): ChangeAction {
  switch (actions.join(' ')) {
    case 'no-op':
      return 'none';
    case 'create':
      return 'create';
    case 'update':
      return 'update';
    case 'delete':
      return 'delete';
    case 'read':
      return 'read';
    case 'forget':
      return 'forget';
    default:
      return 'replace';
  }
}

interface Sides {
  readonly before: ValueTree | undefined;
  readonly after: ValueTree | undefined;
  readonly equal: ReadonlySet<string>;
}

function sidesOf(change: unknown, rules: RedactionRules, root: string, name = ''): Sides {
  const sensitive = [field(change, 'before_sensitive'), field(change, 'after_sensitive')];
  const equal = equalNames(change);
  const before = without(field(change, 'before'), equal);
  const after = without(field(change, 'after'), equal);
  return {
    before: redactedTree(before, { sensitive, unknown: undefined }, rules, { root, name }),
    after: redactedTree(after, { sensitive, unknown: without(field(change, 'after_unknown'), equal) }, rules, {
      root,
      name,
    }),
    equal,
  };
}

/** `registry.terraform.io/hashicorp/aws` is `hashicorp/aws` to people; other registries keep their name. */
function shortProvider(name: string): string {
  return name.replace(/^registry\.(?:terraform\.io|opentofu\.org)\//, '').slice(0, MAX_NAME);
}

function replacePaths(paths: unknown): ReadonlySet<string> {
  return new Set(
    listOf(paths).map((path) =>
      listOf(path)
        .filter((step) => typeof step === 'string')
        .join('\u0000'),
    ),
  );
}

/** Marks what forces a replacement. Indices are left out: engine and reader count list elements differently. */
function markForced(attributes: readonly AttributeChange[], forced: ReadonlySet<string>): readonly AttributeChange[] {
  if (forced.size === 0) {
    return attributes;
  }
  return attributes.map((attribute) => {
    const names: string[] = [];
    for (const step of attribute.path) {
      if (typeof step === 'string') {
        names.push(step);
        if (forced.has(names.join('\u0000'))) {
          return { ...attribute, forcesReplace: true };
        }
      }
    }
    return attribute;
  });
}

/**
 * Top-level attributes that are the same on both sides, as the engine's own text counts them. They need not be looked
 * into, and in a real update they are nearly all there is.
 */
function equalNames(change: unknown): ReadonlySet<string> {
  const before = field(change, 'before');
  const after = field(change, 'after');
  const unknown = field(change, 'after_unknown');
  if (!isRecord(before) || !isRecord(after)) {
    return new Set();
  }
  return new Set(
    Object.keys(before).filter((key) => {
      const marks = field(unknown, key);
      return (
        before[key] !== null &&
        (marks === undefined || marks === false || !JSON.stringify(marks).includes('true')) &&
        JSON.stringify(before[key]) === JSON.stringify(field(after, key))
      );
    }),
  );
}

function without(value: unknown, names: ReadonlySet<string>): unknown {
  return names.size === 0 || !isRecord(value)
    ? value
    : Object.fromEntries(Object.entries(value).filter(([key]) => !names.has(key)));
}

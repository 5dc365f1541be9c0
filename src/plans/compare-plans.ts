import type { AttributeChange, OutputChange, PlanModel, ResourceChange } from '../domain/plan-model.ts';
import { canonicalText } from './plan-digest.ts';

export interface ChangedEntry {
  readonly address: string;
  readonly how: 'new' | 'gone' | 'different';
  /** How it differs, in a few words. Plain text. */
  readonly text: string;
  readonly before?: ResourceChange;
  readonly after?: ResourceChange;
}

/** How a plan differs from an earlier one of the same dirspace. */
export interface PlanDifference {
  readonly same: boolean;
  readonly changes: readonly ChangedEntry[];
}

const WORDS: Readonly<Record<ResourceChange['action'], string>> = {
  create: 'created',
  update: 'changed',
  delete: 'destroyed',
  replace: 'replaced',
  read: 'read',
  forget: 'forgotten',
  none: 'moved or imported',
};

/** What is new, gone or different in `after`, by address; in the order of addresses. */
export function comparePlans(before: PlanModel, after: PlanModel): PlanDifference {
  if (canonicalText(before) === canonicalText(after)) {
    return { same: true, changes: [] };
  }
  const old = new Map(entriesOf(before));
  const now = new Map(entriesOf(after));
  const addresses = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  const changes = addresses.flatMap((key) => compareEntry(key, old.get(key), now.get(key)) ?? []);
  return { same: false, changes };
}

function entriesOf(model: PlanModel): readonly (readonly [string, ResourceChange])[] {
  return [
    ...model.changes
      .filter((change) => change.action !== 'read')
      .map(
        (change) =>
          [`${change.address}${change.deposed === undefined ? '' : ` deposed ${change.deposed}`}`, change] as const,
      ),
    ...model.outputs.map((output) => [`output.${output.name}`, outputAsChange(output)] as const),
  ];
}

function outputAsChange(output: OutputChange): ResourceChange {
  return {
    address: `output.${output.name}`,
    mode: 'managed',
    type: 'output',
    name: output.name,
    provider: '',
    action: output.action,
    attributes: output.attributes,
    unchanged: 0,
  };
}

function compareEntry(
  address: string,
  before: ResourceChange | undefined,
  after: ResourceChange | undefined,
): ChangedEntry | undefined {
  if (before === undefined && after !== undefined) {
    return { address, how: 'new', text: `is now ${WORDS[after.action]}`, after };
  }
  if (before !== undefined && after === undefined) {
    return { address, how: 'gone', text: `is no longer ${WORDS[before.action]}`, before };
  }
  if (before === undefined || after === undefined) {
    return undefined;
  }
  if (before.action !== after.action) {
    const text = `was to be ${WORDS[before.action]}, is now ${WORDS[after.action]}`;
    return { address, how: 'different', text, before, after };
  }
  const names = differentAttributes(before.attributes, after.attributes);
  if (names.length === 0) {
    return sameHead(before, after)
      ? undefined
      : { address, how: 'different', text: 'is done in another way', before, after };
  }
  const shown = names.slice(0, 3).join(', ');
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return { address, how: 'different', text: `differs in ${shown}${more}`, before, after };
}

function sameHead(a: ResourceChange, b: ResourceChange): boolean {
  return a.order === b.order && a.importId === b.importId && a.movedFrom === b.movedFrom;
}

/** Names of attributes whose change is another one than before. */
export function differentAttributes(
  before: readonly AttributeChange[],
  after: readonly AttributeChange[],
): readonly string[] {
  const old = new Map(before.map((change) => [JSON.stringify(change.path), change]));
  const now = new Map(after.map((change) => [JSON.stringify(change.path), change]));
  const names = new Set<string>();
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const a = old.get(key);
    const b = now.get(key);
    if (JSON.stringify(a) !== JSON.stringify(b)) {
      names.add(pathName(a ?? b));
    }
  }
  return [...names].toSorted();
}

function pathName(change: AttributeChange | undefined): string {
  return (change?.path ?? []).filter((step) => typeof step === 'string').join('.') || 'value';
}

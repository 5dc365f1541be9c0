import type { AttributeChange, Leaf, PlanModel, ResourceChange } from '../domain/plan-model.ts';

export interface PlanCaps {
  /** Bytes of the model as JSON. */
  readonly maxBytes: number;
  /** Entries in any one list. */
  readonly maxList: number;
}

const DEFAULT_CAPS: PlanCaps = { maxBytes: 1_000_000, maxList: 5_000 };

const MAX_STRING = 4_000;
const CONTEXT_LINES = 3;
const MAX_TEXT = 200_000;

/** What is left out first, when not everything fits: reads and creates tell a reviewer least. */
const LEAST_FIRST: readonly ResourceChange['action'][] = [
  'read',
  'create',
  'none',
  'forget',
  'delete',
  'update',
  'replace',
];

/**
 * Makes a model at most `maxBytes` of JSON. First long strings are shortened around what differs, then attributes go by
 * kind of change, then resources; counts and `hasChanges` stay true and `left` says what is missing. Linear in the model.
 * Digests must be made before: a capped model no longer says everything.
 */
export function capPlan(model: PlanModel, caps: Partial<PlanCaps> = {}): PlanModel {
  const { maxBytes, maxList } = { ...DEFAULT_CAPS, ...caps };
  const short = shortenStrings(model, maxList);
  const sizes = short.changes.map((change) => headBytes(change) + attributeBytes(change));
  const others = byteLength(JSON.stringify({ ...short, changes: [], drift: [] })) + 200;
  const drift = takeWithin(short.drift.slice(0, maxList), Math.floor(maxBytes / 10));
  let used = others + sum(sizes) + drift.bytes;
  if (used <= maxBytes && drift.kept.length === short.drift.length && short.changes.length <= maxList) {
    return short;
  }
  let changes = short.changes;
  let attributesLeft = 0;
  for (const action of LEAST_FIRST) {
    if (used <= maxBytes) {
      break;
    }
    changes = changes.map((change) => {
      if (change.action !== action || change.attributes.length === 0 || used <= maxBytes) {
        return change;
      }
      used -= attributeBytes(change);
      attributesLeft += change.attributes.length;
      return { ...change, attributes: [], omitted: (change.omitted ?? 0) + change.attributes.length };
    });
  }
  const kept = keepResources(changes, maxBytes - others - drift.bytes, maxList);
  const left = changes.length - kept.length;
  const whole: PlanModel = { ...short, changes: kept, drift: drift.kept };
  return left + attributesLeft === 0
    ? whole
    : { ...trimRest(whole, maxBytes), left: { resources: left, attributes: attributesLeft } };
}

/** The most dangerous resources that fit, in their old order. */
function keepResources(changes: readonly ResourceChange[], bytes: number, most: number): readonly ResourceChange[] {
  const keep = new Set<ResourceChange>();
  let used = 0;
  for (const action of LEAST_FIRST.toReversed()) {
    for (const change of changes) {
      if (change.action === action) {
        used += headBytes(change) + attributeBytes(change);
        if (used > bytes || keep.size >= most) {
          return changes.filter((entry) => keep.has(entry));
        }
        keep.add(change);
      }
    }
  }
  return changes;
}

/** Outputs, checks and the rest are small in every real plan; a hostile one loses them. */
function trimRest(model: PlanModel, maxBytes: number): PlanModel {
  const rest = byteLength(JSON.stringify({ ...model, changes: [], drift: [] }));
  return rest <= maxBytes / 2
    ? model
    : {
        ...model,
        outputs: model.outputs.slice(0, 100).map((output) => ({ ...output, attributes: [] })),
        checks: model.checks.slice(0, 100).map((check) => ({ ...check, problems: check.problems.slice(0, 2) })),
        deferred: model.deferred.slice(0, 100),
        diagnostics: model.diagnostics.slice(0, 20),
        providers: model.providers.slice(0, 100),
        provisioners: model.provisioners.slice(0, 100),
      };
}

function takeWithin(
  changes: readonly ResourceChange[],
  bytes: number,
): { readonly kept: readonly ResourceChange[]; readonly bytes: number } {
  const kept: ResourceChange[] = [];
  let used = 0;
  for (const change of changes) {
    const size = headBytes(change) + attributeBytes(change);
    if (used + size > bytes) {
      break;
    }
    kept.push(change);
    used += size;
  }
  return { kept, bytes: used };
}

function shortenStrings(model: PlanModel, maxList: number): PlanModel {
  return {
    ...model,
    changes: model.changes.map((change) => shortenChange(change, maxList)),
    drift: model.drift.map((change) => shortenChange(change, maxList)),
    outputs: model.outputs
      .slice(0, maxList)
      .map((output) => ({ ...output, attributes: output.attributes.slice(0, maxList).map(shortenAttribute) })),
    ...(model.text === undefined ? {} : { text: middleOut(model.text, MAX_TEXT) }),
  };
}

function shortenChange(change: ResourceChange, maxList: number): ResourceChange {
  const extra = Math.max(0, change.attributes.length - maxList);
  const attributes = change.attributes.slice(0, maxList).map(shortenAttribute);
  return extra === 0 ? { ...change, attributes } : { ...change, attributes, omitted: (change.omitted ?? 0) + extra };
}

function shortenAttribute(change: AttributeChange): AttributeChange {
  const before = stringOf(change.before);
  const after = stringOf(change.after);
  if ((before?.length ?? 0) <= MAX_STRING && (after?.length ?? 0) <= MAX_STRING) {
    return change;
  }
  const [a, b] =
    before !== undefined && after !== undefined ? aroundDifference(before, after) : ([before, after] as const);
  return {
    ...change,
    ...(a === undefined ? {} : { before: { kind: 'value', value: middleOut(a, MAX_STRING) } }),
    ...(b === undefined ? {} : { after: { kind: 'value', value: middleOut(b, MAX_STRING) } }),
  };
}

/** Both texts without the lines they share at both ends, but for a few. */
function aroundDifference(before: string, after: string): readonly [string, string] {
  const a = before.split('\n');
  const b = after.split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) {
    tail += 1;
  }
  const start = Math.max(0, head - CONTEXT_LINES);
  const end = Math.max(0, tail - CONTEXT_LINES);
  const cut = (lines: readonly string[]) =>
    [...(start > 0 ? ['…'] : []), ...lines.slice(start, lines.length - end), ...(end > 0 ? ['…'] : [])].join('\n');
  return [cut(a), cut(b)];
}

function middleOut(text: string, most: number): string {
  if (text.length <= most) {
    return text;
  }
  const half = Math.floor(most / 2) - 30;
  return `${text.slice(0, half)}\n… ${text.length - 2 * half} characters left out …\n${text.slice(-half)}`.toWellFormed();
}

function stringOf(leaf: Leaf | undefined): string | undefined {
  return leaf?.kind === 'value' && typeof leaf.value === 'string' ? leaf.value : undefined;
}

const headSizes = new WeakMap<ResourceChange, number>();

function headBytes(change: ResourceChange): number {
  const known = headSizes.get(change);
  const size = known ?? byteLength(JSON.stringify({ ...change, attributes: [] })) + 40;
  headSizes.set(change, size);
  return size;
}

const attributeSizes = new WeakMap<readonly AttributeChange[], number>();

function attributeBytes(change: ResourceChange): number {
  const known = attributeSizes.get(change.attributes);
  const size = known ?? byteLength(JSON.stringify(change.attributes));
  attributeSizes.set(change.attributes, size);
  return size;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Bytes of a text in UTF-8. */
function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

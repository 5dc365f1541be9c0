import type { OutputChange, PlanCounts, PlanModel, ResourceChange } from '../domain/plan-model.ts';
import { NO_COUNTS } from '../domain/plan-model.ts';
import { field, isRecord, listOf, textOf } from './foreign-json.ts';
import { outputChanges, resourceChange } from './read-change.ts';
import { checkResults, deferredChanges, providerConstraints, provisionersOf } from './read-surroundings.ts';
import { maskSecretShapes } from './secret-hints.ts';
import { collectSecrets, type RedactionRules, TooDeep } from './value-tree.ts';

export interface ReadPlanOptions {
  /** HMAC under the repository's own key, as hex or base64. The room has no cryptography of its own. */
  readonly digest: (text: string) => string;
}

/** Format versions that this reader knows by their first number. Source: Terraform's "JSON output format", format_version. */
const KNOWN_FORMAT = /^[01]\./;

/** A plan without anything in it. */
export const EMPTY_PLAN: PlanModel = {
  version: 1,
  hasChanges: false,
  counts: NO_COUNTS,
  changes: [],
  outputs: [],
  drift: [],
  checks: [],
  deferred: [],
  diagnostics: [],
  providers: [],
  provisioners: [],
  hidden: 0,
};

/**
 * Reads what `terraform show -json <plan>` (or OpenTofu's) prints. Never throws on strange JSON: what cannot be
 * understood is a model with `problem`, which nobody may apply. The model is whole; `capPlan` makes it small enough to send.
 */
export function readPlan(show: unknown, options: ReadPlanOptions): PlanModel {
  try {
    return read(show, options);
  } catch (error) {
    if (error instanceof TooDeep || error instanceof RangeError) {
      return problemModel('The plan JSON is nested too deeply to be read.');
    }
    throw error;
  }
}

/** A model that says only why there is none. It counts as having changes, so that nothing treats it as "nothing to do". */
export function problemModel(problem: string): PlanModel {
  return { ...EMPTY_PLAN, hasChanges: true, problem };
}

/** The frame for engines without JSON output: their text, masked. `hasChanges` is what the engine's exit code said. */
export function textPlan(text: string, hasChanges: boolean): PlanModel {
  return { ...EMPTY_PLAN, hasChanges, text: maskSecretShapes(text) };
}

function read(show: unknown, options: ReadPlanOptions): PlanModel {
  if (!isRecord(show)) {
    return problemModel('The plan JSON is not an object.');
  }
  const format = textOf(field(show, 'format_version'));
  if (!KNOWN_FORMAT.test(format)) {
    return problemModel(`The plan JSON has the format version "${format.slice(0, 20)}", which is not known here.`);
  }
  if (field(show, 'errored') === true) {
    return problemModel('The plan is incomplete: the engine stopped with an error while planning.');
  }
  const rules: RedactionRules = { digest: options.digest, secrets: secretsOf(show) };
  const changes = readChanges(field(show, 'resource_changes'), rules);
  const outputs = outputChanges(field(show, 'output_changes'), rules);
  const configuration = field(show, 'configuration');
  const engineVersion = textOf(field(show, 'terraform_version'));
  const deferred = deferredChanges(field(show, 'deferred_changes'));
  return {
    version: 1,
    ...(engineVersion === '' ? {} : { engineVersion: engineVersion.slice(0, 40) }),
    hasChanges: changes.some((change) => change.action !== 'read') || outputs.length > 0,
    counts: countChanges(changes),
    changes,
    outputs,
    drift: readChanges(field(show, 'resource_drift'), rules).filter((change) => change.action !== 'none'),
    checks: checkResults(field(show, 'checks')),
    deferred,
    diagnostics: [],
    providers: providerConstraints(configuration),
    provisioners: provisionersOf(configuration),
    hidden: countHidden([...changes, ...outputs]),
  };
}

function readChanges(entries: unknown, rules: RedactionRules): readonly ResourceChange[] {
  return listOf(entries)
    .flatMap((entry) => resourceChange(entry, rules) ?? [])
    .filter((change) => change.action !== 'none' || change.importId !== undefined || change.movedFrom !== undefined)
    .toSorted((a, b) => compareText(a.address, b.address) || compareText(a.deposed ?? '', b.deposed ?? ''));
}

/** Sums per kind. A replacement counts once, as `replace`; one that is also moved or imported counts there too. */
export function countChanges(changes: readonly ResourceChange[]): PlanCounts {
  const number = (test: (change: ResourceChange) => boolean) => changes.filter(test).length;
  return {
    create: number((change) => change.action === 'create'),
    update: number((change) => change.action === 'update'),
    delete: number((change) => change.action === 'delete'),
    replace: number((change) => change.action === 'replace'),
    import: number((change) => change.importId !== undefined),
    move: number((change) => change.movedFrom !== undefined),
    forget: number((change) => change.action === 'forget'),
    read: number((change) => change.action === 'read'),
  };
}

/** How many values of these changes are not shown. */
export function countHidden(changes: readonly (ResourceChange | OutputChange)[]): number {
  let hidden = 0;
  for (const change of changes) {
    for (const attribute of change.attributes) {
      hidden += attribute.before?.kind === 'hidden' || attribute.after?.kind === 'hidden' ? 1 : 0;
    }
  }
  return hidden;
}

/** Code units, so that the order is the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function secretsOf(show: unknown): ReadonlySet<string> {
  const secrets = new Set<string>();
  const variables = field(field(field(show, 'configuration'), 'root_module'), 'variables');
  for (const name of Object.keys(isRecord(variables) ? variables : {})) {
    if (field(field(variables, name), 'sensitive') === true) {
      collectSecrets(field(field(field(show, 'variables'), name), 'value'), true, secrets);
    }
  }
  const outputs = field(show, 'output_changes');
  const entries = [...listOf(field(show, 'resource_changes')), ...listOf(field(show, 'resource_drift'))].map((entry) =>
    field(entry, 'change'),
  );
  for (const change of [...entries, ...(isRecord(outputs) ? Object.values(outputs) : [])]) {
    collectSecrets(field(change, 'before'), field(change, 'before_sensitive'), secrets);
    collectSecrets(field(change, 'after'), field(change, 'after_sensitive'), secrets);
  }
  return secrets;
}

import type {
  ApplyOutcome,
  ChangeAction,
  Diagnostic,
  OutputValue,
  PlanModel,
  ResourceOutcome,
} from '../domain/plan-model.ts';
import { countOf, field, isRecord, parseJson, textOf } from './foreign-json.ts';
import { isSecretName, looksLikeSecret, maskSecretShapes } from './secret-hints.ts';

/** What one line meant, for live progress. */
export type StreamEvent =
  | { readonly kind: 'started' | 'done' | 'failed'; readonly address: string }
  | { readonly kind: 'diagnostic'; readonly diagnostic: Diagnostic }
  | { readonly kind: 'other' };

/** Reads the lines of `terraform plan -json` or `apply -json` as they come. Holds state; belongs to one run of the engine. */
export interface ApplyStream {
  /** One line without its end. Lines that are not JSON are kept as nothing: old providers print to standard output too. */
  readonly read: (line: string) => StreamEvent;
  /** What happened up to now. Resources of the plan that were never begun are `not-attempted`. */
  readonly outcome: (planned?: PlanModel) => ApplyOutcome;
  readonly diagnostics: () => readonly Diagnostic[];
}

/** Diagnostics that are kept; a provider that fails on every resource says the same thousand times. */
const MAX_DIAGNOSTICS = 200;
const MAX_DETAIL = 4_000;
const MAX_OUTPUT = 2_000;

/** Opens a reader for one run of the engine. Source: Terraform's "machine-readable UI", version 1. */
export function openApplyStream(): ApplyStream {
  const resources = new Map<string, ResourceOutcome>();
  const planned = new Map<string, ChangeAction>();
  const diagnostics: Diagnostic[] = [];
  let outputs: readonly OutputValue[] = [];

  function read(line: string): StreamEvent {
    const message = parseJson(line);
    const type = textOf(field(message, 'type'));
    switch (type) {
      case 'planned_change': {
        const change = field(message, 'change');
        planned.set(addressOf(change), actionOf(field(change, 'action')));
        return { kind: 'other' };
      }
      case 'apply_start':
      case 'apply_complete':
      case 'apply_errored':
        return record(type, field(message, 'hook'));
      case 'diagnostic': {
        const diagnostic = diagnosticOf(field(message, 'diagnostic'));
        if (diagnostics.length < MAX_DIAGNOSTICS) {
          diagnostics.push(diagnostic);
        }
        return { kind: 'diagnostic', diagnostic };
      }
      case 'outputs':
        outputs = outputsOf(field(message, 'outputs'));
        return { kind: 'other' };
      default:
        return { kind: 'other' };
    }
  }

  function record(type: 'apply_start' | 'apply_complete' | 'apply_errored', hook: unknown): StreamEvent {
    const address = addressOf(hook);
    const id = field(hook, 'id_value');
    const seconds = field(hook, 'elapsed_seconds');
    const known = resources.get(address);
    const failed = type === 'apply_errored' || known?.outcome === 'failed';
    const outcome = failed ? 'failed' : type === 'apply_start' ? 'started' : 'done';
    const action = replaceOr(known, actionOf(field(hook, 'action')), planned.get(address));
    // Taken out and put back, so that the order is that of the last thing that happened to it.
    resources.delete(address);
    resources.set(address, {
      address,
      action,
      outcome,
      ...(typeof id === 'string' && !looksLikeSecret(id) ? { id: id.slice(0, 500) } : {}),
      ...(typeof seconds === 'number' && Number.isFinite(seconds) ? { seconds } : {}),
    });
    return { kind: outcome, address };
  }

  return {
    read,
    outcome: (model) => summarise(resources, planned, model, { diagnostics: [...diagnostics], outputs }),
    diagnostics: () => [...diagnostics],
  };
}

/** A replacement arrives as a delete and a create of one address. */
function replaceOr(
  known: ResourceOutcome | undefined,
  action: ChangeAction,
  planned: ChangeAction | undefined,
): ChangeAction {
  if (planned === 'replace') {
    return 'replace';
  }
  return known !== undefined && known.action !== action ? 'replace' : action;
}

function summarise(
  resources: ReadonlyMap<string, ResourceOutcome>,
  planned: ReadonlyMap<string, ChangeAction>,
  model: PlanModel | undefined,
  rest: { readonly diagnostics: readonly Diagnostic[]; readonly outputs: readonly OutputValue[] },
): ApplyOutcome {
  const expected = new Map(planned);
  for (const change of model?.changes ?? []) {
    if (change.action !== 'none' && change.action !== 'read') {
      expected.set(change.address, change.action);
    }
  }
  const happened = [...resources.values()].map((entry) => {
    // A replacement whose second half never began is not done.
    const action = expected.get(entry.address) ?? entry.action;
    return { ...entry, action };
  });
  const skipped = [...expected]
    .filter(([address, action]) => !resources.has(address) && isAttempted(action))
    .map(([address, action]) => ({ address, action, outcome: 'not-attempted' as const }));
  const all: readonly ResourceOutcome[] = [...happened, ...skipped];
  const number = (outcome: ResourceOutcome['outcome']) => all.filter((entry) => entry.outcome === outcome).length;
  return {
    resources: all,
    diagnostics: rest.diagnostics,
    outputs: rest.outputs,
    done: number('done'),
    failed: number('failed') + number('started'),
    notAttempted: number('not-attempted'),
  };
}

/** Forgetting and moving happen in the state alone and print no lines of their own. */
function isAttempted(action: ChangeAction): boolean {
  return action === 'create' || action === 'update' || action === 'delete' || action === 'replace';
}

function addressOf(holder: unknown): string {
  return textOf(field(field(holder, 'resource'), 'addr')).slice(0, 1_000);
}

function actionOf(action: unknown): ChangeAction {
  switch (action) {
    case 'create':
    case 'update':
    case 'delete':
    case 'replace':
    case 'read':
      return action;
    case 'forget':
    case 'remove':
      return 'forget';
    default:
      return 'none';
  }
}

/** A diagnostic without its snippet: source lines and the values in them stay where the code is. */
export function diagnosticOf(raw: unknown): Diagnostic {
  const range = field(raw, 'range');
  const start = field(range, 'start');
  const file = textOf(field(range, 'filename'));
  const line = countOf(field(start, 'line'));
  const endLine = countOf(field(field(range, 'end'), 'line'));
  const column = countOf(field(start, 'column'));
  const detail = textOf(field(raw, 'detail')).trim();
  const address = textOf(field(raw, 'address'));
  return {
    severity: field(raw, 'severity') === 'warning' ? 'warning' : 'error',
    summary: maskSecretShapes(textOf(field(raw, 'summary')).slice(0, 500)) || 'The engine gave no summary',
    ...(detail === '' ? {} : { detail: maskSecretShapes(detail.slice(0, MAX_DETAIL)) }),
    ...(address === '' ? {} : { address: address.slice(0, 1_000) }),
    ...(file === '' ? {} : { file: file.slice(0, 500) }),
    ...(line === undefined || line === 0 ? {} : { line }),
    ...(endLine === undefined || endLine === 0 ? {} : { endLine }),
    ...(column === undefined || column === 0 ? {} : { column }),
  };
}

function outputsOf(outputs: unknown): readonly OutputValue[] {
  if (!isRecord(outputs)) {
    return [];
  }
  return Object.keys(outputs)
    .toSorted()
    .map((name) => {
      const output = field(outputs, name);
      const text = field(output, 'sensitive') === true ? undefined : JSON.stringify(field(output, 'value'));
      const shown = text !== undefined && !isSecretName(name) && !looksLikeSecret(text);
      return { name: name.slice(0, 200), ...(shown ? { value: text.slice(0, MAX_OUTPUT) } : {}) };
    });
}

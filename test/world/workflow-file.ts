import { parse } from 'yaml';
import { ApiError } from './api-error.ts';
import { asText } from './expression.ts';
import { isRecord, type Json, recordIn, recordsIn, textIn } from './request-body.ts';

interface WorkflowInput {
  readonly required: boolean;
  readonly type: string;
  readonly default: string | undefined;
  readonly options: readonly string[] | undefined;
}

/** What the world reads of a workflow: one job, its first step that runs something. */
export interface WorkflowFile {
  readonly name: string;
  readonly runName: string | undefined;
  /** Undefined: the workflow cannot be dispatched. */
  readonly inputs: ReadonlyMap<string, WorkflowInput> | undefined;
  readonly permissions: Readonly<Record<string, string>>;
  readonly env: Json;
  readonly jobName: string;
  readonly job: Json;
  readonly steps: readonly Json[];
}

/** Permissions of GITHUB_TOKEN where a workflow says nothing: the restricted default of new organisations. */
const DEFAULT_PERMISSIONS = { contents: 'read', packages: 'read', metadata: 'read' };

/** Read a workflow; undefined when GitHub would reject the file (the run then fails at startup). */
export function parseWorkflow(path: string, text: string): WorkflowFile | undefined {
  let document: unknown;
  try {
    document = parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(document)) {
    return undefined;
  }
  const [jobName, job] = Object.entries(recordIn(document, 'jobs') ?? {})[0] ?? [];
  if (jobName === undefined || !isRecord(job)) {
    return undefined;
  }
  return {
    name: textIn(document, 'name') ?? path,
    runName: textIn(document, 'run-name'),
    inputs: dispatchInputs(document.on),
    permissions: permissionsOf(job.permissions ?? document.permissions),
    env: recordIn(document, 'env') ?? {},
    jobName,
    job,
    steps: recordsIn(job, 'steps'),
  };
}

function dispatchInputs(on: unknown): ReadonlyMap<string, WorkflowInput> | undefined {
  const trigger = 'workflow_dispatch';
  if (on === trigger || (Array.isArray(on) && on.includes(trigger))) {
    return new Map();
  }
  if (!isRecord(on) || !(trigger in on)) {
    return undefined;
  }
  const inputs = recordIn(recordIn(on, trigger) ?? {}, 'inputs') ?? {};
  return new Map(
    Object.entries(inputs).map(([name, value]) => {
      const input = isRecord(value) ? value : {};
      const options = input.options;
      const byDefault = input.default;
      return [
        name,
        {
          required: input.required === true,
          type: textIn(input, 'type') ?? 'string',
          default: byDefault === undefined || byDefault === null ? undefined : asText(byDefault),
          options: Array.isArray(options) ? options.map(String) : undefined,
        },
      ];
    }),
  );
}

function permissionsOf(value: unknown): Readonly<Record<string, string>> {
  if (value === 'read-all' || value === 'write-all') {
    const level = value === 'read-all' ? 'read' : 'write';
    return Object.fromEntries(
      ['actions', 'checks', 'contents', 'issues', 'pull-requests', 'statuses', 'id-token'].map((name) => [name, level]),
    );
  }
  if (!isRecord(value)) {
    return value === null ? {} : DEFAULT_PERMISSIONS;
  }
  // Naming one permission turns all the unnamed ones off.
  return Object.fromEntries(Object.entries(value).map(([name, level]) => [name, String(level)]));
}

/** Check a dispatch against the file's inputs as GitHub does (422 each), and fill in the defaults. */
export function checkInputs(file: WorkflowFile, given: Json): Readonly<Record<string, string>> {
  const { inputs } = file;
  if (inputs === undefined) {
    throw new ApiError(422, "Workflow does not have 'workflow_dispatch' trigger");
  }
  const unexpected = Object.keys(given).filter((name) => !inputs.has(name));
  if (unexpected.length > 0) {
    throw new ApiError(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  }
  const result: Record<string, string> = {};
  for (const [name, input] of inputs) {
    const value = given[name] === undefined || given[name] === null ? input.default : asText(given[name]);
    if (value === undefined || value === '') {
      if (input.required) {
        throw new ApiError(422, `Required input '${name}' not provided`);
      }
      result[name] = '';
    } else if (input.options !== undefined && !input.options.includes(value)) {
      throw new ApiError(422, `Provided value '${value}' for input '${name}' not in the list of allowed values`);
    } else {
      result[name] = value;
    }
  }
  return result;
}

import type { ChangeAction, CheckResult, DeferredChange } from '../domain/plan-model.ts';
import { field, isRecord, listOf, textOf } from './foreign-json.ts';
import { maskSecretShapes } from './secret-hints.ts';

const MAX_TEXT = 2_000;

/** `checks`: conditions of resources, outputs and variables, and `check` blocks, one entry per instance with a finding. */
export function checkResults(checks: unknown): readonly CheckResult[] {
  return listOf(checks).flatMap((entry) => {
    const address = field(entry, 'address');
    const kind = textOf(field(address, 'kind')).slice(0, 40);
    const instances = listOf(field(entry, 'instances'));
    const all = instances.length === 0 ? [entry] : instances;
    return all.map((instance) => {
      const shown = textOf(field(field(instance, 'address'), 'to_display')) || textOf(field(address, 'to_display'));
      return {
        address: shown.slice(0, MAX_TEXT),
        kind,
        status: statusOf(field(instance, 'status')),
        problems: listOf(field(instance, 'problems')).map((problem) =>
          maskSecretShapes(textOf(field(problem, 'message')).slice(0, MAX_TEXT)),
        ),
      };
    });
  });
}

function statusOf(status: unknown): CheckResult['status'] {
  return status === 'pass' || status === 'fail' || status === 'error' ? status : 'unknown';
}

/** `deferred_changes`: what this plan could not decide yet and a later one will. */
export function deferredChanges(deferred: unknown): readonly DeferredChange[] {
  return listOf(deferred).flatMap((entry) => {
    const change = field(entry, 'resource_change');
    const address = textOf(field(change, 'address'));
    if (address === '') {
      return [];
    }
    const actions = listOf(field(field(change, 'change'), 'actions')).map(textOf);
    return [
      {
        address: address.slice(0, MAX_TEXT),
        reason: textOf(field(entry, 'reason')).slice(0, 100),
        action: deferredAction(actions),
      },
    ];
  });
}

function deferredAction(actions: readonly string[]): ChangeAction {
  const [first, second] = actions;
  if (second !== undefined) {
    return 'replace';
  }
  return first === 'create' || first === 'update' || first === 'delete' || first === 'read' ? first : 'none';
}

/** Version constraints as `required_providers` states them, by provider name. */
export function providerConstraints(
  configuration: unknown,
): readonly { readonly name: string; readonly constraint: string }[] {
  const providers = field(configuration, 'provider_config');
  if (!isRecord(providers)) {
    return [];
  }
  const found = new Map<string, string>();
  for (const key of Object.keys(providers)) {
    const provider = field(providers, key);
    const name = textOf(field(provider, 'full_name')) || textOf(field(provider, 'name')) || key;
    const constraint = textOf(field(provider, 'version_constraint'));
    if (constraint !== '') {
      found.set(name.slice(0, 200), constraint.slice(0, 200));
    }
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, constraint]) => ({ name, constraint }));
}

/** Addresses of resources that run provisioners, through all modules of the configuration. */
export function provisionersOf(configuration: unknown): readonly string[] {
  const found: string[] = [];
  const waiting: { readonly module: unknown; readonly prefix: string }[] = [
    { module: field(configuration, 'root_module'), prefix: '' },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const resource of listOf(field(next.module, 'resources'))) {
      for (const provisioner of listOf(field(resource, 'provisioners'))) {
        found.push(
          `${next.prefix}${textOf(field(resource, 'address'))} (${textOf(field(provisioner, 'type'))})`.slice(
            0,
            MAX_TEXT,
          ),
        );
      }
    }
    const calls = field(next.module, 'module_calls');
    for (const name of isRecord(calls) ? Object.keys(calls) : []) {
      waiting.push({ module: field(field(calls, name), 'module'), prefix: `${next.prefix}module.${name}.` });
    }
  }
  return found.toSorted();
}

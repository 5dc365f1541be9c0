import type { Engine, PlanStorage } from '../domain/repo-config.ts';
import { given } from './given.ts';
import type { KeyPath } from './key-path.ts';
import { proveCommand } from './prove-steps.ts';
import type { Prover } from './prove-values.ts';
import type { RawEngine, RawPlanStorage } from './schema-engine.ts';

/** What is used where nothing is said. */
export const DEFAULT_ENGINE: Engine = { name: 'terraform', outputs: { collect: true } };

/**
 * An engine with its defaults. What a workflow's engine leaves out comes from the global one, as far as it means the same
 * program: a version of terraform says nothing about tofu.
 */
export function proveEngine(raw: RawEngine, path: KeyPath, prover: Prover, global?: Engine): Engine {
  const inherited =
    global !== undefined && 'outputs' in global && 'collect' in (global.outputs ?? {}) ? global : undefined;
  switch (raw.name) {
    case 'pulumi':
      return { name: 'pulumi' };
    case 'fly':
      return { name: 'fly', configFile: prover.noNul(raw.config_file, [...path, 'config_file']) };
    case 'custom':
      return proveCustom(raw, path, prover);
    case 'terraform':
    case 'tofu': {
      const same = inherited?.name === raw.name ? inherited : undefined;
      return {
        name: raw.name,
        outputs: { collect: raw.outputs?.collect ?? collects(global) },
        ...given({
          version: raw.version ?? same?.version,
          overrideTfCmd: raw.override_tf_cmd ?? same?.overrideTfCmd,
        }),
      };
    }
    case 'terragrunt':
    case 'cdktf':
    case 'stategraph':
      return proveWrapper(raw, global);
  }
}

function proveWrapper(
  raw: Extract<RawEngine, { name: 'terragrunt' | 'cdktf' | 'stategraph' }>,
  global?: Engine,
): Engine {
  const same = global !== undefined && global.name === raw.name ? global : undefined;
  const wrapper = global !== undefined && 'tfCmd' in global ? global : undefined;
  const plain = global?.name === 'terraform' || global?.name === 'tofu' ? global : undefined;
  const tfCmd = raw.tf_cmd ?? wrapper?.tfCmd ?? plain?.name ?? 'terraform';
  const underneath = plain?.name === tfCmd ? plain.version : wrapper?.tfCmd === tfCmd ? wrapper.tfVersion : undefined;
  return {
    name: raw.name,
    tfCmd,
    outputs: { collect: raw.outputs?.collect ?? collects(global) },
    ...given({
      version: raw.version ?? (same !== undefined && 'version' in same ? same.version : undefined),
      tfVersion: raw.tf_version ?? underneath ?? (raw.name === 'cdktf' ? 'latest' : undefined),
      overrideTfCmd: raw.override_tf_cmd,
    }),
  };
}

function collects(global: Engine | undefined): boolean {
  return global !== undefined && 'outputs' in global && global.outputs !== undefined && 'collect' in global.outputs
    ? global.outputs.collect
    : true;
}

function proveCustom(raw: Extract<RawEngine, { name: 'custom' }>, path: KeyPath, prover: Prover): Engine {
  const command = (name: 'init' | 'plan' | 'diff' | 'apply' | 'unsafe_apply' | 'outputs') => {
    const words = raw[name];
    return words === undefined ? undefined : proveCommand(words, [...path, name], prover);
  };
  return {
    name: 'custom',
    ...given({
      init: command('init'),
      plan: command('plan'),
      diff: command('diff'),
      apply: command('apply'),
      unsafeApply: command('unsafe_apply'),
      outputs: command('outputs'),
    }),
  };
}

/** `storage.plans` with its defaults. */
export function provePlanStorage(raw: RawPlanStorage | undefined, prover: Prover): PlanStorage {
  const path = ['storage', 'plans'];
  switch (raw?.method) {
    case undefined:
    case 'terrateam':
    case 'plumbline':
      return { method: 'service' };
    case 'cmd':
      return {
        method: 'cmd',
        store: proveCommand(raw.store, [...path, 'store'], prover),
        fetch: proveCommand(raw.fetch, [...path, 'fetch'], prover),
        ...(raw.delete === undefined ? {} : { delete: proveCommand(raw.delete, [...path, 'delete'], prover) }),
      };
    case 's3':
      return {
        method: 's3',
        bucket: raw.bucket,
        region: raw.region,
        deleteUsedPlans: raw.delete_used_plans ?? true,
        storeExtraArgs: prover.args(raw.store_extra_args ?? [], [...path, 'store_extra_args']),
        fetchExtraArgs: prover.args(raw.fetch_extra_args ?? [], [...path, 'fetch_extra_args']),
        deleteExtraArgs: prover.args(raw.delete_extra_args ?? [], [...path, 'delete_extra_args']),
        ...given({
          path: raw.path,
          accessKeyId: raw.access_key_id,
          secretAccessKey: raw.secret_access_key,
        }),
      };
  }
}

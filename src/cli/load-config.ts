import { CONFIG_PATHS } from '../config/config-paths.ts';
import { type EffectiveConfig, effectiveConfig } from '../config/merge-config.ts';
import { parseConfig, type RawConfig } from '../config/parse-config.ts';
import type { ConfigProblem } from '../domain/notice.ts';
import type { Checkout } from './checkout.ts';

export interface ConfigText {
  readonly file: string;
  readonly text: string;
}

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly effective: EffectiveConfig;
      /** Absent when there is no file. */
      readonly raw: RawConfig | undefined;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** The text of the repository's configuration, if it has any. */
export async function findConfig(checkout: Checkout): Promise<ConfigText | undefined> {
  const files = new Set(checkout.files);
  for (const file of CONFIG_PATHS) {
    const text = files.has(file) ? await checkout.read(file) : undefined;
    if (text !== undefined) {
      return { file, text };
    }
  }
  return undefined;
}

/** From text to the typed configuration with every default, or everything that is wrong with it. No text: all defaults. */
export function loadConfig(source: ConfigText | undefined): LoadedConfig {
  if (source === undefined) {
    return { ok: true, effective: effectiveConfig([]), raw: undefined };
  }
  const parsed = parseConfig(source.text, { file: source.file });
  if (!parsed.ok) {
    return parsed;
  }
  const effective = effectiveConfig([{ name: source.file, config: parsed.config }]);
  return effective.problems.length > 0
    ? { ok: false, problems: effective.problems }
    : { ok: true, effective, raw: parsed.config };
}

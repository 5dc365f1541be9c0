import { type ParsedConfig, parseConfig, type RawConfig } from '../config/parse-config.ts';
import { proveConfig } from '../config/prove-config.ts';
import type { ConfigProblem } from '../domain/notice.ts';
import type { RepoConfig } from '../domain/repo-config.ts';
import type { Checkout } from './checkout.ts';

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: RepoConfig;
      readonly raw: RawConfig;
      readonly warnings: readonly ConfigProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Where a repository's configuration is looked for; the first that exists is the one. */
export const CONFIG_PATHS = [
  '.plumbline/config.yml',
  '.plumbline/config.yaml',
  '.terrateam/config.yml',
  '.terrateam/config.yaml',
] as const;

/** The text of the repository's configuration, if it has any. */
export async function findConfig(
  checkout: Checkout,
): Promise<{ readonly file: string; readonly text: string } | undefined> {
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
export function loadConfig(source: { readonly file: string; readonly text: string } | undefined): LoadedConfig {
  const file = source?.file ?? CONFIG_PATHS[0];
  const parsed: ParsedConfig = parseConfig(source?.text ?? '', { file });
  if (!parsed.ok) {
    return parsed;
  }
  const { config: raw, warnings } = parsed;
  const problems: ConfigProblem[] = [];
  const config = proveConfig(
    raw.raw,
    (finding) => problems.push(raw.problem(finding)),
    () => undefined,
  );
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config, raw, warnings };
}

/** One line for people: where, what, and what was meant perhaps. */
export function problemLine({ file, line, column, path, message, allowed, nearest }: ConfigProblem): string {
  const more = [
    ...(nearest === undefined ? [] : [`did you mean "${nearest}"?`]),
    ...(allowed === undefined ? [] : [`allowed: ${allowed}`]),
  ];
  const tail = more.length === 0 ? '' : ` (${more.join('; ')})`;
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}${tail}`;
}

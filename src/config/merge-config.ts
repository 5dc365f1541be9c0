import type { ConfigProblem } from '../domain/notice.ts';
import type { RepoConfig } from '../domain/repo-config.ts';
import { type Finding, MAX_FINDINGS } from './finding.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import { type ConfigSource, type Merged, mergedOrigins, mergedValue, mergeRaw } from './merge-raw.ts';
import { proveConfig } from './prove-config.ts';
import { RawRepoConfig } from './schema.ts';
import { schemaFindings } from './schema-findings.ts';
import { checkStackReferences } from './stack-references.ts';

export interface EffectiveConfig {
  /** Every default applied. To be used only when there are no problems. */
  readonly config: RepoConfig;
  /** What the sources say together, in the words of the file, without defaults. */
  readonly raw: RawRepoConfig;
  /** `formatPath` of a value, of a list and of each of its elements → name of the source. Absent: the default. */
  readonly provenance: ReadonlyMap<string, string>;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Merge sources in rising precedence and apply the defaults; no sources: nothing but defaults. Problems are those that
 * only show when everything is together, placed in the file of the source that the value came from.
 */
export function effectiveConfig(sources: readonly ConfigSource[]): EffectiveConfig {
  return effective(mergeRaw(sources));
}

/** The same for values that are already merged. */
export function effective(merged: Merged): EffectiveConfig {
  const problems: ConfigProblem[] = merged.conflicts.map(({ finding, source }) => source.config.problem(finding));
  let origins: ReadonlyMap<string, ConfigSource> | undefined;
  const report = (finding: Finding): void => {
    if (problems.length < MAX_FINDINGS) {
      origins ??= mergedOrigins(merged);
      problems.push(placed(finding, origins));
    }
  };
  const value = mergedValue(merged);
  const parsed = RawRepoConfig.safeParse(value);
  const raw = parsed.success ? parsed.data : {};
  if (!parsed.success && problems.length === 0) {
    for (const finding of schemaFindings(RawRepoConfig, value, parsed.error.issues)) {
      report(finding);
    }
  }
  const config = proveConfig(raw, report, () => undefined);
  checkStackReferences(raw, config.stacks, report);
  let provenance: ReadonlyMap<string, string> | undefined;
  return {
    config,
    raw,
    problems,
    /** Made when somebody asks: thousands of directories have tens of thousands of values. */
    get provenance() {
      provenance ??= new Map([...mergedOrigins(merged)].map(([path, source]) => [path, source.name]));
      return provenance;
    },
  };
}

/** Positions in a merged list are not those in the file; the list itself has a place there. */
function placed(finding: Finding, origins: ReadonlyMap<string, ConfigSource>): ConfigProblem {
  for (let length = finding.path.length; length > 0; length -= 1) {
    const path = finding.path.slice(0, length);
    const source = origins.get(formatPath(path));
    if (source !== undefined) {
      return source.config.problem({ ...finding, path: beforeList(finding.path) });
    }
  }
  const [first] = [...origins].flatMap(([text, source]) => (text.startsWith(formatPath(finding.path)) ? [source] : []));
  const { code, message } = finding;
  return first === undefined
    ? { code, file: '', line: 1, column: 1, path: formatPath(finding.path), message }
    : first.config.problem({ ...finding, path: beforeList(finding.path) });
}

function beforeList(path: KeyPath): KeyPath {
  const at = path.findIndex((part) => typeof part === 'number');
  return at === -1 ? path : path.slice(0, at);
}

import { type CentralFile, centralPaths } from '../config/config-paths.ts';
import { type ParsedConfig, parseConfig, type RawConfig } from '../config/parse-config.ts';
import { effectiveForPull } from '../config/pull-config.ts';
import type { Known } from '../domain/known.ts';
import type { ConfigProblem, Notice } from '../domain/notice.ts';
import type { RepoConfig } from '../domain/repo-config.ts';
import type { ConfigText, GitHubFacts } from '../domain/snapshot.ts';
import { reasonNotice } from './notices.ts';

/** The configuration for a pull request, and as if the pull request did not exist. */
export interface PullConfig {
  readonly head: RepoConfig;
  readonly base: RepoConfig;
  /** JSON text of what the sources say together, without defaults: what a config builder is given. */
  readonly text: () => string;
}

export type ReadConfig =
  | { readonly ok: true; readonly config: PullConfig }
  | { readonly ok: false; readonly notices: readonly Notice[] };

/**
 * Parse and merge the configuration files that were read. One that could not be read is not the same as none. `built`: what
 * the config builder printed in a run of this pull request; it may say what the head may say.
 */
export function readConfig(github: GitHubFacts, built: string | null = null): ReadConfig {
  const problems: ConfigProblem[] = [];
  const unread: string[] = [];
  const one = (fact: Known<ConfigText | null> | undefined): RawConfig | undefined => {
    if (fact?.known !== true) {
      unread.push(fact === undefined ? 'It was not asked for.' : fact.why);
      return undefined;
    }
    return fact.value === null ? undefined : taken(parseConfig(fact.value.text, { file: fact.value.path }), problems);
  };
  const head = one(github.configHead);
  const base = one(github.configDefault);
  const printed = built === null ? undefined : taken(parseConfig(built, { file: 'config_builder' }), problems);
  const central = centralFiles(github, problems, unread);
  if (unread.length > 0) {
    return { ok: false, notices: [reasonNotice('config-unreadable', unread.join(' '), 'plumbline plan')] };
  }
  if (problems.length > 0) {
    return { ok: false, notices: [{ kind: 'config', problems: distinct(problems) }] };
  }
  const merged = effectiveForPull({
    central,
    ...(base === undefined ? {} : { default: base }),
    ...(head === undefined ? {} : { head }),
    ...(printed === undefined ? {} : { built: printed }),
  });
  return merged.problems.length > 0
    ? { ok: false, notices: [{ kind: 'config', problems: merged.problems }] }
    : { ok: true, config: { head: merged.config, base: merged.underDefault, text: () => JSON.stringify(merged.raw) } };
}

function taken(parsed: ParsedConfig, problems: ConfigProblem[]): RawConfig | undefined {
  if (parsed.ok) {
    return parsed.config;
  }
  problems.push(...parsed.problems);
  return undefined;
}

type Central = { [File in CentralFile]?: RawConfig };

function centralFiles(github: GitHubFacts, problems: ConfigProblem[], unread: string[]): Central {
  const fact = github.configCentral;
  const found: Central = {};
  if (fact === undefined) {
    return found;
  }
  if (!fact.known) {
    unread.push(fact.why);
    return found;
  }
  const paths = centralPaths(github.repository.name);
  for (const name of ['globalDefaults', 'globalOverrides', 'repoDefaults', 'repoOverrides', 'forced'] as const) {
    const file = paths[name].flatMap((path) => fact.value.filter((text) => text.path === path))[0];
    const config = file === undefined ? undefined : taken(parseConfig(file.text, { file: file.path }), problems);
    if (config !== undefined) {
      found[name] = config;
    }
  }
  return found;
}

/** Head and default branch often hold the same file with the same mistake. */
function distinct(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** Where a repository's configuration is looked for; the first that exists is the one. */
export const CONFIG_PATHS = [
  '.plumbline/config.yml',
  '.plumbline/config.yaml',
  '.terrateam/config.yml',
  '.terrateam/config.yaml',
] as const;

/** Where waivers are written, on the default branch alone. */
export const WAIVERS_PATH = '.plumbline/waivers.yml';

/** Repositories of the owner that may hold central configuration; the first that exists is the one. */
export const CENTRAL_REPOSITORIES = ['.plumbline', 'terrateam'] as const;

export type CentralFile = 'globalDefaults' | 'globalOverrides' | 'repoDefaults' | 'repoOverrides' | 'forced';

/**
 * Files of the central repository that concern one repository, on the default branch of the central one. For each, the
 * first path that exists is the one. The central repository itself is configured like any other.
 */
export function centralPaths(repository: string): Readonly<Record<CentralFile, readonly string[]>> {
  const both = (path: string) => [`config/${path}.yml`, `config/${path}.yaml`];
  return {
    globalDefaults: both('defaults'),
    globalOverrides: both('overrides'),
    repoDefaults: both(`${repository}/defaults`),
    repoOverrides: both(`${repository}/overrides`),
    forced: both(`${repository}/config`),
  };
}

/** Is this one of the files that `access_control.config_update` guards? */
export function isConfigPath(path: string): boolean {
  return path === WAIVERS_PATH || CONFIG_PATHS.some((known) => known === path);
}

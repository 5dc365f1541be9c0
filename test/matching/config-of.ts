import { loadConfig } from '../../src/cli/load-config.ts';
import type { RepoConfig } from '../../src/domain/repo-config.ts';

/** A configuration as its file would say it (JSON is YAML). Throws what is wrong with it. */
export function configOf(raw: object | string = {}): RepoConfig {
  const text = typeof raw === 'string' ? raw : JSON.stringify(raw);
  const loaded = loadConfig({ file: 'config.yml', text });
  if (!loaded.ok) {
    throw new Error(loaded.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  }
  return loaded.effective.config;
}

import type { Decision, Need } from '../domain/decision.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { note } from './draft.ts';
import type { SetupRefusal } from './plan.ts';
import { isFork, type PullCase } from './pull-case.ts';
import type { Part, Work } from './work.ts';

/** The names of the GitHub environments in which runs over these dirspaces stand, each once. The code of a fork has its own. */
export function environmentsOf(
  it: PullCase,
  work: Work,
  parts: readonly Part[],
  kind: 'plan' | 'apply',
): readonly string[] {
  const { forks } = work.config;
  if (kind === 'plan' && forks.kind === 'plan' && isFork(it) && it.pull.state !== 'merged') {
    return [forks.environment];
  }
  return [...new Set(parts.flatMap((part) => part.environments[kind] ?? []))];
}

/**
 * What must be known before a decision may be carried out: whether the environments of the runs that it starts exist. Undefined:
 * nothing, or it was read. Asked after deciding, so that nothing else costs a call; then it is decided again.
 */
export function needAfter({ intents }: Decision, { github }: Snapshot): Need | undefined {
  const inEnvironment = intents.some((intent) => intent.do === 'start-run' && intent.run.environment !== null);
  return inEnvironment && github?.environments === undefined ? { environments: true } : undefined;
}

/**
 * Environments that do not exist. GitHub does not refuse them but makes them, without the secrets, reviewers and rules that
 * somebody meant. What could not be read is not taken for missing: a run proves its environment in any case.
 */
export function missingEnvironments(it: PullCase, wanted: readonly string[]): readonly SetupRefusal[] {
  const { environments } = it.github;
  if (wanted.length === 0 || environments === undefined) {
    return [];
  }
  if (!environments.known) {
    note(it.draft, 'environments', 'note', 'environments-unknown', environments.why);
    return [];
  }
  // GitHub does not tell capital letters from small ones here.
  const there = new Set(environments.value.map((name) => name.toLowerCase()));
  const missing = wanted.filter((name) => !there.has(name.toLowerCase())).sort();
  if (missing.length === 0) {
    note(it.draft, 'environments', 'pass', 'environments-exist');
    return [];
  }
  const detail = `Make ${missing.slice(0, 20).join(', ')} under Settings, Environments, or name another one in the configuration.`;
  return [{ reason: 'environment-missing', detail, lines: [], environments: missing }];
}

type Env = Readonly<Record<string, string | undefined>>;

/** Files through which a step speaks to later steps of the job; code that is planned has no business with them. */
const JOB_FILES = new Set(['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_PATH', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY']);
/** Set by us for each dirspace, whatever the job says. */
const OURS = new Set(['TF_WORKSPACE', 'TF_DATA_DIR', 'TF_PLUGIN_CACHE_DIR']);

/**
 * The environment for the engine: the job's, without what speaks to Actions (`ACTIONS_*`, `INPUT_*`, job files), and
 * without `GITHUB_TOKEN` when that is the runner's own. What the workflow maps in `env:` passes through on purpose.
 */
export function childEnv(env: Env, options: { readonly keepGithubToken: boolean }): Record<string, string> {
  const child: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isPassedOn(name.toUpperCase(), options.keepGithubToken)) {
      child[name] = value;
    }
  }
  return { ...child, TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1' };
}

function isPassedOn(name: string, keepGithubToken: boolean): boolean {
  if (name.startsWith('ACTIONS_') || name.startsWith('INPUT_') || JOB_FILES.has(name) || OURS.has(name)) {
    return false;
  }
  return name !== 'GITHUB_TOKEN' || keepGithubToken;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Files through which a step speaks to later steps of the job; code that is planned has no business with them. */
const JOB_FILES = new Set(['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_PATH', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY']);
/** Set by us for each dirspace, whatever the job says. */
const OURS = new Set(['TF_WORKSPACE', 'TF_DATA_DIR', 'TF_PLUGIN_CACHE_DIR']);

const MIB = 1024 * 1024;

/**
 * The environment for the engine: the job's, without what speaks to Actions (`ACTIONS_*`, `INPUT_*`, job files), and
 * without `GITHUB_TOKEN` when that is the runner's own. What the workflow maps in `env:` passes through on purpose.
 * `memoryBytes`: what the machine or the job's container has.
 */
export function childEnv(
  env: Env,
  options: { readonly keepGithubToken: boolean; readonly memoryBytes: number },
): Record<string, string> {
  const child: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isPassedOn(name.toUpperCase(), options.keepGithubToken)) {
      child[name] = value;
    }
  }
  return {
    ...collector(env, options.memoryBytes),
    ...child,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
  };
}

/**
 * Engines and providers are Go programs that live for a second and spend much of it in garbage collection, side by side
 * on few cores. Collecting half as often costs memory, so a process that grows to an eighth of the machine's (several run
 * at once; never below 1 GiB) collects as often as it must. A job that sets either variable decides by itself. Source: Go's
 * package runtime, GOGC and GOMEMLIMIT.
 */
function collector(env: Env, memoryBytes: number): Record<string, string> {
  if (env.GOGC !== undefined || env.GOMEMLIMIT !== undefined) {
    return {};
  }
  return { GOGC: '200', GOMEMLIMIT: `${Math.max(1024, Math.floor(memoryBytes / 8 / MIB))}MiB` };
}

function isPassedOn(name: string, keepGithubToken: boolean): boolean {
  if (name.startsWith('ACTIONS_') || name.startsWith('INPUT_') || JOB_FILES.has(name) || OURS.has(name)) {
    return false;
  }
  return name !== 'GITHUB_TOKEN' || keepGithubToken;
}

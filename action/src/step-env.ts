import type { ManifestTarget } from '../../src/protocol/messages.ts';
import type { Session } from './target-session.ts';

type Env = Readonly<Record<string, string>>;

/** Variables with power over every program: a stack variable must not be one of them. */
const POWERFUL =
  /^(LD_|DYLD_|BASH_|TF_CLI_|TF_DATA_DIR$|TF_WORKSPACE$|GITHUB_|ACTIONS_|RUNNER_|ENV$|PATH$|HOME$|NODE_OPTIONS$)/;

/** What every step of a run can read, under the names that Terrateam gave it and under ours. */
export function runVariables(session: Pick<Session, 'manifest' | 'checkout'>): Env {
  const { pull, baseRef } = session.manifest;
  return twins({
    ROOT: session.checkout,
    RUN_KIND: 'pr',
    RUN_KIND_DATA: JSON.stringify({ id: String(pull) }),
    BASE_REF: baseRef,
  });
}

/** What the steps of one dirspace can read beside that. Stack variables never hide what the job has set. */
export function targetVariables(
  env: Env,
  target: ManifestTarget,
  paths: { readonly planFile: string; readonly tempDir: string; readonly tool: string },
): Env {
  const variables = Object.entries(target.variables ?? {}).filter(
    ([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !POWERFUL.test(name) && !Object.hasOwn(env, name),
  );
  return {
    ...Object.fromEntries(variables),
    ...twins({
      DIR: target.dir,
      WORKSPACE: target.workspace,
      PLAN_FILE: paths.planFile,
      TMPDIR: paths.tempDir,
      STACK: target.stack ?? 'default',
      ENGINE_NAME: target.engine,
      TF_CMD: paths.tool,
    }),
  };
}

function twins(values: Env): Env {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => [
      [`TERRATEAM_${name}`, value],
      [`PLUMBLINE_${name}`, value],
    ]),
  );
}

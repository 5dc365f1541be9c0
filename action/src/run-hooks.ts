import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AskedGate, RunnerHook, StepResult } from '../../src/domain/runner-step.ts';
import { MAX_GATES } from '../../src/protocol/steps.ts';
import type { RunLog } from './run-log.ts';
import type { TargetOutcome } from './target-outcome.ts';
import type { Session } from './target-session.ts';
import { carryOut, dueOf, isDue } from './user-step.ts';

export interface HooksDone {
  /** The first failure that is not ignored, for people; null: all went well. */
  readonly problem: string | null;
  readonly steps: readonly StepResult[];
  readonly gates: readonly AskedGate[];
  /** A step that says which gates there are failed: nobody knows what it would have asked for. */
  readonly gatesLost: boolean;
  /** For everything that follows. */
  readonly env: Session['env'];
}

/**
 * Carries out what stands in `hooks`, once per run, in the checkout. `wentWell`: how everything before them went; what they
 * set in the environment holds for all dirspaces that follow.
 */
export async function runHooks(
  session: Session,
  log: RunLog,
  what: {
    readonly when: 'pre' | 'post';
    readonly list: readonly RunnerHook[];
    readonly wentWell: boolean;
    readonly outcomes?: readonly TargetOutcome[];
  },
): Promise<HooksDone> {
  const steps: StepResult[] = [];
  const gates: AskedGate[] = [];
  let { env } = session;
  let problem: string | null = null;
  let gatesLost = false;
  if (what.list.length === 0) {
    return { problem, steps, gates, gatesLost: false, env };
  }
  const group = log.open(`${what.when} hooks`, session.manifest.targets.length === 1);
  const tempDir = await mkdtemp(join(session.workDir, 'hooks-'));
  const results = what.outcomes === undefined ? {} : await resultsFile(tempDir, session, what);
  const own = { TERRATEAM_TMPDIR: tempDir, PLUMBLINE_TMPDIR: tempDir, ...results };
  for (const step of what.list) {
    if (session.cancel.aborted) {
      problem ??= 'The run was cancelled.';
      break;
    }
    if (!isDue(dueOf(step), what.wentWell && problem === null)) {
      continue;
    }
    const end = await carryOut(
      step,
      {
        cwd: session.checkout,
        env: { ...env, ...own },
        tempDir,
        timeoutMs: session.manifest.stepTimeoutMs,
        graceMs: session.grace.planMs,
        cancel: session.cancel,
        mask: session.mask,
        log: group.add,
        planJson: async () => null,
      },
      session.manifest.kind === 'plan',
    );
    const name = `${what.when} hook: ${end.result.name}`.slice(0, 200);
    steps.push({ ...end.result, name });
    gates.push(...end.gates);
    env = end.env;
    if (!end.ok) {
      gatesLost ||= step.type === 'gates';
      problem ??= `The ${what.when} hook \`${end.result.name.replaceAll('`', "'")}\` failed: ${end.result.text.slice(-4_000)}`;
    }
  }
  if (gates.length > MAX_GATES) {
    problem ??= `The hooks ask for ${gates.length} gates; at most ${MAX_GATES} can be kept.`;
  }
  group.end();
  return { problem, steps, gates: gates.slice(0, MAX_GATES), gatesLost: gatesLost || gates.length > MAX_GATES, env };
}

/** What post hooks can read of the run: `{"success", "steps": [{"scope", "step", "success", "ignore_errors", "payload"}]}`. */
async function resultsFile(
  tempDir: string,
  { manifest, mask }: Session,
  what: { readonly wentWell: boolean; readonly outcomes?: readonly TargetOutcome[] },
): Promise<Readonly<Record<string, string>>> {
  const places = new Map(manifest.targets.map(({ index, dir, workspace }) => [index, { dir, workspace }]));
  const steps = (what.outcomes ?? []).flatMap((outcome) => {
    const scope = { type: 'dirspace', ...places.get(outcome.index) };
    const own = outcome.steps.map(({ name, success, ignored, text }) => ({
      scope,
      step: name.split(' ', 1)[0],
      success,
      ignore_errors: ignored,
      payload: { name, text },
    }));
    const engine = { scope, step: `tf/${manifest.kind}`, success: outcome.code === null, ignore_errors: false };
    return [...own, { ...engine, payload: { state: outcome.state, has_changes: outcome.state === 'planned' } }];
  });
  const file = join(tempDir, 'results.json');
  await writeFile(file, mask.mask(JSON.stringify({ success: what.wentWell, steps })), { mode: 0o600 });
  return { TERRATEAM_RESULTS_FILE: file, PLUMBLINE_RESULTS_FILE: file };
}

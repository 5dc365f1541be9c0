import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HEARTBEAT_MS, type Manifest, type NextStep, PROTOCOL } from '../../src/protocol/messages.ts';
import { buildReport, type RunResult } from './build-report.ts';
import { discover } from './discover.ts';
import { type Engine, type FoundTool, findTool } from './engine-tool.ts';
import { fetchPlans } from './fetch-plans.ts';
import { checkOutMerge } from './git-checkout.ts';
import { hookFailure, withHooks } from './hook-outcomes.ts';
import { openPluginCache } from './plugin-cache.ts';
import { type BuiltThings, runBuilders } from './run-builder.ts';
import { runHooks } from './run-hooks.ts';
import type { RunLog } from './run-log.ts';
import { runTargets } from './run-targets.ts';
import { messageOf, RunnerFailure } from './runner-failure.ts';
import type { SecretMask } from './secret-mask.ts';
import { type Server, ServerRefusal } from './server.ts';
import { runVariables } from './step-env.ts';
import type { TargetOutcome } from './target-outcome.ts';
import type { Session } from './target-session.ts';

export interface RunnerWorld {
  readonly run: string;
  readonly server: Server;
  readonly idToken: () => Promise<string>;
  readonly repositoryUrl: string;
  readonly token: string;
  readonly tempDir: string;
  /** For the engine and git; already without what they may not see. */
  readonly env: Readonly<Record<string, string>>;
  /** The provider cache that the job set, when it set one. */
  readonly pluginCacheDir: string | undefined;
  readonly log: RunLog;
  readonly mask: SecretMask;
  /** Aborted by whoever wants the run to end early; the heartbeat may abort it, too. */
  readonly cancel: AbortController;
  readonly heartbeatMs?: number;
  readonly grace?: { readonly planMs: number; readonly applyMs: number };
}

/** Longest time in which the second decision of an apply is waited for. */
const LONGEST_WAIT_MS = 30 * 60_000;
const GRACE = { planMs: 30_000, applyMs: 10 * 60_000 } as const;

/**
 * One run from the claim to the accepted report. Returns when the service has what it needs; throws `RunnerFailure` or
 * `ServerRefusal` when it could not be told.
 */
export async function runRunner(world: RunnerWorld): Promise<void> {
  const tool = lookForTools(world, world.env);
  const step = await claim(world);
  if (step === null) {
    return;
  }
  const beat = startHeartbeat(world);
  const workDir = await mkdtemp(join(world.tempDir, 'plumbline-'));
  try {
    await followSteps(world, { dir: workDir, tool, checkouts: new Map() }, step);
  } finally {
    clearInterval(beat);
    await rm(workDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Where a run works, and what it has made there already. */
interface Workshop {
  readonly dir: string;
  readonly tool: (engine: Engine) => Promise<FoundTool>;
  readonly checkouts: Map<string, Promise<string>>;
}

/** Asking an engine's version and hashing its program of 90 MB takes as long as a fetch: done while the claim is under way. */
function lookForTools(world: RunnerWorld, env: RunnerWorld['env']): (engine: Engine) => Promise<FoundTool> {
  const look = (engine: Engine) => {
    const found = findTool(engine, env, world.cancel.signal);
    // Whoever asks for it hears of a failure; perhaps nobody does.
    found.catch(() => undefined);
    return found;
  };
  const found: Readonly<Record<Engine, Promise<FoundTool>>> = { terraform: look('terraform'), tofu: look('tofu') };
  return (engine) => found[engine];
}

async function claim(world: RunnerWorld): Promise<NextStep | null> {
  try {
    return await world.server.claim(world.idToken);
  } catch (error) {
    if (error instanceof ServerRefusal && error.status === 409) {
      // Another Actions run has this one, or it is over: nothing is wrong with the branch, so the job stays green.
      world.log.note(`Nothing to do: ${error.message}`);
      return null;
    }
    throw error;
  }
}

async function followSteps(world: RunnerWorld, workshop: Workshop, first: NextStep): Promise<void> {
  let step = first;
  const waitUntil = Date.now() + LONGEST_WAIT_MS;
  for (;;) {
    switch (step.next) {
      case 'stop':
        world.log.note(`Stopped: ${step.message} (${step.code})`);
        return;
      case 'wait':
        if (Date.now() > waitUntil) {
          throw new RunnerFailure('waited-too-long', 'The service did not decide in time whether this run may go on.');
        }
        await sleep(Math.min(30_000, Math.max(100, step.retryAfterMs)), undefined, {
          signal: world.cancel.signal,
        }).catch(() => undefined);
        if (world.cancel.signal.aborted) {
          await sendReport(world, {
            run: world.run,
            treeSha: null,
            problem: { code: 'cancelled', message: 'The run was cancelled.' },
            outcomes: [],
          });
          return;
        }
        step = await world.server.next();
        break;
      case 'discover': {
        const { headSha, baseSha, build } = step;
        const made = await checkedOut(world, workshop, { headSha, baseSha });
        if (!made.ok) {
          await sendReport(world, { run: world.run, treeSha: null, problem: made.problem, outcomes: [] });
          return;
        }
        step = await world.server.discovery(
          JSON.stringify({
            protocol: PROTOCOL,
            run: world.run,
            treeSha: made.treeSha,
            index: await discover(made.dir),
            ...(build === undefined ? {} : await built(world, workshop.dir, made.dir, build)),
          }),
        );
        break;
      }
      case 'manifest':
        await sendReport(world, await runManifest(world, workshop, step.manifest));
        return;
    }
  }
}

async function built(
  world: RunnerWorld,
  workDir: string,
  checkout: string,
  build: Parameters<typeof runBuilders>[0],
): Promise<BuiltThings> {
  const { env, log, mask } = world;
  return runBuilders(build, {
    checkout,
    workDir,
    env,
    cancel: world.cancel.signal,
    log: log.note,
    mask: mask.mask,
  });
}

async function runManifest(world: RunnerWorld, workshop: Workshop, manifest: Manifest): Promise<RunResult> {
  if (manifest.run !== world.run || manifest.protocol !== PROTOCOL) {
    const message = `The manifest is for protocol ${manifest.protocol}; this runner speaks ${PROTOCOL}. Pin the action to the version of your service.`;
    return { run: world.run, treeSha: null, problem: { code: 'protocol', message }, outcomes: [] };
  }
  const pre = manifest.hooks?.pre ?? [];
  const [made, sealedPlans] = await Promise.all([
    checkedOut(world, workshop, manifest),
    fetchPlans(manifest, world.server, workshop.dir),
  ]);
  if (!made.ok) {
    return { run: world.run, treeSha: null, problem: made.problem, outcomes: [] };
  }
  const cacheDir = world.pluginCacheDir ?? join(world.tempDir, 'plumbline-plugin-cache');
  await mkdir(cacheDir, { recursive: true });
  const first: Session = {
    manifest,
    checkout: made.dir,
    treeSha: made.treeSha,
    workDir: workshop.dir,
    env: { ...world.env, ...runVariables({ manifest, checkout: made.dir }) },
    tool: workshop.tool,
    mask: world.mask,
    cache: openPluginCache(cacheDir),
    server: world.server,
    sealedPlans,
    cancel: world.cancel.signal,
    grace: world.grace ?? GRACE,
  };
  const before = await runHooks(first, world.log, { when: 'pre', list: pre, wentWell: true });
  if (before.problem !== null) {
    world.log.note(before.problem);
    return { run: world.run, treeSha: made.treeSha, ...hookFailure(manifest, before, before.problem) };
  }
  // Hooks may have brought the engine.
  const session = pre.length === 0 ? first : { ...first, env: before.env, tool: lookForTools(world, before.env) };
  const outcomes = await runTargets(session, world.log);
  const after = await runHooks(session, world.log, {
    when: 'post',
    list: manifest.hooks?.post ?? [],
    wentWell: outcomes.every((outcome) => WENT_WELL.has(outcome.state)),
    outcomes,
  });
  if (after.problem !== null) {
    world.log.note(after.problem);
  }
  return {
    run: world.run,
    treeSha: made.treeSha,
    problem: after.problem === null ? null : { code: 'hook-failed', message: after.problem },
    outcomes: withHooks(outcomes, manifest, before, after),
  };
}

const WENT_WELL: ReadonlySet<TargetOutcome['state']> = new Set(['planned', 'no-changes', 'applied']);

type CheckedOut =
  | { readonly ok: true; readonly dir: string; readonly treeSha: string }
  | { readonly ok: false; readonly problem: { readonly code: string; readonly message: string } };

/** The merge of two commits in a directory of its own; once per pair, because discovery and manifest mean the same one. */
async function checkedOut(
  world: RunnerWorld,
  { dir: workDir, checkouts }: Workshop,
  pair: { readonly headSha: string; readonly baseSha: string },
): Promise<CheckedOut> {
  const key = `${pair.baseSha}-${pair.headSha}`;
  const dir = join(workDir, `checkout-${key}`);
  const made =
    checkouts.get(key) ??
    checkOutMerge({
      url: world.repositoryUrl,
      token: world.token,
      headSha: pair.headSha,
      baseSha: pair.baseSha,
      dir,
      env: world.env,
      cancel: world.cancel.signal,
    });
  checkouts.set(key, made);
  try {
    return { ok: true, dir, treeSha: await made };
  } catch (error) {
    const problem =
      error instanceof RunnerFailure
        ? { code: error.code, message: error.message }
        : { code: 'runner-error', message: messageOf(error) };
    world.log.note(problem.message);
    return { ok: false, problem };
  }
}

/** A report is sent once; a second answer of 409 after a lost first one means that the service has it, or has closed the run. */
async function sendReport(world: RunnerWorld, result: RunResult): Promise<void> {
  try {
    await world.server.report(buildReport(result, world.mask));
  } catch (error) {
    if (error instanceof ServerRefusal && error.status === 409) {
      world.log.note(`The service has closed this run already: ${error.message}`);
      return;
    }
    throw error;
  }
}

function startHeartbeat(world: RunnerWorld): NodeJS.Timeout {
  const beat = async () => {
    try {
      const { cancel } = await world.server.heartbeat();
      if (cancel && !world.cancel.signal.aborted) {
        world.log.note('The service asks this run to stop. What is running may finish cleanly.');
        world.cancel.abort();
      }
    } catch (error) {
      // Gone for the service means that nobody waits for the result; a network error passes, or the next beat finds it.
      if (error instanceof ServerRefusal && [404, 409, 410].includes(error.status)) {
        world.cancel.abort();
      }
    }
  };
  return setInterval(() => void beat(), world.heartbeatMs ?? HEARTBEAT_MS);
}

import { rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { ManifestTarget } from '../../src/protocol/messages.ts';
import { applyStoredPlan, planAndApply } from './apply-target.ts';
import { planTarget } from './plan-target.ts';
import { forEachPooled } from './pool.ts';
import type { RunLog } from './run-log.ts';
import { messageOf } from './runner-failure.ts';
import { outcomeOf, type TargetOutcome, TargetStop } from './target-outcome.ts';
import { openRoom, type Session, type TargetRoom } from './target-session.ts';

/**
 * Works on all dirspaces of the manifest side by side. Workspaces of one directory take turns, because `init` writes the
 * lock file there. Never throws: whatever goes wrong with one dirspace is its own outcome.
 */
export async function runTargets(session: Session, log: RunLog): Promise<readonly TargetOutcome[]> {
  const { manifest } = session;
  const outcomes: TargetOutcome[] = [];
  const live = manifest.targets.length === 1;
  await forEachPooled(
    manifest.targets,
    { size: manifest.parallel, key: (target) => target.dir },
    async (target, makeRoom) => {
      const name = target.workspace === 'default' ? target.dir : `${target.dir} (${target.workspace})`;
      const group = log.open(`${manifest.kind} ${name}`, live);
      const outcome = await runTarget(session, target, { log: group.add, makeRoom });
      group.end();
      log.note(`${name}: ${outcome.state}${outcome.code === null ? '' : ` (${outcome.code})`}`);
      outcomes.push(outcome);
    },
  );
  return outcomes.sort((a, b) => a.index - b.index);
}

async function runTarget(
  session: Session,
  target: ManifestTarget,
  ways: { readonly log: (text: string) => void; readonly makeRoom: () => void },
): Promise<TargetOutcome> {
  const started = performance.now();
  const outcome = await attempt(session, target, ways);
  return { ...outcome, durationMs: Math.round(performance.now() - started) };
}

async function attempt(
  session: Session,
  target: ManifestTarget,
  { log, makeRoom }: Parameters<typeof runTarget>[2],
): Promise<TargetOutcome> {
  const { kind, autoapprove } = session.manifest;
  const failState = kind === 'plan' || autoapprove ? 'plan-failed' : 'not-attempted';
  let room: TargetRoom | null = null;
  try {
    if (session.cancel.aborted) {
      return outcomeOf(target.index, 0, { state: 'not-attempted', code: 'cancelled' });
    }
    room = await openRoom(session, target, { failState, log });
    if (kind === 'plan') {
      return await planTarget(session, room, makeRoom);
    }
    return await (autoapprove ? planAndApply(session, room) : applyStoredPlan(session, room));
  } catch (error) {
    if (error instanceof TargetStop) {
      log(`${error.message}\n`);
      return outcomeOf(target.index, 0, error.ending);
    }
    // A bug of ours or of the machine (no space, no permission): the others go on.
    log(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return outcomeOf(target.index, 0, {
      state: failState,
      code: 'runner-error',
      diagnostics: [{ severity: 'error', summary: `The runner failed: ${messageOf(error).slice(0, 1_000)}` }],
    });
  } finally {
    if (room !== null) {
      // State and configuration are inside of it.
      await rm(room.planFile, { force: true });
    }
  }
}

import { HOUR, MINUTE } from '../domain/instant.ts';
import { createTokenIssuer, type TokenIssuer, verifyRunnerToken } from '../github/oidc.ts';
import type { Log } from '../log.ts';
import { contradiction } from '../plans/reported-model.ts';
import {
  type HeartbeatAnswer,
  MAX_PLAN_BYTES,
  type NextStep,
  reportShare,
  SEAL_OVERHEAD_BYTES,
  type ShownPlan,
} from '../protocol/messages.ts';
import type { Discovery, Outcome, Report } from '../protocol/report.ts';
import { appendAudit } from '../store/audit.ts';
import type { Database } from '../store/database.ts';
import { useJti } from '../store/oidc-jti.ts';
import { fetchablePlan, readPlanChunks, storePlan } from '../store/plans.ts';
import { type RepositoryRow, readRepository } from '../store/repositories.ts';
import { bindClaim, markBegun } from '../store/run-claim.ts';
import { readDiscovery, saveDiscovery, saveReport } from '../store/run-report.ts';
import { heartbeat, type RunRecord, readRun, runByToken } from '../store/runs.ts';
import { readStoredModel } from '../store/stored-model.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { hashToken, newToken } from '../vault/token.ts';
import { createAllowance } from './allowance.ts';
import { manifestOf } from './manifest.ts';
import { outcomeDetails } from './outcome-details.ts';
import { planTooLarge, Refused, type RefusedStatus, uploadTooSlow } from './runner-refusal.ts';
import { createSlots } from './upload-slots.ts';

/** The run that a request's token belongs to, as it is now. */
export interface RunnerRun {
  readonly id: string;
  readonly record: RunRecord;
}

export interface DeskDeps {
  readonly database: Database;
  readonly ring: KeyRing;
  readonly log: Log;
  readonly publicUrl: string;
  readonly oidcIssuer: string;
  readonly botId: number;
  readonly workflowPath: string;
  /** For tests; a minute. */
  readonly uploadWithinMs?: number;
}

/** How soon a waiting runner asks again. */
const ASK_AGAIN_MS = 1_000;
/** Claims without a token of GitHub's that are put on record per hour and process: anybody may send them, and each is a row for ever. */
const STRANGERS_PER_HOUR = 100;
/** Uploads at once per process: each holds a few chunks in memory, and the database's attention. */
const UPLOADS_AT_ONCE = 2;
/** One upload may take so long once it is its turn: half a MiB per second of the largest plan. */
const UPLOAD_WITHIN_MS = MINUTE;

export type RunnerDesk = ReturnType<typeof createRunnerDesk>;

/**
 * What a runner may ask for, answered by guarded transactions; whatever needs a decision becomes an event instead. Every
 * method throws `Refused` for a no.
 */
export function createRunnerDesk(deps: DeskDeps) {
  const { db } = deps.database;
  const issuer = createTokenIssuer(deps.oidcIssuer);
  const uploads = createSlots(UPLOADS_AT_ONCE);
  const mayRecord = createAllowance(STRANGERS_PER_HOUR, HOUR);

  return {
    /** The runner proves who it is, and gets a token for this run alone. */
    claim: async (id: string, oidcToken: string): Promise<NextStep> => {
      const record = await readRun(db, id);
      const repository = record === undefined ? undefined : await readRepository(db, record.run.repositoryId);
      if (record === undefined || repository === undefined) {
        if (mayRecord()) {
          await audit(deps, null, id, 'unknown-run');
        }
        throw new Refused(
          404,
          'unknown-run',
          'There is no such run. Runs are started by Plumbline, never by hand: comment `plumbline plan`.',
        );
      }
      const githubRunId = await prove(deps, issuer, { record, repository, oidcToken, mayRecord });
      const { token, hash } = newToken();
      const answer = await bindClaim(db, { run: id, repositoryId: repository.id, githubRunId, tokenHash: hash });
      if (answer.claim !== 'bound') {
        await audit(deps, record, id, `run-${answer.claim}`);
        throw claimRefused(answer.claim);
      }
      deps.database.notify('inbox');
      return { ...(await nextStep(deps, answer.record)), token };
    },

    /** The run of a token. A token for another run finds nothing here. */
    authenticate: async (id: string, token: string): Promise<RunnerRun> => {
      const record = await runByToken(db, hashToken(token));
      if (record === undefined) {
        throw new Refused(401, 'bad-token', 'The token is not one of ours, or a newer claim replaced it.');
      }
      if (record.run.id !== id) {
        throw new Refused(403, 'other-run', 'The token belongs to another run.');
      }
      return { id, record };
    },

    next: (run: RunnerRun): Promise<NextStep> => nextStep(deps, run.record),

    discovered: async (run: RunnerRun, { protocol: _, run: __, ...found }: Discovery): Promise<NextStep> => {
      if ((await saveDiscovery(db, { runId: run.id, ...found })) === 'refused') {
        const now = await readRun(db, run.id);
        if (now !== undefined && (await readDiscovery(db, run.id)) !== null) {
          // It told us before and did not hear the answer: what is next may be decided by now.
          return nextStep(deps, now);
        }
        throw new Refused(409, 'not-asked', 'This run was not asked what it finds, or not any more.');
      }
      deps.database.notify('inbox');
      return { next: 'wait', retryAfterMs: ASK_AGAIN_MS };
    },

    heartbeat: async (run: RunnerRun): Promise<HeartbeatAnswer> => {
      const answer = await heartbeat(db, run.id);
      return { cancel: answer?.cancel ?? true };
    },

    storePlan: async (run: RunnerRun, planId: string, source: ReadableStream<Uint8Array>): Promise<void> => {
      const place = { planId, runId: run.id, maxBytes: MAX_PLAN_BYTES + SEAL_OVERHEAD_BYTES };
      const answer = await uploads.within(run.record.installationId, async () => {
        const signal = AbortSignal.timeout(deps.uploadWithinMs ?? UPLOAD_WITHIN_MS);
        try {
          return await storePlan(db, place, source.pipeThrough(new TransformStream(), { signal }));
        } catch (error) {
          throw signal.aborted ? uploadTooSlow() : error;
        }
      });
      if (!answer.stored) {
        throw answer.why === 'too-large'
          ? planTooLarge()
          : new Refused(409, 'plan-not-expected', 'No such plan is expected from this run, or not any more.');
      }
    },

    fetchPlan: async (
      run: RunnerRun,
      planId: string,
    ): Promise<{ readonly bytes: number; readonly chunks: AsyncIterable<Uint8Array> }> => {
      const plan = await fetchablePlan(db, run.id, planId);
      if (plan === undefined) {
        throw new Refused(404, 'unknown-plan', 'There is no such plan for this run.');
      }
      return { bytes: plan.bytes, chunks: readPlanChunks(db, planId) };
    },

    /** What people read of a plan, for the apply that must find the same in its file. */
    shownPlan: async (run: RunnerRun, planId: string): Promise<ShownPlan> => {
      const shown =
        (await fetchablePlan(db, run.id, planId)) === undefined ? undefined : await readStoredModel(db, planId);
      if (shown === undefined) {
        throw new Refused(404, 'unknown-plan', 'There is no such plan for this run, or nothing was shown of it.');
      }
      const { model, gates, dirspaces } = shown;
      return { model, modelBytes: reportShare(dirspaces).modelBytes, gates: [...gates] };
    },

    begun: async (run: RunnerRun): Promise<void> => {
      if ((await markBegun(db, run.id)) === 'refused') {
        throw new Refused(409, 'may-not-begin', 'This run may not apply, or not any more.');
      }
    },

    report: async (run: RunnerRun, report: Report): Promise<void> => {
      for (const outcome of report.outcomes) {
        const problem = contradictionIn(outcome);
        if (problem !== null) {
          throw new Refused(422, 'bad-report', `outcomes.${outcome.index}: ${problem}`);
        }
      }
      const outcomes = report.outcomes.map((outcome) => ({
        index: outcome.index,
        state: outcome.state,
        digest: outcome.facts?.digest ?? null,
        serial: outcome.serial ?? outcome.facts?.serial ?? null,
        ...(outcome.gates === undefined ? {} : { gates: outcome.gates }),
        ...(outcome.phase === 'verify' && outcome.code !== null ? { refusedBecause: outcome.code } : {}),
        details: outcomeDetails(outcome),
      }));
      const answer = await saveReport(db, {
        runId: run.id,
        treeSha: report.treeSha,
        problem: report.problem,
        outcomes,
      });
      deps.database.notify('inbox');
      switch (answer) {
        case 'saved':
        case 'kept':
          return;
        case 'foreign':
          throw new Refused(
            422,
            'foreign-dirspace',
            'The report names a dirspace that is not in the manifest of this run.',
          );
        case 'again':
        case 'ended':
        case 'unknown':
          throw new Refused(409, 'run-ended', 'This run has reported already, or has ended.');
      }
    },
  };
}

/** Why what a job says of one dirspace cannot be; null: it can. */
function contradictionIn({ state, model, facts }: Outcome): string | null {
  if (state !== 'planned' && state !== 'no-changes') {
    return null;
  }
  return state === 'planned' && facts === null ? 'a plan without its facts' : contradiction(state, model);
}

interface Proof {
  readonly record: RunRecord;
  readonly repository: RepositoryRow;
  readonly oidcToken: string;
  readonly mayRecord: () => boolean;
}

async function prove(deps: DeskDeps, issuer: TokenIssuer, proof: Proof): Promise<number> {
  const { record, repository, oidcToken } = proof;
  const { run } = record;
  const identity = await verifyRunnerToken(issuer, oidcToken, {
    audience: deps.publicUrl,
    repositoryId: repository.id,
    ownerId: repository.ownerId ?? 0,
    botId: deps.botId,
    workflowPath: deps.workflowPath,
    defaultBranch: repository.defaultBranch,
    githubRunId: run.githubRunId,
    environment: run.environment,
    now: Date.now(),
  });
  const refuse = async (status: RefusedStatus, code: string, message: string): Promise<never> => {
    // Below 403 nobody knows who sent it; run ids stand on the Actions page.
    if (status !== 401 || proof.mayRecord()) {
      await audit(deps, record, run.id, code);
      deps.log.warn({ run: run.id, code }, 'a claim was refused');
    }
    throw new Refused(status, code, message);
  };
  if (!identity.ok) {
    if (identity.code === 'issuer-unreachable') {
      // Nothing was found wrong with the token: the runner shall try again, with a fresh one.
      throw new Refused(503, identity.code, identity.message);
    }
    if (identity.code === 'wrong-run') {
      // GitHub started a second run for one dispatch: nothing is wrong with it, and its job shall end green.
      await audit(deps, record, run.id, identity.code);
      throw claimRefused('taken');
    }
    const status =
      identity.code === 'token-malformed' || identity.code === 'token-forged' || identity.code === 'token-expired'
        ? 401
        : 403;
    return refuse(status, identity.code, identity.message);
  }
  if (!(await useJti(deps.database.db, identity.claims.jti, identity.claims.expiresAt))) {
    return refuse(403, 'token-replayed', 'The token was used before.');
  }
  return identity.claims.githubRunId;
}

async function audit({ database }: DeskDeps, record: RunRecord | null, run: string, code: string): Promise<void> {
  await appendAudit(database.db, {
    installationId: record?.installationId ?? 0,
    repositoryId: record?.run.repositoryId ?? null,
    action: 'claim-refused',
    actor: 'runner',
    detail: { run, code },
  });
}

function claimRefused(why: 'taken' | 'ended' | 'unknown' | 'refused'): Refused {
  switch (why) {
    case 'taken':
      return new Refused(
        409,
        'run-taken',
        'Another job has claimed this run. A re-run does nothing; comment `plumbline plan` instead.',
      );
    case 'ended':
      return new Refused(409, 'run-ended', 'This run is over, or was replaced by a newer one.');
    case 'unknown':
      return new Refused(404, 'unknown-run', 'There is no such run in this repository.');
    case 'refused':
      return new Refused(403, 'installation-inactive', 'The installation is suspended, paused or gone.');
  }
}

async function nextStep(deps: DeskDeps, record: RunRecord): Promise<NextStep> {
  const { run } = record;
  if (run.endedAt !== null || record.manifest === 'refused') {
    return {
      next: 'stop',
      code: record.manifestReason ?? run.endReason ?? 'run-ended',
      message: record.manifestText ?? 'This run is over.',
    };
  }
  if (record.manifest === 'released') {
    return { next: 'manifest', manifest: await manifestOf(deps, record, STEP_TIMEOUT_MS) };
  }
  if (run.discovers !== null && (await readDiscovery(deps.database.db, run.id)) === null) {
    const { headSha, baseSha, baseRef } = run;
    const { build } = run.discovers;
    return { next: 'discover', headSha, baseSha, baseRef, ...(build === undefined ? {} : { build }) };
  }
  return { next: 'wait', retryAfterMs: ASK_AGAIN_MS };
}

/** One terraform command may take so long; GitHub ends the job itself after six hours. */
const STEP_TIMEOUT_MS = 120 * MINUTE;

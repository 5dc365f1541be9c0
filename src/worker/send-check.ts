import { createHash } from 'node:crypto';
import type { GitHubWrite } from '../domain/github-write.ts';
import { type CheckRunPlace, readCheckRun, saveCheckRun } from '../store/check-runs.ts';
import type { EffectOutcome, Send } from './effect-outcome.ts';
import type { WorkerDeps } from './worker-deps.ts';

export type CheckContent = Omit<
  Extract<GitHubWrite, { write: 'check' }>,
  'write' | 'sha' | 'name' | 'checkRunId' | 'externalId' | 'detailsUrl'
> & {
  readonly detailsUrl?: string;
  readonly pull?: number;
};

/** A check's button finds its pull request by the end of this id where GitHub lists none, as on heads of forks. */
function externalIdOf(place: CheckRunPlace, digest: string, pull: number | null): string {
  return `${place.name} ${place.sha} ${digest.slice(0, 16)}${pull === null ? '' : ` #${pull}`}`;
}

/** Bring one check up to date; one that already says so costs no call. A finished check is never reopened: then GitHub gets a new one of the same name. */
export async function sendCheck(
  deps: WorkerDeps,
  place: CheckRunPlace,
  content: CheckContent,
  send: Send,
): Promise<EffectOutcome> {
  const { db } = deps.database;
  const { pull, detailsUrl, ...shown } = content;
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  const before = await readCheckRun(db, place);
  if (before?.digest === digest) {
    return { ok: true };
  }
  const reopened = before?.status === 'completed' && content.status !== 'completed';
  const result = await send({
    write: 'check',
    sha: place.sha,
    name: place.name,
    checkRunId: before === undefined || reopened ? null : before.checkRunId,
    externalId: externalIdOf(place, digest, pull ?? null),
    detailsUrl: detailsUrl ?? null,
    ...shown,
  });
  if (!result.ok) {
    return { ok: false, dead: result.dead };
  }
  if (result.id !== undefined) {
    await saveCheckRun(db, place, {
      checkRunId: result.id,
      status: content.status,
      conclusion: content.conclusion,
      digest,
    });
  }
  return { ok: true };
}

import { compareDirspaces } from '../domain/dirspace.ts';
import type { RepoConfig } from '../domain/repo-config.ts';
import type { RunKind } from '../domain/run.ts';
import type { Part } from './work.ts';

/** What one Actions run does: dirspaces of one environment and one kind of runner. */
export interface Batch {
  readonly environment: string | null;
  readonly runsOn: string | null;
  readonly parts: readonly Part[];
}

/** A manifest is one message; more dirspaces than this go into another run whatever the configuration says. */
const MAX_PER_RUN = 1_000;

/**
 * Cut dirspaces into runs: by environment and runner kind always; with `batch_runs` also into chunks, in which no two
 * workspaces of one directory stand together. The same dirspaces make the same batches.
 */
export function batchesOf(parts: readonly Part[], kind: RunKind, config: RepoConfig): readonly Batch[] {
  const groups = new Map<string, Part[]>();
  for (const part of [...parts].sort(compareDirspaces)) {
    const key = JSON.stringify([part.environments[kind], part.runsOn]);
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  const size = config.batchRuns.enabled ? Math.max(1, config.batchRuns.maxWorkspacesPerBatch) : MAX_PER_RUN;
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    const place = { environment: first?.environments[kind] ?? null, runsOn: first?.runsOn ?? null };
    return chunks(group, size, config.batchRuns.enabled).map((chunk) => ({ ...place, parts: chunk }));
  });
}

function chunks(group: readonly Part[], size: number, apart: boolean): readonly (readonly Part[])[] {
  const found: Part[][] = [];
  for (const part of group) {
    const fits = found.find(
      (chunk) => chunk.length < size && !(apart && chunk.some((other) => other.dir === part.dir)),
    );
    if (fits === undefined) {
      found.push([part]);
    } else {
      fits.push(part);
    }
  }
  return found;
}

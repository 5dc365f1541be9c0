import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { stopCluster } from './postgres-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where this run of the tests keeps its databases. */
    readonly databaseFolder: string;
  }
}

/** A folder for the databases of this run. They are made by the first test that needs them; here they are only removed. */
export function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-test-'));
  project.provide('databaseFolder', folder);
  return () => {
    stopCluster(folder);
    rmSync(folder, { recursive: true, force: true });
  };
}

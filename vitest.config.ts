import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Tests of these rooms share nothing that could leak from one file to the next, so a process need not begin anew for each.
 * Those of the store share the embedded database, which is emptied in between.
 */
const SHARED = ['config', 'decision', 'domain', 'matching', 'plans', 'protocol', 'report', 'store', 'web'].map(
  (room) => `test/${room}/**/*.test.ts`,
);
const TIMES = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    // By itself vitest leaves half of the cores idle; threads instead of processes are far slower with the embedded database.
    maxWorkers: availableParallelism(),
    globalSetup: ['test/global-setup.ts'],
    projects: [
      { test: { name: 'shared', include: SHARED, isolate: false, ...TIMES } },
      {
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SHARED],
          ...TIMES,
        },
      },
    ],
  },
});

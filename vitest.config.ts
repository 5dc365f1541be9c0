import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Tests of pure rooms share nothing that could leak from one file to the next, so a process need not begin anew for each. */
const PURE = ['config', 'decision', 'domain', 'matching', 'plans', 'protocol', 'report'].map(
  (room) => `test/${room}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    // By itself vitest leaves half of the cores idle; threads instead of processes are far slower with the embedded database.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'rules', include: PURE, isolate: false } },
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...PURE],
          globalSetup: ['test/global-setup.ts'],
        },
      },
    ],
  },
});

import { defineConfig } from 'vitest/config';

/** What starts processes, waits for them and kills them. */
const REAL = ['test/{chaos,integration}/**/*.test.ts'];
const IN_PROCESS = ['test/{simulation,property,unit}/**/*.test.ts'];

// Tests load the compiled code natively, as the product does: worker entries must be files, and
// coverage of threads and child processes is collected over dist/.
export default defineConfig({
  test: {
    setupFiles: ['test/support/coverage-setup.ts'],
    pool: 'forks',
    // One more than the processors of a small machine: many tests wait for a process to end or to come back.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    server: { deps: { external: [/\/dist\//] } },
    projects: [
      { extends: true, test: { name: 'real', include: REAL } },
      // To load the modules anew for each of them would take longer than the tests.
      { extends: true, test: { name: 'in process', include: IN_PROCESS, isolate: false } },
    ],
  },
});

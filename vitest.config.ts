import { defineConfig } from 'vitest/config';

// Tests load the compiled code natively, as the product does: worker entries must be files, and
// coverage of threads and child processes is collected over dist/.
export default defineConfig({
  test: {
    include: ['test/{chaos,integration,simulation,property,unit}/**/*.test.ts'],
    setupFiles: ['test/support/coverage-setup.ts'],
    pool: 'forks',
    // To load the modules anew for each file takes longer than most tests: a file gives back what it changed.
    isolate: false,
    // One more than the processors of a small machine: many tests wait for a process to end or to come back.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});

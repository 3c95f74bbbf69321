import { defineConfig } from 'vitest/config';

// Tests load the compiled code natively, as the product does: worker entries must be files, and
// coverage of threads and child processes is collected over dist/.
export default defineConfig({
  test: {
    include: ['test/{unit,property,integration,chaos,simulation}/**/*.test.ts'],
    setupFiles: ['test/support/coverage-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});

import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST_FIRST = ['chaos', 'integration', 'simulation', 'property', 'unit'];

/** What waits for real processes begins first, so that nothing long is left alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      LONGEST_FIRST.findIndex((folder) => moduleId.includes(`/test/${folder}/`));
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}

// Tests load the compiled code natively, as the product does: worker entries must be files, and
// coverage of threads and child processes is collected over dist/.
export default defineConfig({
  test: {
    include: ['test/{unit,property,integration,chaos,simulation}/**/*.test.ts'],
    setupFiles: ['test/support/coverage-setup.ts'],
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    // One more than the processors of a small machine: many tests wait for a process to end or to come back.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});
